//raftlab:checkout-only (a course tree is a student's, who has nobody to grade)

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/course"
	"raftlab/internal/grade"
	"raftlab/internal/plain"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

func init() { commands = append(commands, gradeCommand) }

// gradeFlags are the flags of `raftlab grade`.
type gradeFlags struct {
	policy, out, seeds, salt, shard string
	before                          string
	with, only, formats             []string
	result                          string
	group                           string
	strict, regrade, printPolicy    bool
	one, course, race               bool
	memory, contract, year, modules string
	cpu, limit                      time.Duration
	workers                         int
}

func gradeCommand(a *app) *cobra.Command {
	f := &gradeFlags{}
	c := &cobra.Command{
		Use:   "grade SUBMISSIONS SEL...",
		Short: "Grade the submissions of a class: points, feedback, tables; goes on where it was interrupted",
		Long: `Grade the submissions of a class. SUBMISSIONS is a folder with one folder, zip, tar.gz or tar for each student;
SEL is a range of parts (2A-2D), a part, a case or a lab, which means its parts without the extensions (lab2: 2A to 2D).

--out gets grades.csv, grades.json, class.html, failures.csv, needs-a-person.csv, and feedback/ with a page and a
text for each student (docs/grading.md). What has been graded is not graded again: a command that was interrupted,
or killed, goes on when it is started again. The same submissions give the same files on every machine.

Exit code: 0 everybody has a score, 2 usage, 3 a submission needs a person or the framework failed, 130 interrupted.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if f.printPolicy {
				fmt.Fprint(a.out, grade.PolicyText)
				return nil
			}
			if len(args) == 0 {
				return usage(errors.New("grade needs the folder with the submissions, and what is graded: raftlab grade SUBMISSIONS 2A-2D"))
			}
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			if err := f.check(); err != nil {
				return usage(err)
			}
			return a.grade(c.Context(), f, args[0], args[1:])
		},
	}
	f.add(c.Flags())
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	return c
}

func (f *gradeFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.policy, "policy", "", "the policy, a YAML `file`: weights, seeds, rounding, feedback (--print-policy shows the defaults)")
	flags.BoolVar(&f.printPolicy, "print-policy", false, "print the default policy, and grade nothing")
	flags.StringVar(&f.out, "out", "grades", "the `directory` for the grades")
	flags.StringVar(&f.seeds, "seeds", "1-5", "seeds: 7, 1-20, or 3,9,40")
	flags.StringVar(&f.before, "before", "", "of git repositories, grade the last commit before this `time`, such as \"2026-03-01 23:59\"")
	flags.StringVar(&f.salt, "salt", "", "hide the seeds: derive them from the secret in this `file`")
	flags.IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	flags.StringArrayVar(&f.only, "only", nil, "grade only the student of this `name`; may be repeated")
	flags.StringVar(&f.group, "group", "", "grade only the students of this `group` of failures (failures.csv)")
	flags.BoolVar(&f.regrade, "regrade", false, "run everything again, also what is graded")
	flags.BoolVar(&f.one, "one", false, "SUBMISSIONS is itself one submission, not a folder of them")
	formatFlag(flags, &f.formats)
	flags.StringVar(&f.result, "result", "", "with --one: write the grade in the one --format to this `file`")
	flags.StringVar(&f.shard, "shard", "", "grade a part of the class: `i/n` (default: from the environment of a Slurm array or an indexed Kubernetes job)")
	flags.DurationVar(&f.limit, "limit", 0, "end by itself after this time, such as 9m, with what there is; the rest has no verdict")
	flags.StringSliceVar(&f.with, "with", nil, "`extensions` that all peers are to have, such as prevote,checkquorum")
	flags.BoolVar(&f.strict, "strict", false, "a goroutine left over after Kill is a failure, not a warning")
	flags.BoolVar(&f.course, "course", false, "only cases that the course's own tests demand, too, count; the others run and are shown (the policy's counts: course)")
	flags.BoolVar(&f.race, "race", false, "look for data races as well, natively and outside of the sandbox: in a container only; a race is a note, or what the policy deducts")
	contractFlag(flags, &f.contract)
	yearFlag(flags, &f.year)
	modulesFlag(flags, &f.modules)
	flags.StringVar(&f.memory, "memory", "", "memory that a run may have, such as 512MiB (default 1GiB)")
	flags.DurationVar(&f.cpu, "cpu", 0, "processor time that a run may take before it has no verdict (default "+sim.DefaultCPU.String()+")")
}

// gradeRun is one `raftlab grade` under way.
type gradeRun struct {
	*app
	flags *gradeFlags
	root  course.Root
	class *grade.Class
	state *suite.State

	known  int     // submissions that were graded before
	graded int     // submissions that were run now
	cost   float64 // CPU seconds of their runs
}

func (a *app) grade(ctx context.Context, f *gradeFlags, submissions string, selectors []string) error {
	g := &gradeRun{app: a, flags: f}
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := g.prepare(ctx, submissions, selectors); err != nil {
		return usage(err)
	}
	limit := ctx
	if f.limit > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, f.limit)
		defer cancel()
	}
	pool, err := sim.NewPool(g.class.Workers)
	if err != nil {
		return broken(fmt.Errorf("starting the engine: %w", err))
	}
	defer pool.Close()
	g.class.Engine = pool
	err = g.class.Grade(ctx, limit)
	if ctx.Err() != nil {
		fmt.Fprintln(a.err, "raftlab: interrupted; the same command goes on where it was")
	} else if err != nil {
		return broken(err)
	}
	g.learn()
	switch {
	case g.graded == 0 && g.known > 0:
		fmt.Fprintf(a.err, "graded now: none, since all %d were graded before, as they are\n", g.known)
	case g.graded > 0:
		fmt.Fprintf(a.err, "graded now: %d, with %.1f s of CPU in runs, %.1f s each; compiling is not in it\n", g.graded, g.cost, g.cost/float64(g.graded))
	}
	return g.finish(ctx)
}

// check looks at what flags say together.
func (f *gradeFlags) check() error {
	if f.result != "" && (!f.one || len(f.formats) != 1) {
		return fmt.Errorf("--result %s: it is for one submission in one format: --one --format gradescope, for example", f.result)
	}
	return checkFormats(f.formats)
}

// progress tells on the error stream what happens.
func (g *gradeRun) progress() func(grade.Event) {
	done := 0
	return func(e grade.Event) {
		name := plain.Line(e.Student, plain.MaxName)
		switch e.What {
		case "known":
			done++
			g.known++
		case "done":
			done++
			g.cost += e.CPU
			g.graded++
			fmt.Fprintf(g.err, "%d of %d: %s, %.1fs of CPU\n", done, g.class.Size(), name, e.CPU)
		}
	}
}

// learn remembers what runs cost, so that the next grading starts the long ones first.
func (g *gradeRun) learn() {
	if g.state == nil {
		return
	}
	if err := g.state.SaveCosts(g.class.Costs); err != nil {
		fmt.Fprintln(g.err, "note: what runs cost is not remembered:", err)
	}
}

// finish writes the files and the table.
func (g *gradeRun) finish(ctx context.Context) error {
	code, err := g.app.publish(g.class.Plan, g.class.Out, g.flags.formats)
	if err == nil && g.flags.result != "" && ctx.Err() == nil {
		err = g.app.handOver(g.class.Plan, g.class.Out, g.flags.formats[0], g.flags.result)
	}
	if err != nil {
		return broken(err)
	}
	if ctx.Err() != nil {
		code = suite.ExitInterrupted
	}
	return exitWith(code)
}

// publish renders the grades in dir, and prints the table. It returns the exit code that they
// deserve.
func (a *app) publish(plan *grade.Plan, dir string, formats []string) (int, error) {
	results, err := plan.Collect(dir)
	if err == nil {
		err = results.Render(dir)
	}
	if err == nil {
		err = a.writeFormats(results, dir, formats)
	}
	if err == nil {
		err = results.WriteTable(a.out, screen(a.out))
	}
	if err != nil {
		return suite.ExitFramework, err
	}
	for _, names := range results.SameCode() {
		for i := range names {
			names[i] = plain.Line(names[i], plain.MaxName)
		}
		fmt.Fprintf(a.out, "the same code, byte for byte: %s (raftlab similarity looks for more than that)\n", strings.Join(names, ", "))
	}
	fmt.Fprintf(a.out, "written: %s, class.html, failures.csv, needs-a-person.csv, feedback/\n", filepath.Join(dir, "grades.csv"))
	code := suite.ExitPassed
	for _, s := range results.Students {
		if s.Status != grade.Graded {
			code = suite.ExitFramework
		}
	}
	return code, nil
}
