package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
		Short: "Rank the functions by how much they have to do with a failure",
		Long: `Run a case with many seeds, and the other cases of its part with two, and rank the functions of the code under test: by
what runs when the case fails and not when it passes, what runs at the instants that the failure is about, which
functions have the words of the verdict in them, and how long they are. The first of the list are where to look first.
It is statistics, and no proof (docs/where.md).`,
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
	e := where.Evidence{Blocks: m.binary.Blocks, Source: m.source}
	fails, own, others := 0, 0, 0
	var failed []suite.Finished // that say what ran in them
	var first suite.Finished
	for _, f := range finished {
		v := f.Result.Verdict
		ours := f.Case.ID() == m.kase.ID()
		switch {
		case f.State != suite.Ran || !v.Outcome.Failed() && v.Outcome != record.Pass:
		case v.Outcome == record.Pass:
			e.Runs = append(e.Runs, where.Run{Ran: v.Ran})
			if ours {
				own++
			} else {
				others++
			}
		case ours:
			if fails++; fails == 1 || f.Seed < first.Seed {
				first = f
			}
			if v.Ran != nil {
				failed = append(failed, f)
				e.Runs = append(e.Runs, where.Run{Failed: true, Ran: v.Ran})
			}
		}
	}
	again := m.replayOf(m.root, m.code.Given, m.options, m.kase, first.Seed)
	switch {
	case fails == 0:
		return &exitError{suite.ExitFailed, fmt.Errorf("none of %d runs of %s fails, so there is nothing to look for; give it more --seeds", own, m.kase.ID())}
	case len(failed) == 0:
		return &exitError{suite.ExitFailed, fmt.Errorf("the runs of %s end in a %s, which names its lines itself: %s", m.kase.ID(), first.Result.Verdict.Outcome, again)}
	case own+others == 0:
		return &exitError{suite.ExitFailed, fmt.Errorf("no run of part %s passes, so there is nothing to compare with; look at one: %s", m.kase.Part, again)}
	}
	if err := m.lookCloser(&e, failed); err != nil {
		return err
	}
	out := m.out
	verdict := suite.NewRunResult(suite.Finished{Run: first.Run, State: suite.Ran, Result: first.Result})
	fmt.Fprintf(out, "%s: %s\n%d of its %d runs fail; %d runs pass, %d of them of other cases of part %s\n\n",
		m.kase.ID(), suite.Headline(verdict), fails, fails+own, own+others, others, m.kase.Part)
	fmt.Fprintln(out, "runs moments words length | fails | passes | where")
	places := where.Rank(e)
	for _, p := range places[:min(most, len(places))] {
		m.tellPlace(p, len(failed), own+others)
	}
	fmt.Fprintf(out, "\nranks of %d functions by four signs; fails, passes: the share of these runs in which the lines ran. look: %s\n", len(places), again)
	return nil
}

// lookCloser makes some of the runs that failed again, and asks what ran at the instants that their
// stories are about.
func (m *many) lookCloser(e *where.Evidence, failed []suite.Finished) error {
	slices.SortFunc(failed, func(a, b suite.Finished) int { return cmp.Compare(a.Seed, b.Seed) })
	dir, err := os.MkdirTemp("", "raftlab-where-")
	if err != nil {
		return broken(fmt.Errorf("making a directory for traces: %w", err))
	}
	defer os.RemoveAll(dir)
	for i, f := range failed[:min(len(failed), where.MostCloser)] {
		c, events, ok := where.Look(func(change func(*sim.Job)) sim.Result {
			j := m.options.Job(m.binary, m.kase, f.Seed)
			change(&j)
			return m.pool.Run(m.ctx, j)
		}, filepath.Join(dir, fmt.Sprint(i)))
		if m.ctx.Err() != nil {
			return exitWith(suite.ExitInterrupted)
		}
		if ok {
			e.Closer = append(e.Closer, c)
		}
		if e.Asked == nil {
			e.Asked = where.Words(f.Result.Verdict, m.kase.Checks, events)
		}
	}
	return nil
}

// tellPlace prints a place, with the text of its first lines.
func (m *many) tellPlace(p where.Place, fails, passes int) {
	out := m.out
	r := p.Ranks
	head := fmt.Sprintf("%4.0f %7.0f %5.0f %6.0f | %4d%% | %5d%% | %s:%s", r.Runs, r.Moments, r.Words, r.Length,
		100*p.Fails/fails, 100*p.Passes/passes, m.code.Show(p.File), lineNumbers(p.Lines))
	if p.Function != "" {
		head += " in " + p.Function
	}
	fmt.Fprintln(out, plain.Line(head, plain.MaxLine))
	const shown = 3
	text := strings.Split(string(m.source(p.File)), "\n")
	for i, n := range p.Lines {
		if i == shown {
			fmt.Fprintf(out, "%33s...\n", "")
			break
		}
		if n <= len(text) {
			fmt.Fprintf(out, "%30s%6d  %s\n", "", n, plain.Line(strings.ReplaceAll(text[n-1], "\t", "    "), plain.MaxLine))
		}
	}
}

// source is a file of the code under test; nil if it cannot be read.
func (m *many) source(file string) []byte {
	text, err := os.ReadFile(m.code.Source(file))
	if err != nil {
		return nil
	}
	return text
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
