package main

import (
	"context"
	"fmt"

	"raftlab/internal/engines"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// confirm repeats in the wasm engine the failures that were told, which ran natively because a
// sample of runs was the same there. A run that is another one is a fault of raftlab: from then on,
// code runs in wasm.
func (t *testRun) confirm(ctx context.Context) {
	if !t.where.native || !t.where.free || len(t.failed) == 0 || ctx.Err() != nil {
		return
	}
	watch := newWatch(t.err)
	defer watch.Close()
	watch.Building("repeating what failed in the wasm engine")
	note := func(format string, args ...any) {
		t.report.Notes = append(t.report.Notes, fmt.Sprintf(format, args...))
	}
	runs, err := t.wasmRuns(ctx, watch)
	if err != nil {
		note("the failures were not repeated in the wasm engine: %v", err)
		return
	}
	pool, err := sim.NewPool(t.flags.workers)
	if err != nil {
		note("the failures were not repeated in the wasm engine: %v", err)
		return
	}
	defer pool.Close()
	same := 0
	for i, f := range suite.Execute(ctx, pool, t.flags.workers, runs, suite.Hooks{}) {
		if f.State != suite.Ran || !f.Result.Verdict.Outcome.Decided() {
			continue
		}
		first := t.failed[i].Result
		if first.Hash == f.Result.Hash && first.Verdict.Outcome == f.Result.Verdict.Outcome {
			same++
			t.markConfirmed(f, "same run")
			continue
		}
		t.markConfirmed(f, "another run")
		t.differs(ctx, f, first)
	}
	note("%d of %d failures were repeated in the wasm engine, each the same run", same, len(t.report.Failed()))
}

// wasmRuns are the runs that failed, for the wasm engine, in the order of t.failed.
func (t *testRun) wasmRuns(ctx context.Context, watch suite.Watch) ([]suite.Run, error) {
	wasm := t.report.Options
	wasm.Native = false
	binaries := map[string]*sim.Binary{}
	var runs []suite.Run
	for _, f := range t.failed {
		b := binaries[f.Case.Package]
		if b == nil {
			var err error
			if b, err = buildOf(t.code, f.Case.Package, wasm).Binary(ctx, watch.Building); err != nil {
				return nil, err
			}
			binaries[f.Case.Package] = b
		}
		job := wasm.Job(b, f.Case, f.Seed)
		job.CPU = max(job.CPU, sim.AgainCPU(f.Result.CPU))
		runs = append(runs, suite.Run{Case: f.Case, Seed: f.Seed, Group: f.Case.ID(), Job: job, Cost: f.Cost})
	}
	return runs, nil
}

// differs is about a run that was another one in the wasm engine.
func (t *testRun) differs(ctx context.Context, f suite.Finished, native sim.Result) {
	r := engines.Result{Pair: engines.Pair{Peer: t.code.Given, Case: f.Case, Seed: f.Seed}}
	r.Sides.Native, r.Sides.Wasm = engines.SideOf(native), engines.SideOf(f.Result)
	text := "two engines, two runs: " + r.Difference()
	t.report.Notes = append(t.report.Notes, text+". This is a fault of raftlab: please report it. Code runs in the wasm engine from now on")
	if here, err := sim.FindEngines(ctx, t.root.Dir); err == nil {
		c := engines.Conclude(here, []engines.Result{r})
		if err := sim.RememberEngines(c); err != nil {
			t.report.Notes = append(t.report.Notes, err.Error())
		}
	}
}

// markConfirmed notes with a failure what its repetition was.
func (t *testRun) markConfirmed(f suite.Finished, what string) {
	for i := range t.report.Cases {
		if c := &t.report.Cases[i]; c.Case == f.Case.ID() {
			if run := c.Run(f.Seed); run != nil && run.Outcome != record.Pass {
				run.Confirmed = what
			}
		}
	}
}
