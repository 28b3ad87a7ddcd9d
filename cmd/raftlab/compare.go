//raftlab:checkout-only

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/compare"
	"raftlab/internal/compare/experiment"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
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
	var names []string
	for _, x := range experiment.All() {
		names = append(names, x.Name)
	}
	c := &cobra.Command{
		Use:       "compare EXPERIMENT...",
		Short:     "Measure what extensions change, in virtual time",
		Long:      compareLong(),
		ValidArgs: names,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprint(a.out, experimentList()+"\nraftlab compare EXPERIMENT runs one; raftlab compare --help shows the flags\n")
				return nil
			}
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.compare(c.Context(), f, args)
		},
	}
	c.Flags().StringVar(&f.seeds, "seeds", "1-10", "seeds: 7, 1-20, or 3,9,40")
	c.Flags().StringVar(&f.set, "set", "", "settings of the experiments, such as peers=7,away=20s")
	c.Flags().StringVar(&f.impl, "impl", "", "another peer to compare with: a course tree, a directory with `raft`, or a solution of 6.824 or 6.5840")
	c.Flags().StringVar(&f.out, "out", "", "write EXPERIMENT.md and EXPERIMENT.json to this `directory`")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "trials at once (default: from processors and memory)")
	return c
}

func compareLong() string {
	var b strings.Builder
	b.WriteString("Run experiments in the engine, on the reference and on etcd's library, and print tables in Markdown. All\n" +
		"times are virtual: the numbers are the same on every machine.\n\n" + experimentList())
	b.WriteString("\nExit code: 0 done, 2 usage, 3 something could not be built, or a trial did not end well, 130 interrupted.")
	return b.String()
}

// experimentList says which experiments there are, what each answers and what can be set.
func experimentList() string {
	var b strings.Builder
	b.WriteString("Experiments:\n")
	for _, x := range experiment.All() {
		var set []string
		for _, s := range x.Settings {
			set = append(set, s.Name+"="+s.Default)
		}
		fmt.Fprintf(&b, "  %-10s %s\n             --set %s\n", x.Name, x.Question, strings.Join(set, ","))
	}
	return b.String()
}

func (a *app) compare(ctx context.Context, f *compareFlags, names []string) error {
	var experiments []experiment.Experiment
	for _, name := range names {
		x, err := experiment.Find(name)
		if err != nil {
			return usage(err)
		}
		experiments = append(experiments, x)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	o, forget, err := a.compareOptions(ctx, f, experiments)
	defer forget()
	if err != nil {
		return usage(err)
	}
	for _, x := range experiments {
		report, failed := compare.Run(ctx, x, o)
		if report != nil {
			if err := report.WriteMarkdown(a.out); err != nil {
				return broken(err)
			}
			if f.out != "" {
				if err := writeReport(f.out, report); err != nil {
					return broken(err)
				}
			}
		}
		if ctx.Err() != nil {
			if report == nil {
				fmt.Fprintln(a.err, "raftlab: interrupted before there was a result")
			} else {
				fmt.Fprintln(a.err, "raftlab: interrupted; the results above are those of the trials that had ended")
			}
			return exitWith(suite.ExitInterrupted)
		}
		if failed != nil {
			return broken(failed)
		}
	}
	return nil
}

// compareOptions reads the command line. forget removes code that was adopted; it is never nil.
func (a *app) compareOptions(ctx context.Context, f *compareFlags, experiments []experiment.Experiment) (o compare.Options, forget func(), err error) {
	forget = func() {}
	root, err := a.root()
	if err != nil {
		return o, forget, err
	}
	if o.Seeds, err = suite.ParseSeeds(f.seeds); err != nil {
		return o, forget, fmt.Errorf("--%w", err)
	}
	for _, x := range experiments {
		if _, err := x.With(f.set); err != nil {
			return o, forget, fmt.Errorf("--set %w", err)
		}
	}
	if info, err := os.Stat(f.out); err == nil && !info.IsDir() {
		return o, forget, fmt.Errorf("--out %s: that is a file; name a directory, which is made if there is none", f.out)
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
	for _, impl := range impls {
		code, removes, err := a.findPeer(ctx, root, impl)
		if impl == f.impl {
			forget = removes
		}
		if err != nil {
			return o, forget, err
		}
		o.Subjects = append(o.Subjects, compare.Subject{Name: code.Given, Build: code.Build("./raft"), Untested: impl == f.impl})
	}
	return o, forget, nil
}

// writeReport writes both forms of a report.
func writeReport(dir string, r *compare.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, form := range []struct {
		ending string
		write  func(*os.File) error
	}{
		{".md", func(f *os.File) error { return r.WriteMarkdown(f) }},
		{".json", func(f *os.File) error { return r.WriteJSON(f) }},
	} {
		file, err := os.Create(filepath.Join(dir, r.Experiment+form.ending))
		if err != nil {
			return err
		}
		if err := form.write(file); err != nil {
			file.Close()
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
