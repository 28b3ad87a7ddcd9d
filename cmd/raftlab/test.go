package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/course"
	"raftlab/internal/release"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// testFlags are the flags of `raftlab test`.
type testFlags struct {
	runFlags
	seeds          string
	seedsGiven     bool
	workers        int
	keepGoing      bool
	failed         bool
	requireReached bool
	course         bool
	json, junit    string
}

func testCommand(a *app) *cobra.Command {
	f := &testFlags{}
	c := &cobra.Command{
		Use:   "test [SEL...]",
		Short: "Run cases under the engine, with progress and a summary table",
		Long: `Run cases under the engine. SEL is a lab (lab2), a part (2A) or a case (2A/InitialElection); without
one, everything runs that the code under test has packages for; what is selected and not there is said to be not graded. Each case runs once for every seed, and
stops at the first seed that does not pass unless --keep-going is given. Which results come out does not
depend on -j.

--impl names a course tree, or a directory with one package: raft (lab 2), kvraft (lab 3), shardkv with
shardctrler below it (lab 4), or shardctrler alone (4A). The package that a lab tests has to be there. What it
runs on and the directory does not have is this tree's own: kvraft alone runs on the reference peer. A solution in
the layout of 6.824 or 6.5840, a folder or an archive, is adopted first (docs/adopt.md). To run
the reference's kvraft or shardkv on somebody's peer, copy it to a directory beside their raft.

A run that takes more than 20 s of processor time is ungraded: neither passed nor failed. After three of
them the remaining runs do not start. A person decides; --cpu gives each run more time.

Exit code: 0 all passed, 1 a case failed, 2 usage, 3 the framework itself failed or a run was
ungraded or inconclusive, 130 interrupted by Ctrl-C. An interrupted command prints and
writes what it has.`,
		RunE: func(c *cobra.Command, args []string) error {
			f.seedsGiven = c.Flags().Changed("seeds")
			if err := f.check(c.Flags()); err != nil {
				return usage(err)
			}
			return a.test(c.Context(), f, args)
		},
	}
	f.add(c.Flags())
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	c.Flags().StringVar(&f.seeds, "seeds", suite.DefaultSeeds, "seeds: 7, 1-20, or 3,9,40")
	scenarioFlag(c.Flags(), &f.scenario)
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	c.Flags().BoolVar(&f.keepGoing, "keep-going", false, "run all seeds of a case, also after one has failed")
	c.Flags().BoolVar(&f.failed, "failed", false, "only the runs that failed when they were last tested")
	c.Flags().BoolVar(&f.requireReached, "require-reached", false, "fail if a case never reaches a situation that it exists for (for the reference)")
	courseFlag(c.Flags(), &f.course)
	c.Flags().StringVar(&f.json, "json", "", "write results to this `file` as JSON (docs/results.md)")
	c.Flags().StringVar(&f.junit, "junit", "", "write results to this `file` as JUnit XML")
	return c
}

// check looks at what flags say together.
func (f *testFlags) check(flags *pflag.FlagSet) error {
	if f.failed && f.scenario != "" {
		return errors.New("--failed --scenario: --failed runs what failed without a scenario; leave one of the two out")
	}
	if f.failed && flags.Changed("seeds") {
		return fmt.Errorf("--failed --seeds %s: --failed runs the seeds that failed; leave one of the two out", f.seeds)
	}
	if err := atLeastOne(flags, f.workers); err != nil {
		return err
	}
	if err := errors.Join(writable("json", f.json), writable("junit", f.junit)); err != nil {
		return err
	}
	if sameFile(f.json, f.junit) {
		return fmt.Errorf("--json %s --junit %s: both would be written to one file; give each its own", f.json, f.junit)
	}
	return nil
}

// maxUngraded is after how many ungraded runs of one submission the remaining ones are not started.
const maxUngraded = 3

// testRun is one `raftlab test` under way.
type testRun struct {
	*app
	flags   *testFlags
	watched bool // it is a round of `raftlab watch`: it has one screen, and is soon run again
	root    course.Root
	code    suite.Code
	forget  func() // removes code that was adopted
	state   *suite.State
	items   []suite.Item
	report  *suite.Report
	watch   suite.Watch

	where    engineChoice
	binaries map[string]*sim.Binary // by package
	failed   []suite.Finished       // whose failures were told
}

func (a *app) test(ctx context.Context, f *testFlags, selectors []string) error {
	return (&testRun{app: a, flags: f}).do(ctx, selectors)
}

// do prepares it, runs it and tells what came of it.
func (t *testRun) do(ctx context.Context, selectors []string) error {
	f := t.flags
	t.forget = func() {}
	defer func() { t.forget() }()
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := t.prepare(ctx, selectors); err != nil {
		return err
	}
	if len(t.items) == 0 {
		why := "no case of this selection failed when it was last tested"
		if len(t.report.Notes) > 0 {
			why = strings.Join(t.report.Notes, "; ")
		}
		fmt.Fprintln(t.out, "nothing to run: "+why)
		return broken(t.report.Save(f.json, f.junit))
	}
	began := time.Now()
	failures := t.run(ctx)
	t.report.Wall = time.Since(began).Round(time.Millisecond).Seconds()
	for _, lines := range failures {
		if len(lines) == 0 { // it is told together with others
			continue
		}
		fmt.Fprintln(t.out, strings.Join(lines, "\n")+"\n")
	}
	if !t.watched {
		t.confirm(ctx)
	}
	return t.finish()
}

// interruptible returns a context that ends with the first Ctrl-C. The second one ends the program.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// prepare finds out what is to run. Its errors are the user's.
func (t *testRun) prepare(ctx context.Context, selectors []string) error {
	root, err := t.app.root()
	if err != nil {
		return usage(err)
	}
	t.root = root
	told, err := t.flags.readScenario(ctx)
	if err != nil {
		return usage(err)
	}
	if told != nil && told.Case != "" && len(selectors) == 0 {
		selectors = []string{told.Case}
	}
	all, err := t.app.allCases(ctx)
	if err != nil {
		return usage(err)
	}
	cases, err := suite.Select(all, selectors)
	if err != nil {
		return usage(err)
	}
	t.tellUnselected(all, cases)
	if told != nil && told.Seed != 0 && !t.flags.seedsGiven {
		t.flags.seeds = strconv.FormatUint(told.Seed, 10)
	}
	seeds, err := suite.ParseSeeds(t.flags.seeds)
	if err != nil {
		return usage(fmt.Errorf("--%w", err))
	}
	options, err := t.flags.options()
	if err != nil {
		return usage(err)
	}
	if told != nil {
		if err := fits(told, t.flags.scenario, cases, seeds); err != nil {
			return usage(err)
		}
		options.Scenario, options.ScenarioFile = told.String(), t.flags.scenario
	}
	options.Numbering = t.app.names()
	options.KeepGoing, options.RequireReached = t.flags.keepGoing, t.flags.requireReached
	if t.code, t.forget, err = t.findCode(ctx, root, &t.flags.runFlags, &options); err != nil {
		return usage(err)
	}
	if err := t.flags.where.choose(t.app, &options, t.code); err != nil {
		return usage(err)
	}
	if t.flags.course {
		if cases = demandedByCourse(cases); len(cases) == 0 {
			return usage(errors.New("--course: the course's own tests demand none of these cases; raftlab list marks those that they do"))
		}
	}
	if len(selectors) == 0 { // what there is; one package of several may be all that a directory has
		cases = slices.DeleteFunc(cases, func(c suite.Case) bool { return t.code.Has(c) != nil })
	}
	graded, why := t.code.Graded(cases)
	if len(graded) == 0 && !t.code.Adopted() {
		return usage(t.code.Has(cases...))
	}
	cases = graded
	for _, sentence := range why {
		fmt.Fprintln(t.err, sentence)
	}
	if t.state, err = suite.OpenState(root.Dir); err != nil {
		return broken(err)
	}
	for _, c := range cases {
		t.items = append(t.items, suite.Item{Case: c, Seeds: seeds})
	}
	t.report = &suite.Report{Schema: suite.Schema, Raftlab: release.Of(root.Dir), Status: suite.Complete, Started: time.Now().UTC(), Impl: t.code.Given,
		Seeds: suite.FormatSeeds(seeds), Options: options, Notes: why, Builds: []suite.Build{}, Cases: []suite.CaseResult{}}
	if t.flags.failed {
		return t.onlyFailed(options)
	}
	return nil
}

// onlyFailed reduces the items to the runs that failed last, under the options they failed with.
func (t *testRun) onlyFailed(options suite.Options) error {
	last, tested, err := t.state.Last(t.code.Key)
	if err != nil {
		return broken(err)
	}
	if !tested {
		return usage(fmt.Errorf("--failed: nothing is remembered of %s, so nothing is known to have failed; run `raftlab test` without --failed first", t.code.Given))
	}
	var items []suite.Item
	for _, item := range t.items {
		var seeds []uint64
		for _, l := range last {
			if l.Case == item.Case.ID() {
				seeds = append(seeds, l.Seed)
				if !options.Strict && options.Contract == "" && options.With == nil && options.Env == nil && options.MemoryLimit == 0 {
					t.report.Options = l.Options
					t.report.Options.Native, t.report.Options.Race, t.report.Options.EngineAsked = options.Native, options.Race, options.EngineAsked
					t.report.Options.KeepGoing, t.report.Options.RequireReached = options.KeepGoing, options.RequireReached
				}
			}
		}
		if len(seeds) > 0 {
			slices.Sort(seeds)
			items = append(items, suite.Item{Case: item.Case, Seeds: slices.Compact(seeds)})
		}
	}
	t.items, t.report.Seeds = items, "those that failed last"
	return nil
}

// run builds and runs everything, fills in the report and returns the texts of failures.
func (t *testRun) run(ctx context.Context) [][]string {
	if t.flags.workers <= 0 {
		t.flags.workers = sim.DefaultWorkers()
	}
	t.report.Workers = t.flags.workers
	t.watch = newWatch(t.err)
	defer t.watch.Close()
	if err := t.prepareBinaries(ctx); err != nil {
		return t.unbuilt(ctx, err)
	}
	pool, err := sim.NewPool(t.flags.workers)
	if err != nil {
		return t.unbuilt(ctx, fmt.Errorf("starting the engine: %w", err))
	}
	defer pool.Close()
	costs := t.state.Costs()
	hooks := suite.Hooks{Done: t.watch.Done, MaxUngraded: maxUngraded}
	if !t.flags.keepGoing {
		hooks.Stop = suite.StopAtFailure
	}
	built, unbuilt := t.built()
	runs := suite.Plan(built, t.job, costs)
	finished := suite.Execute(ctx, pool, t.flags.workers, runs, hooks)
	if ctx.Err() != nil {
		t.report.Status = suite.Interrupted
	}
	t.report.AddCases(built, finished, t.replay)
	t.report.AddUnbuilt(unbuilt, suite.NotBuilt)
	if n := suite.CountSkipped(finished); n > 0 {
		t.report.Notes = append(t.report.Notes, fmt.Sprintf("not started: %s, because %s before were ungraded", suite.Plural(n, "run"), suite.Plural(maxUngraded, "run")))
	}
	costs.Learn(finished)
	remember := func() error {
		fixed, err := t.state.Fixed(t.code.Key, t.report, t.flags.failed)
		t.report.Notes = append(t.report.Notes, fixed...)
		return errors.Join(err, t.state.Remember(t.code.Key, t.report))
	}
	if t.report.Options.Scenario != "" {
		remember = func() error { return nil } // these are not the runs that the seeds mean
	}
	if err := errors.Join(t.state.SaveCosts(costs), remember()); err != nil {
		t.report.Notes = append(t.report.Notes, "results are not remembered for --failed: "+err.Error())
	}
	failures := t.explain(ctx, pool, finished)
	if len(unbuilt) > 0 {
		failures = append(failures, suite.FaultLines(t.report.Faults, suite.NotBuilt))
	}
	return failures
}

func (t *testRun) job(c suite.Case, seed uint64) sim.Job {
	return t.report.Options.Job(t.binaries[c.Package], c, seed)
}

func (t *testRun) replay(c suite.Case, seed uint64) string {
	return t.replayOf(t.root, t.code.Given, t.report.Options, c, seed)
}

// finish prints the summary and writes the files.
func (t *testRun) finish() error {
	r := t.report
	if r.Status != suite.Unbuilt && r.Status != suite.Broke {
		write := suite.WriteTable
		if code := r.ExitCode(); t.watched && (code == 0 || code == suite.ExitFailed) {
			write = suite.WriteRemarks // the failures are told, and how many there are
		}
		if err := write(t.out, r, screen(t.out)); err != nil {
			return broken(err)
		}
	}
	if r.Status == suite.Interrupted {
		fmt.Fprintln(t.err, "raftlab: interrupted; the results above are those of the runs that had ended")
	}
	if err := r.Save(t.flags.json, t.flags.junit); err != nil {
		return broken(err)
	}
	return exitWith(r.ExitCode())
}
