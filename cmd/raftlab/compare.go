//raftlab:checkout-only

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/compare"
	"raftlab/internal/compare/experiment"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

func init() { commands = append(commands, compareCommand) }

// compareFlags are the flags of `raftlab compare`.
type compareFlags struct {
	seeds, set, out string
	impl            string
	workers         int
}

func compareCommand(a *app) *cobra.Command {
	f := &compareFlags{}
	names := []string{everyExperiment}
	for _, x := range experiment.All() {
		names = append(names, x.Name)
	}
	c := &cobra.Command{
		Use:       "compare EXPERIMENT...|all",
		Short:     "Measure what extensions change, in virtual time",
		Long:      compareLong(unknownWidth),
		ValidArgs: names,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprint(a.out, experimentList(width(a.out))+"\nraftlab compare EXPERIMENT runs one; raftlab compare --help shows the flags\n")
				return nil
			}
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.compare(c.Context(), f, args)
		},
	}
	c.SetHelpFunc(func(c *cobra.Command, args []string) { // its list has columns
		c.Long = compareLong(width(c.OutOrStdout()))
		c.Root().HelpFunc()(c, args)
	})
	c.Flags().StringVar(&f.seeds, "seeds", "", "seeds: 7, 1-20, or 3,9,40 (default: as many as show the spread, by experiment)")
	c.Flags().StringVar(&f.set, "set", "", "settings of the experiments, such as peers=7,away=20s; a range sweeps one: rtt=1ms..100ms, or at some values: rtt=1ms..20ms..50ms")
	c.Flags().StringVar(&f.impl, "impl", "", "another peer, or service, to compare with: a course tree, a directory with `raft`, kvraft or shardkv, or a solution of 6.824 or 6.5840")
	c.Flags().StringVar(&f.out, "out", "", "write report.html, and EXPERIMENT.md, .csv and .json of each, to this `directory`")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "trials at once (default: from processors and memory)")
	return c
}

func compareLong(width int) string {
	var b strings.Builder
	b.WriteString("Run experiments in the engine, on the reference and on etcd's library, and print tables in Markdown. All\n" +
		"times are virtual: the numbers are the same on every machine. `all` runs every experiment. What was measured is\n" +
		"remembered, so that the same command goes on after an interruption.\n\n" + experimentList(width))
	b.WriteString("\nExit code: 0 done, 2 usage, 3 something could not be built, or a trial did not end well, 130 interrupted.")
	return b.String()
}

// experimentList says which experiments there are, what each answers and what can be set, in lines
// of at most width characters.
func experimentList(width int) string {
	const indent = 14
	var b strings.Builder
	b.WriteString("Experiments:\n")
	for _, x := range experiment.All() {
		var set []string
		for _, s := range x.Settings {
			if name, _, _ := strings.Cut(x.Swept, "="); name == s.Name {
				set = append(set, x.Swept)
				continue
			}
			set = append(set, s.Name+"="+s.Default)
		}
		name := fmt.Sprintf("  %-11s ", x.Name)
		for _, line := range slices.Concat(timeline.Wrap(x.Question, width-indent), rows(set, x.Seeds, width-indent)) {
			fmt.Fprintf(&b, "%-*s%s\n", indent, name, line)
			name = ""
		}
	}
	return b.String()
}

// rows are settings and seeds, in lines of at most 60 characters, or as many as there is room for.
func rows(set []string, seeds string, room int) []string {
	most := min(60, room)
	lines := []string{"--set "}
	for _, word := range append(strings.SplitAfter(strings.Join(set, ","), ","), " --seeds "+seeds) {
		last := len(lines) - 1
		if len(lines[last])+len(word) > most {
			lines, last, word = append(lines, "      "), last+1, strings.TrimLeft(word, " ")
		}
		lines[last] += word
	}
	return lines
}

func (a *app) compare(ctx context.Context, f *compareFlags, names []string) error {
	experiments, err := chosenExperiments(names)
	if err != nil {
		return usage(err)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	o, done, err := a.compareOptions(ctx, f, experiments)
	defer done()
	if err != nil {
		return usage(err)
	}
	var reports []*compare.Report
	failures := map[string]error{} // by experiment
	for i, x := range experiments {
		o.Progress = func(s string) { fmt.Fprintf(a.err, "(%d of %d) %s\n", i+1, len(experiments), s) }
		if o.Seeds, err = suite.ParseSeeds(cmp.Or(f.seeds, x.Seeds)); err != nil {
			return usage(fmt.Errorf("--%w", err))
		}
		report, failed := compare.Run(ctx, x, o)
		if report != nil {
			reports = append(reports, report)
			if err := a.show(f, report, reports); err != nil {
				return broken(err)
			}
		}
		if ctx.Err() != nil {
			if report == nil {
				fmt.Fprintln(a.err, "raftlab: interrupted before there was a result; the same command goes on from here")
			} else {
				fmt.Fprintln(a.err, "raftlab: interrupted; the results above are those of the trials that had ended. The same command goes on from here")
			}
			return exitWith(suite.ExitInterrupted)
		}
		if failed != nil { // the others can still be measured
			fmt.Fprintf(a.err, "raftlab: %s: %s\n", x.Name, whyFailed(failed, failures))
			failures[x.Name] = failed
		}
	}
	if len(failures) > 0 {
		return broken(fmt.Errorf("%d of %d experiments did not end well, as said above: %s", len(failures), len(experiments),
			strings.Join(slices.Sorted(maps.Keys(failures)), ", ")))
	}
	return nil
}

// whyFailed says why an experiment failed: a peer that cannot be built has been told of once.
func whyFailed(failed error, before map[string]error) string {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if before[name].Error() == failed.Error() {
			return "the same as in " + name
		}
	}
	return failed.Error()
}

// show prints a report, and writes it to --out. The page there has all reports so far.
func (a *app) show(f *compareFlags, report *compare.Report, soFar []*compare.Report) error {
	if err := report.WriteMarkdown(a.out); err != nil {
		return err
	}
	if f.out == "" {
		return nil
	}
	if err := writeReport(f.out, report); err != nil {
		return err
	}
	page := filepath.Join(f.out, "report.html")
	if err := writeFile(page, func(w io.Writer) error { return compare.WritePage(w, soFar) }); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "%s: for a browser, with plots\n", page)
	return nil
}

// everyExperiment is the word for all of them.
const everyExperiment = "all"

func chosenExperiments(names []string) (chosen []experiment.Experiment, err error) {
	for _, name := range names {
		if name == everyExperiment {
			return experiment.All(), nil
		}
		x, err := experiment.Find(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, x)
	}
	return chosen, nil
}

// compareOptions reads the command line. done closes what was opened, and removes code that was
// adopted; it is never nil.
func (a *app) compareOptions(ctx context.Context, f *compareFlags, experiments []experiment.Experiment) (o compare.Options, done func(), err error) {
	done = func() {}
	root, err := a.root()
	if err != nil {
		return o, done, err
	}
	for _, x := range experiments {
		if _, err := x.Sweep(f.set); err != nil {
			return o, done, fmt.Errorf("--set %w", err)
		}
		if _, err := suite.ParseSeeds(cmp.Or(f.seeds, x.Seeds)); err != nil {
			return o, done, fmt.Errorf("--%w", err)
		}
	}
	if info, err := os.Stat(f.out); err == nil && !info.IsDir() {
		return o, done, fmt.Errorf("--out %s: that is a file; name a directory, which is made if there is none", f.out)
	}
	if f.out != "" { // it is needed at the end of minutes
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return o, done, fmt.Errorf("--out %s: this directory cannot be made; name another place: %w", f.out, err)
		}
	}
	o.Settings, o.Workers = f.set, f.workers
	if o.Workers <= 0 {
		o.Workers = sim.DefaultWorkers()
	}
	o.Progress = func(s string) { fmt.Fprintln(a.err, s) }
	impls := []string{suite.Reference, suite.EtcdRaft}
	if f.impl != "" && f.impl != suite.Reference && f.impl != suite.EtcdRaft {
		impls = append(impls, f.impl)
	}
	var found []suite.Code // all of it, before a minute is spent on comparing engines
	for _, impl := range impls {
		code, removes, err := a.findOneOf(ctx, root, impl, "none of the packages raft, kvraft and shardkv is in it, and the experiments measure nothing else",
			experiment.Peers, experiment.KV, experiment.Sharded)
		if impl == f.impl {
			done = removes
		}
		if err != nil {
			return o, done, err
		}
		found = append(found, code)
	}
	for i, code := range found {
		native := code.Own() && a.whyWasm(ctx, root.Dir, o.Progress) == ""
		o.Subjects = append(o.Subjects, subjects(code, native, impls[i] == f.impl)...)
	}
	state, err := suite.OpenState(root.Dir)
	if err != nil {
		return o, done, err
	}
	if o.Log, err = compare.OpenLog(filepath.Join(state.Dir(), "compare.jsonl")); err != nil {
		return o, done, err
	}
	forget := done
	return o, func() { forget(); o.Log.Close() }, nil
}

// subjects are what can be measured of some code: its peers below this project's services, and its
// own services.
func subjects(code suite.Code, native, untested bool) (all []compare.Subject) {
	build := func(name, pkg string) compare.Subject {
		s := compare.Subject{Name: name, Given: code.Given, Package: pkg, Build: code.Build("./" + pkg), Untested: untested, Whole: code.Given == suite.EtcdRaft}
		s.Build.Native = native
		return s
	}
	if code.Impl == nil || code.Impl[experiment.Peers] != "" {
		all = append(all, build(code.Given, experiment.Peers))
	}
	for _, pkg := range []string{experiment.KV, experiment.Sharded} {
		if code.Impl[pkg] == "" {
			continue
		}
		s := build(pkg+" of "+code.Given, pkg)
		if !code.Mentions(pkg, "Extensions", "PeerExtensions") {
			s.Ignores = append(s.Ignores, "Extensions")
		}
		if !code.Mentions(pkg, "Reads", "PeerExtensions") {
			s.Ignores = append(s.Ignores, "Reads")
		}
		all = append(all, s)
	}
	return all
}

// writeReport writes the forms that a report has by itself.
func writeReport(dir string, r *compare.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for ending, write := range map[string]func(io.Writer) error{".md": r.WriteMarkdown, ".json": r.WriteJSON, ".csv": r.WriteCSV} {
		if err := writeFile(filepath.Join(dir, r.Experiment+ending), write); err != nil {
			return err
		}
	}
	return nil
}

// writeFile puts a file in place once it is whole.
func writeFile(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return suite.WriteFile(path, b.Bytes())
}
