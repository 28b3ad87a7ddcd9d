package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/plain"
	"raftlab/internal/shrink"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// shrinkFlags are the flags of `raftlab shrink`.
type shrinkFlags struct {
	replayFlags
	budget  time.Duration
	workers int
	out     string
}

func shrinkCommand(a *app) *cobra.Command {
	f := &shrinkFlags{}
	c := &cobra.Command{
		Use:   "shrink CASE --seed N",
		Short: "Cut a run that fails down to the few faults that matter",
		Long: `Search for the smallest run that still breaks the same rule: crashes, cuts, pauses, operations of clients and lost
messages are left out, as many as can be, and the reference has to pass what is left. The result is a scenario: a file
that says what is left out, and tells what happens as a story. replay, view and test take it with --scenario
(docs/shrink.md).

Ctrl-C, or the end of the budget, gives the smallest run so far.`,
		Args: one("the case that fails, such as 2C/Figure8"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.shrink(c.Context(), f, args[0])
		},
	}
	f.add(c.Flags())
	c.Flags().Uint64Var(&f.seed, "seed", 0, "the seed (required)")
	c.Flags().DurationVar(&f.budget, "budget", 2*time.Minute, "search for so long at most, such as 30s")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	c.Flags().StringVar(&f.out, "out", "", "write the scenario to this `file` (default: in .raftlab)")
	return c
}

func (a *app) shrink(ctx context.Context, f *shrinkFlags, selector string) error {
	if f.budget <= 0 {
		return usage(fmt.Errorf("--budget %v: give a time, such as 2m", f.budget))
	}
	if err := writable("out", f.out); err != nil {
		return usage(err)
	}
	began := time.Now()
	m, err := a.newMany(ctx, &f.replayFlags, selector, f.workers)
	if err != nil {
		return err
	}
	defer m.close()
	was, err := m.failing()
	if err != nil {
		return err
	}
	reference, err := m.reference()
	if err != nil {
		return err
	}
	d := newStatus(a.err)
	s := &shrink.Search{Case: m.kase.ID(), Seed: f.seed, Workers: m.workers, Run: m.runUntil, Reference: reference,
		Progress: func(p shrink.Standing) { d.show("%d of %d things are left after %d runs", p.Kept, p.From, p.Runs) }}
	limited, cancel := m.within(began, f.budget)
	defer cancel()
	result, err := s.Shrink(limited, was)
	d.close()
	if err != nil {
		if m.ctx.Err() != nil {
			return exitWith(suite.ExitInterrupted)
		}
		return &exitError{suite.ExitFailed, err}
	}
	return m.tellShrunk(limited, f, result, was, reference != nil)
}

// within ends when the budget of a command that began then does. Building counts, but however long
// it took, a quarter of the budget is left to the search: what is built has not been built in vain.
func (m *many) within(began time.Time, budget time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(m.ctx, max(budget-time.Since(began), budget/4))
}

// tellShrunk prints and writes what the search came to.
func (m *many) tellShrunk(ctx context.Context, f *shrinkFlags, r *shrink.Result, was sim.Result, checked bool) error {
	path := f.out
	if path == "" {
		state, err := suite.OpenState(m.root.Dir)
		if err != nil {
			return broken(err)
		}
		path = filepath.Join(state.Dir(), "shrunk-"+strings.ReplaceAll(r.Case, "/", "-")+"-"+strconv.FormatUint(r.Seed, 10)+".scenario")
	}
	if err := suite.WriteFile(path, []byte(r.Text())); err != nil {
		return broken(fmt.Errorf("writing the scenario: %w", err))
	}
	out := m.out
	verdict := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: m.kase, Seed: r.Seed}, State: suite.Ran, Result: r.Last})
	fmt.Fprintf(out, "%s, seed %d: %s\n", r.Case, r.Seed, suite.Headline(verdict))
	fmt.Fprintf(out, "%s (%.0f %% left out, %d runs); %s\n", r.Left(), 100*r.Removed(), r.Runs, r.Found())
	before := "as before"
	if r.Last.Verdict.Time != was.Verdict.Time {
		before = fmt.Sprintf("before at %.3f s", was.Verdict.Time.Seconds())
	}
	fmt.Fprintf(out, "it fails at %.3f s, %s\n\n", r.Last.Verdict.Time.Seconds(), before)
	for _, line := range r.Story() {
		fmt.Fprintln(out, plain.Line(line, plain.MaxLine))
	}
	fmt.Fprintln(out)
	switch {
	case !checked:
		fmt.Fprintln(out, "note: there is no reference here that could be run beside it, so that a step may have broken the case and not the code")
	case !r.Reference:
		fmt.Fprintln(out, "note: the reference does not pass this run")
	}
	if note := m.confirmed(ctx, r); note != "" {
		fmt.Fprintln(out, "note: "+note)
	}
	o := m.options
	o.ScenarioFile = shortest(path)
	again := m.replayOf(m.root, m.code.Given, o, m.kase, r.Seed)
	fmt.Fprintln(out, "scenario:", o.ScenarioFile)
	fmt.Fprintln(out, "replay:  ", again)
	fmt.Fprintln(out, "look:    ", strings.Replace(again, " replay ", " view ", 1))
	return nil
}

// confirmed makes the run that was found in the wasm engine, if it was found natively and there is
// time.
func (m *many) confirmed(ctx context.Context, r *shrink.Result) string {
	if !m.where.native || !m.where.free || m.ctx.Err() != nil {
		return ""
	}
	o := m.options
	o.Native = false
	const noTime = "the run was found natively; there was no time left to make it in the wasm engine as well"
	b, err := buildOf(m.code, m.kase.Package, o).Binary(ctx, m.progress)
	if ctx.Err() != nil {
		return noTime
	}
	if err != nil {
		return fmt.Sprintf("the run was not made in the wasm engine: %v", err)
	}
	j := o.Job(b, m.kase, r.Seed)
	j.Params.Scenario, j.CPU = r.Scenario, max(j.CPU, sim.AgainCPU(r.Last.CPU))
	switch again := m.pool.Run(ctx, j); {
	case m.ctx.Err() != nil:
		return ""
	case ctx.Err() != nil:
		return noTime
	case again.Hash == r.Last.Hash:
		return "the run was found natively, and is the same in the wasm engine"
	default:
		return fmt.Sprintf("in the wasm engine it is another run (trace hash %s, natively %s): please report this as a fault of raftlab, and take --engine wasm",
			short(again.Hash), short(r.Last.Hash))
	}
}

// many makes many runs of one case with one seed.
type many struct {
	*replaying
	ctx     context.Context
	stop    context.CancelFunc
	pool    *sim.Pool
	binary  *sim.Binary
	workers int
}

// newMany reads the command line, builds, and starts the engine. Its caller has to close it.
func (a *app) newMany(ctx context.Context, f *replayFlags, selector string, workers int) (*many, error) {
	m := &many{replaying: &replaying{app: a, flags: f, forget: func() {}}, workers: workers}
	m.ctx, m.stop = interruptible(ctx)
	if err := m.prepare(m.ctx, selector); err != nil {
		m.close()
		return nil, usage(err)
	}
	var err error
	if m.binary, err = m.prepareBinary(m.ctx); err != nil {
		m.close()
		return nil, err
	}
	if m.workers <= 0 {
		m.workers = sim.DefaultWorkers()
	}
	if m.pool, err = sim.NewPool(m.workers); err != nil {
		m.close()
		return nil, broken(fmt.Errorf("starting the engine: %w", err))
	}
	return m, nil
}

func (m *many) close() {
	if m.pool != nil {
		m.pool.Close()
	}
	m.forget()
	m.stop()
}

// run runs the code under test with a scenario. The trace has details.
func (m *many) run(ctx context.Context, scenario, trace string) sim.Result {
	return m.runUntil(ctx, scenario, trace, 0)
}

// runUntil is run, up to a virtual time at the most.
func (m *many) runUntil(ctx context.Context, scenario, trace string, until time.Duration) sim.Result {
	j := m.options.Job(m.binary, m.kase, m.flags.seed)
	j.Params.Scenario, j.Trace, j.Params.Detail, j.Params.Until = scenario, trace, trace != "", until
	return m.pool.Run(ctx, j)
}

// failing makes the run as it is, and complains if it is not the one that failed.
func (m *many) failing() (sim.Result, error) {
	before := m.remembered(m.binary)
	made := slowly(m.err, "making the run")
	r := m.run(m.ctx, "", "")
	made()
	switch {
	case m.ctx.Err() != nil:
		return r, exitWith(suite.ExitInterrupted)
	case before != nil && before.Build == m.binary.ID && sameOptions(before.Options, m.options) && before.Hash != r.Hash:
		return r, &exitError{suite.ExitFailed, errors.New("the failure vanishes: " + hashesDiffer(before.Hash, r.Hash, r.GCs))}
	}
	return r, nil
}

// reference runs the framework's own peer, or is nil where there is none but the code under test.
func (m *many) reference() (func(context.Context, string) sim.Result, error) {
	code, err := suite.FindCode(m.root.Dir, m.root.Course, suite.Reference, packages())
	if err != nil || m.code.Key == code.Key {
		return nil, nil // a course tree has none
	}
	defer slowly(m.err, "building the reference")()
	o := m.options
	where := (&engineFlags{}).settle(m.ctx, m.app, m.root.Dir, code, m.progress)
	o.Native, o.Race, o.EngineAsked = where.native, false, false
	b, err := buildOf(code, m.kase.Package, o).Binary(m.ctx, m.progress)
	if err != nil {
		if m.ctx.Err() != nil {
			return nil, exitWith(suite.ExitInterrupted)
		}
		return nil, broken(fmt.Errorf("building the reference: %w", err))
	}
	return func(ctx context.Context, scenario string) sim.Result {
		j := o.Job(b, m.kase, m.flags.seed)
		j.Params.Scenario = scenario
		return m.pool.Run(ctx, j)
	}, nil
}
