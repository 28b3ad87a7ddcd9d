package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/where"
)

// whereFlags are the flags of `raftlab where`.
type whereFlags struct {
	replayFlags
	seeds   string
	workers int
	most    int
}

func whereCommand(a *app) *cobra.Command {
	f := &whereFlags{}
	c := &cobra.Command{
		Use:   "where CASE",
		Short: "Rank the lines that run when a case fails, and not when it passes",
		Long: `Run a case with many seeds, and the other cases of its part with two, and find out which lines of the code under test
run in the runs that fail and not in those that pass. The first places of the list are where to look first. It is
statistics: a line that is missing cannot run, and a mistake that is made in every run does not show (docs/where.md).`,
		Args: one("the case that fails, such as 2C/Figure8"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.where(c.Context(), f, args[0])
		},
	}
	f.add(c.Flags())
	c.Flags().StringVar(&f.seeds, "seeds", "1-40", "seeds of the case: 7, 1-20, or 3,9,40")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	c.Flags().IntVar(&f.most, "most", 10, "how many places are shown")
	return c
}

// otherSeeds are those with which the other cases of the part run, for runs that pass.
var otherSeeds = []uint64{1, 2}

func (a *app) where(ctx context.Context, f *whereFlags, selector string) error {
	seeds, err := suite.ParseSeeds(f.seeds)
	if err != nil {
		return usage(fmt.Errorf("--%w", err))
	}
	if f.most < 1 {
		return usage(fmt.Errorf("--most %d: at least one place has to be shown", f.most))
	}
	f.seed, f.blocks = seeds[0], true
	m, err := a.newMany(ctx, &f.replayFlags, selector, f.workers)
	if err != nil {
		return err
	}
	defer m.close()
	runs, err := m.whereRuns(seeds)
	if err != nil {
		return usage(err)
	}
	d := newStatus(a.err)
	finished := suite.Execute(m.ctx, m.pool, m.workers, runs, suite.Hooks{
		Done: func(_ suite.Finished, p suite.Progress) { d.show("%d of %d runs", p.Done, p.Total) }})
	d.close()
	if m.ctx.Err() != nil {
		return exitWith(suite.ExitInterrupted)
	}
	return m.tellWhere(finished, f.most)
}

// whereRuns are the runs of the case, and of the others of its part.
func (m *many) whereRuns(seeds []uint64) ([]suite.Run, error) {
	all, err := m.app.allCases(m.ctx)
	if err != nil {
		return nil, err
	}
	var items []suite.Item
	for _, c := range all {
		switch {
		case c.ID() == m.kase.ID():
			items = append(items, suite.Item{Case: c, Seeds: seeds})
		case c.Part == m.kase.Part && c.Package == m.kase.Package && m.code.Has(c) == nil:
			items = append(items, suite.Item{Case: c, Seeds: otherSeeds})
		}
	}
	return suite.Plan(items, func(c suite.Case, seed uint64) sim.Job { return m.options.Job(m.binary, c, seed) }, suite.Costs{}), nil
}

// tellWhere ranks and prints.
func (m *many) tellWhere(finished []suite.Finished, most int) error {
	var runs []where.Run
	fails, silent, own, others := 0, 0, 0, 0
	var failed suite.Finished
	for _, f := range finished {
		v := f.Result.Verdict
		ours := f.Case.ID() == m.kase.ID()
		switch {
		case f.State != suite.Ran || !v.Outcome.Decided():
		case v.Outcome == record.Pass:
			runs = append(runs, where.Run{Ran: v.Ran})
			if ours {
				own++
			} else {
				others++
			}
		case ours:
			if fails++; fails == 1 || f.Seed < failed.Seed {
				failed = f
			}
			if v.Ran == nil {
				silent++
				continue
			}
			runs = append(runs, where.Run{Failed: true, Ran: v.Ran})
		}
	}
	again := m.replayOf(m.root, m.code.Given, m.options, m.kase, failed.Seed)
	switch {
	case fails == 0:
		return &exitError{suite.ExitFailed, fmt.Errorf("none of %d runs of %s fails, so there is nothing to look for; give it more --seeds", own, m.kase.ID())}
	case silent == fails:
		return &exitError{suite.ExitFailed, fmt.Errorf("the runs of %s end in a %s, which names its lines itself: %s", m.kase.ID(), failed.Result.Verdict.Outcome, again)}
	case own+others == 0:
		return &exitError{suite.ExitFailed, fmt.Errorf("no run of part %s passes, so there is nothing to compare with; look at one: %s", m.kase.Part, again)}
	}
	out := m.out
	verdict := suite.NewRunResult(suite.Finished{Run: failed.Run, State: suite.Ran, Result: failed.Result})
	fmt.Fprintf(out, "%s: %s\n%d of its %d runs fail; %d runs pass, %d of them of other cases of part %s\n\n",
		m.kase.ID(), suite.Headline(verdict), fails, fails+own, own+others, others, m.kase.Part)
	fmt.Fprintln(out, "score | fails | passes | where")
	places := where.Rank(m.binary.Blocks, runs)
	for _, p := range places[:min(most, len(places))] {
		m.tellPlace(p, fails-silent, own+others)
	}
	fmt.Fprintf(out, "\nfails, passes: the share of these runs in which the lines ran. look: %s\n", again)
	return nil
}

// tellPlace prints a place, with the text of its first lines.
func (m *many) tellPlace(p where.Place, fails, passes int) {
	out := m.out
	head := fmt.Sprintf("%5.2f | %4d%% | %5d%% | %s:%s", p.Score, 100*p.Fails/fails, 100*p.Passes/passes, m.code.Show(p.File), lineNumbers(p.Lines))
	if p.Function != "" {
		head += " in " + p.Function
	}
	fmt.Fprintln(out, plain.Line(head, plain.MaxLine))
	const shown = 4
	text := m.sourceLines(p.File)
	for i, n := range p.Lines {
		if i == shown {
			fmt.Fprintf(out, "%26s...\n", "")
			break
		}
		if n <= len(text) {
			fmt.Fprintf(out, "%23s%6d  %s\n", "", n, plain.Line(strings.ReplaceAll(text[n-1], "\t", "    "), plain.MaxLine))
		}
	}
}

// sourceLines are the lines of a file of the code under test; none if it cannot be read.
func (m *many) sourceLines(file string) []string {
	text, err := os.ReadFile(m.code.Source(file))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// lineNumbers are 12,14-16.
func lineNumbers(lines []int) string {
	var parts []string
	for i := 0; i < len(lines); {
		j := i
		for j+1 < len(lines) && lines[j+1] == lines[j]+1 {
			j++
		}
		part := strconv.Itoa(lines[i])
		if j > i {
			part += "-" + strconv.Itoa(lines[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ",")
}
