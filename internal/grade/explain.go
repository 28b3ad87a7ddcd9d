package grade

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

const (
	// tooLong is the wall-clock time of a run above which it is not run again for its events.
	tooLong = 20 * time.Second
	// toldWidth is how wide the lines of a told failure are.
	toldWidth = 110
	// maxTrace is how many bytes of events are kept of one failure.
	maxTrace = 16 << 20
)

// job is one run.
func (g *grading) job(k suite.Case, seed uint64) sim.Job {
	o := g.Options
	return sim.Job{Binary: g.binaries[k.Package], Test: k.Test, MemoryLimit: o.MemoryLimit, CPU: time.Duration(o.CPU * float64(time.Second)),
		Params: record.Params{Case: k.ID(), Seed: seed, Strict: o.Strict, With: o.With, Contract: o.Contract}}
}

// explain looks more closely at some failures: of each part one of each kind, as many as the policy tells. It runs
// them again for their events, which also shows that they can be repeated.
func (g *grading) explain() {
	os.RemoveAll(filepath.Dir(traceFile(g.Out, g.entry.File, "")))
	g.record.Told = nil
	seen := map[string]bool{}
	toDos := g.code.ToDos()
	for _, k := range g.cases {
		if len(g.record.Told) >= g.Policy.Feedback.Most || g.limit.Err() != nil {
			return
		}
		i := slices.IndexFunc(g.record.Runs, func(r Run) bool { return r.Case == k.ID() && r.Outcome != record.Pass && r.Outcome.Decided() })
		if i < 0 {
			continue
		}
		run := g.record.Runs[i]
		if kind := k.Part + groupOf(run); seen[kind] {
			continue
		} else {
			seen[kind] = true
		}
		f := suite.Failure{Case: k, Run: run.result(), Packages: g.code.Packages(k), Show: g.code.Show, Width: toldWidth}
		if !seen[k.Part] { // once will do
			seen[k.Part], f.ToDos = true, suite.ToDosOf(toDos, k.Part)
		}
		told := Told{Case: k.ID(), N: run.N}
		f.Events, told.Trace, f.Remark = g.repeat(g.job(k, run.Seed), run)
		told.Lines = f.Lines()[1:] // the first line names the seed
		g.record.Told = append(g.record.Told, told)
	}
}

// repeat runs a failure again and returns its events, and whether they are kept in a file.
func (g *grading) repeat(j sim.Job, run Run) ([]record.Event, bool, string) {
	dir, remove, err := sim.TempDir()
	if err != nil {
		return nil, false, ""
	}
	defer remove()
	ctx, cancel := context.WithTimeout(g.limit, tooLong)
	defer cancel()
	j.Trace, j.Params.Detail = filepath.Join(dir, "trace"), true // neither changes the run
	again := g.Engine.Run(ctx, j)
	switch {
	case ctx.Err() != nil:
		return nil, false, ""
	case again.Hash != run.Hash:
		return nil, false, "running it again gave another run: please report this as a fault of raftlab"
	}
	f, err := os.Open(j.Trace)
	if err != nil {
		return again.LastEvents, false, ""
	}
	defer f.Close()
	events, err := timeline.Read(f)
	if err != nil || len(events) == 0 {
		return again.LastEvents, false, ""
	}
	return events, keepTrace(j.Trace, traceFile(g.Out, g.entry.File, run.Case)) == nil, ""
}

// keepTrace packs a trace into the student's directory.
func keepTrace(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || info.Size() > maxTrace {
		return errors.Join(err, errors.New("the trace is too large to be kept"))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out) // without a name or a time: equal traces give equal files
	_, err = io.Copy(z, in)
	return errors.Join(err, z.Close(), out.Close())
}
