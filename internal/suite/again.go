package suite

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

// TooLong is the processor time of a run above which it is not run again for its events. It is not
// wall-clock time: how busy a machine is must not decide what a failure tells.
const TooLong = 20 * time.Second

// Job is the engine's job for one run by these options. b is the test binary of the case's package.
func (o Options) Job(b *sim.Binary, c Case, seed uint64) sim.Job {
	return sim.Job{
		Binary: b, Test: c.Test, Env: o.Env, MemoryLimit: o.MemoryLimit, CPU: time.Duration(o.CPU * float64(time.Second)),
		Params: record.Params{Case: c.Own().ID(), Seed: seed, Strict: o.Strict, With: o.With, Contract: o.Contract, Scenario: o.Scenario},
	}
}

// Again makes a run again for its events, which also shows that it can be repeated. ok is false if
// it was not made: it was interrupted, it came to no verdict, or there was no place for its trace. There are no events if
// it was another run than the one with the trace hash was. If all of them could be read, keep is
// called with the file of the trace, before it goes; it may be nil.
func Again(ctx context.Context, engine Engine, j sim.Job, was string, keep func(trace string)) (r sim.Result, events []record.Event, ok bool) {
	dir, remove, err := sim.TempDir()
	if err != nil {
		return r, nil, false
	}
	defer remove()
	j.Trace, j.Params.Detail = filepath.Join(dir, "trace"), true // neither changes the run
	r = engine.Run(ctx, j)
	if ctx.Err() != nil || !r.Verdict.Outcome.Decided() {
		return r, nil, false
	}
	if r.Hash != was {
		return r, nil, true
	}
	f, err := os.Open(j.Trace)
	if err != nil {
		return r, r.LastEvents, true
	}
	defer f.Close()
	events, err = timeline.Read(f)
	if err != nil || len(events) == 0 {
		return r, r.LastEvents, true
	}
	if keep != nil {
		keep(j.Trace)
	}
	return r, events, true
}
