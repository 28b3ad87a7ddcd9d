package grade

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

const (
	// toldWidth is how wide the lines of a told failure are.
	toldWidth = 110
	// maxTrace is how many bytes of events are kept of one failure.
	maxTrace = 16 << 20
)

// job is one run.
func (g *grading) job(k suite.Case, seed uint64) sim.Job {
	return g.options(g.record.Contract).Job(g.binaries[k.Package], k, seed)
}

// explain looks more closely at some failures: of each part one of each kind, as many as the policy
// tells. It runs them again for their events, which also shows that they can be repeated.
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
			seen[k.Part], f.ToDos = true, suite.ToDosOf(toDos, k.Own().Part)
		}
		told := Told{Case: k.ID(), N: run.N}
		f.Events, told.Trace, f.Remark = g.repeat(g.job(k, run.Seed), run)
		told.Lines = f.Lines()[1:] // the first line names the seed
		g.record.Told = append(g.record.Told, told)
	}
}

// repeat runs a failure again and returns its events, and whether they are kept in a file.
func (g *grading) repeat(j sim.Job, run Run) ([]record.Event, bool, string) {
	j.CPU = suite.TooLong
	kept := false
	again, events, ok := suite.Again(g.limit, g.Engine, j, run.Hash, func(trace string) {
		kept = keepTrace(trace, traceFile(g.Out, g.entry.File, run.Case)) == nil
	})
	if ok && again.Hash != run.Hash {
		return nil, false, "running it again gave another run: please report this as a fault of raftlab"
	}
	return events, kept, ""
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
