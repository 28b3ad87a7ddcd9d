//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/adopt"
	"raftlab/internal/course"
	"raftlab/internal/grade"
	"raftlab/internal/plain"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

func init() { commands = append(commands, regradeCommand) }

func regradeCommand(a *app) *cobra.Command {
	var students []string
	var workers int
	var here bool
	c := &cobra.Command{
		Use:   "regrade REPORT",
		Short: "Repeat the runs behind a grade, and say whether they are identical, or what differs",
		Long: `Repeat the runs that a grade rests on, and compare each with what was recorded. REPORT is a directory that
raftlab grade wrote, or a file that raftlab test --json wrote. Where a run differs, it is said what is not as it was: the code, the
build, the Go release, the engine or the framework. The grades are not changed.

A report names the release of raftlab that made it. If this is another one, the runs are repeated with that release, which is
taken from this checkout's git; where it has no such tag, it is said how to get it, and they are repeated with this one (docs/releases.md).

Exit code: 0 all runs are identical, 1 some differ, 2 usage, 3 the framework failed, 130 interrupted.`,
		Args: one("the directory of the grades, or the JSON file of a raftlab test"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), workers); err != nil {
				return usage(err)
			}
			past, err := readPast(c.Context(), args[0])
			if err != nil {
				return usage(err)
			}
			if !here {
				if code, done, err := a.byItsRelease(c.Context(), past, students, workers); done || err != nil {
					return errors.Join(usage(err), exitWith(code))
				}
			}
			return a.regrade(c.Context(), past, students, workers)
		},
	}
	a.casesFlag(c.Flags())
	c.Flags().StringArrayVar(&students, "student", nil, "only the student of this `name`; may be repeated")
	c.Flags().BoolVar(&here, "here", false, "repeat the runs with this release, whichever made the report")
	c.Flags().IntVarP(&workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	return c
}

func (a *app) regrade(ctx context.Context, past *pastReport, students []string, workers int) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	if past.test == nil {
		a.withCasesOf(past.name)
	} else if a.numbering == "" {
		a.numbering = string(past.test.Options.Numbering)
	}
	all, err := a.allCases(ctx)
	if err != nil {
		return usage(err)
	}
	identity, err := a.identity(ctx, root.Dir)
	if err != nil {
		return broken(err)
	}
	if workers <= 0 {
		workers = sim.DefaultWorkers()
	}
	recorded, forget, err := a.recorded(ctx, root, all, past, students)
	defer forget()
	if err != nil {
		return usage(err)
	}
	pool, err := sim.NewPool(workers)
	if err != nil {
		return broken(fmt.Errorf("starting the engine: %w", err))
	}
	defer pool.Close()
	class := &grade.Class{Plan: &grade.Plan{Identity: identity}, Engine: pool, Workers: workers, Compile: compileSubmission}
	code := suite.ExitPassed
	for _, r := range recorded {
		r.Code = a.withCases(r.Code)
		if r.Options.Native {
			return usage(fmt.Errorf("%s was executed natively; regrade repeats runs of the wasm engine, which grades come from", r.Name))
		}
		result, err := r.Repeat(ctx, class, all)
		if ctx.Err() != nil {
			return exitWith(suite.ExitInterrupted)
		}
		if err != nil {
			return broken(fmt.Errorf("%s: %w", r.Name, err))
		}
		a.repeated(result)
		if !result.Identical() {
			code = suite.ExitFailed
		}
	}
	return exitWith(code)
}

// recorded finds the runs to repeat. forget removes code that was adopted; it is never nil.
func (a *app) recorded(ctx context.Context, root course.Root, all []suite.Case, past *pastReport, students []string) (found []*grade.Recorded, forget func(), err error) {
	if past.test != nil {
		r, forget, err := a.recordedTest(ctx, root, past.test, students)
		return []*grade.Recorded{r}, forget, err
	}
	found, err = a.recordedGrades(root.Dir, all, past.name, students)
	return found, func() {}, err
}

// recordedGrades reads what `raftlab grade` wrote.
func (a *app) recordedGrades(framework string, all []suite.Case, report string, students []string) (found []*grade.Recorded, err error) {
	plan, err := grade.ReadPlan(report, all)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range plan.Students {
		names = append(names, l.Name)
	}
	for _, s := range students {
		if !slices.Contains(names, s) {
			return nil, fmt.Errorf("--student %s: nobody is called so in %s", s, report)
		}
	}
	for _, l := range plan.Students {
		if len(students) > 0 && !slices.Contains(students, l.Name) {
			continue
		}
		r, err := plan.Load(report, framework, packages(), l)
		if err != nil && len(students) == 0 {
			fmt.Fprintf(a.out, "%s: skipped: %v\n", plain.Line(l.Name, plain.MaxName), err)
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, nil
}

// recordedTest finds the code of what `raftlab test --json` wrote.
func (a *app) recordedTest(ctx context.Context, root course.Root, r *suite.Report, students []string) (_ *grade.Recorded, forget func(), err error) {
	forget = func() {}
	if len(students) > 0 {
		return nil, forget, errors.New("--student goes with a directory of grades")
	}
	impl := r.Impl
	if impl == "." || impl == suite.Reference {
		impl = ""
	}
	year := cmp.Or(r.Options.Year, adopt.Auto)
	code, forget, err := a.findCode(ctx, root, &runFlags{impl: impl, year: year}, &suite.Options{})
	if err != nil {
		return nil, forget, fmt.Errorf("the report names the code as %s: %w", r.Impl, err)
	}
	return grade.FromReport(r, code), forget, nil
}

// repeated tells what became of the runs.
func (a *app) repeated(r grade.Repeated) {
	name := plain.Line(r.Name, plain.MaxName)
	if r.Identical() {
		fmt.Fprintf(a.out, "%s: identical (%d compared)\n", name, r.Compared)
	} else {
		fmt.Fprintf(a.out, "%s: %d differ (%d compared)\n", name, len(r.Differ), r.Compared)
	}
	for _, d := range r.Differ {
		fmt.Fprintln(a.out, "  "+d)
	}
	if len(r.Because) > 0 {
		fmt.Fprintln(a.out, "  not as it was: "+strings.Join(r.Because, "; "))
	} else if !r.Identical() {
		fmt.Fprintln(a.out, "  code, build, Go, engine and framework are as they were: please report this as a fault of raftlab")
	}
	if r.Skipped > 0 {
		fmt.Fprintf(a.out, "  not compared, because there was no verdict: %s\n", suite.Plural(r.Skipped, "run"))
	}
}
