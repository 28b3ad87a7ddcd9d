// Package compare runs experiments (package experiment) in the engine, on several peers and with
// several seeds, and sums up what they measured: a median and the spread, as Markdown and as JSON.
//
// All numbers are of virtual time and of counted messages, so that they are the same on every
// machine; nothing here says how fast anybody's code is.
//
// Contents: [Run] (this file), [Log], by which it goes on after an interruption (log.go), [Report]
// and its forms for programs and terminals (report.go), what the numbers say of each variant
// (findings.go), and the page for the browser (page.go).
package compare

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/kvapi"
)

// Subject is a kind of peer, or a service, under comparison.
type Subject struct {
	Name  string
	Given string // the directory, as --impl has it; "" if that is the name
	Build sim.Build

	// Package is what Build builds: [experiment.Peers], which runs with this project's services and
	// is also what "" means, or somebody's service.
	Package string
	// Ignores says which fields of its options (kvapi.Options) a service never looks at: variants
	// that ask for something there would measure something else.
	Ignores []string

	// Untested says that the peer may well be wrong: that it does not get through a trial is a
	// result then, and no error.
	Untested bool

	// Whole says that the peer always has most extensions: the paper with a single one of them it
	// is not asked for.
	Whole bool
}

// Options say what to run.
type Options struct {
	Subjects []Subject
	Seeds    []uint64
	Settings string // as experiment.Experiment.Sweep takes them
	Workers  int
	Log      *Log         // what was measured before; may be nil
	Progress func(string) // is told what is going on; never nil
}

// Run runs one experiment on all subjects. The error says what could not be built or run; a
// violation of safety in a trial is one, too. Where some trials have ended well there is a report
// all the same: it says of the others that they failed, or, after ctx has ended, that they did not
// run.
func Run(ctx context.Context, x experiment.Experiment, o Options) (*Report, error) {
	pool, err := sim.NewPool(o.Workers)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	traces, remove, err := sim.TempDir()
	if err != nil {
		return nil, err
	}
	defer remove()

	sweep, err := x.Sweep(o.Settings)
	if err != nil {
		return nil, err
	}
	report, err := newReport(x, sweep, o)
	if err != nil {
		return nil, err
	}
	var trials []*trial
	var unbuilt error
	for _, s := range o.Subjects {
		if !s.fits(x) {
			if s.Untested {
				o.Progress(x.Name + " does not measure " + s.Name)
			}
			continue
		}
		binary, err := build(ctx, s, o.Progress)
		if err != nil {
			if !s.Untested || ctx.Err() != nil {
				return nil, err
			}
			unbuilt = errors.Join(unbuilt, err) // the others can still be measured
		}
		for _, v := range x.Variants {
			if v.OfPaper && s.Whole {
				continue
			}
			for _, p := range sweep.Points {
				for _, seed := range o.Seeds {
					trials = append(trials, &trial{subject: s.Name, untested: s.Untested, experiment: x, variant: v, point: p, seed: seed, instead: s.instead(v, err), job: sim.Job{
						Binary: binary, Test: experiment.Test,
						Params: record.Params{Case: experiment.CaseName(x, v), Seed: seed},
						Env:    []string{experiment.SetVariable + "=" + p.Set},
						Wall:   wall,
						Trace:  filepath.Join(traces, fmt.Sprintf("%d.jsonl", len(trials))),
					}})
				}
			}
		}
	}
	runAll(ctx, pool, trials, o)
	err = errors.Join(unbuilt, lost(ctx, trials))
	report.add(x, trials)
	report.Findings = report.findings()
	return report, err
}

// lost is the error of trials that have not ended well, if there are such.
func lost(ctx context.Context, trials []*trial) (err error) {
	n := 0
	for _, t := range trials {
		switch {
		case t.err == nil:
			continue
		case ctx.Err() != nil:
			t.without("not run", t.err)
		default:
			t.without(failedTrial, t.err)
		}
		if n++; n == 1 {
			err = fmt.Errorf("%s, %s on %s, seed %d: %w", t.experiment.Name, t.variant.Name, t.subject, t.seed, t.err)
		}
	}
	if n > 1 {
		err = fmt.Errorf("%d of %d trials did not end well; the first: %w", n, len(trials), err)
	}
	return err
}

// fits says whether the experiment can measure the subject: peers are in all of them.
func (s Subject) fits(x experiment.Experiment) bool {
	return s.Package == "" || s.Package == experiment.Peers || s.Package == x.Of
}

// ignored says what the variant asks for in vain; "" if there is nothing.
func (s Subject) ignored(v experiment.Variant) string {
	switch {
	case len(v.Extensions) > 0 && slices.Contains(s.Ignores, "Extensions"):
		return "Extensions"
	case v.Reads != "" && v.Reads != kvapi.ReadLog && slices.Contains(s.Ignores, "Reads"):
		return "Reads"
	}
	return ""
}

// instead is what stands in place of the variant's numbers where it cannot run, or would measure
// something else; nil if it can.
func (s Subject) instead(v experiment.Variant, unbuilt error) *experiment.Measured {
	if unbuilt != nil {
		return &experiment.Measured{Short: "not built", Why: inOneLine(unbuilt.Error())}
	}
	if field := s.ignored(v); field != "" {
		return &experiment.Measured{Short: "not asked",
			Why: "it never looks at the " + field + " of its kvapi.Options, so that it would be measured without them"}
	}
	return nil
}

// inOneLine puts lines behind each other, with a semicolon between them unless one leads to the next.
func inOneLine(s string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
			continue
		case strings.HasSuffix(b.String(), ":"):
			b.WriteString(" ")
		case b.Len() > 0:
			b.WriteString("; ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// build compiles the peer of a subject together with the experiments.
func build(ctx context.Context, s Subject, progress func(string)) (*sim.Binary, error) {
	progress("building " + s.Name)
	b := s.Build
	// Some seeds interrupt goroutines of the package raft where they synchronize. The reference would
	// be slower with these, and etcd's library, which stands outside of that package, would not.
	b.NoYield = true
	of := cmp.Or(s.Package, experiment.Peers)
	if b.Edits = maps.Clone(b.Edits); b.Edits == nil {
		b.Edits = map[string][]byte{}
	}
	b.Edits[of+"/lab_test.go"] = []byte(experiment.TestFiles[of])
	binary, err := b.Binary(ctx, progress)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", s.Name, err)
	}
	return binary, nil
}

// wall is how long a trial may take by the wall clock. It is only for a machine that has much else
// to do: what a trial says does not depend on it.
const wall = 20 * time.Minute

// trial is one run.
type trial struct {
	subject    string
	untested   bool
	experiment experiment.Experiment
	variant    experiment.Variant
	point      experiment.Point
	seed       uint64
	instead    *experiment.Measured // of numbers, if it does not run
	job        sim.Job

	values map[string]experiment.Measured // by metric
	hash   string
	err    error
}

// runAll runs the trials, as many at once as there are workers.
func runAll(ctx context.Context, pool *sim.Pool, trials []*trial, o Options) {
	var all sync.WaitGroup
	var mu sync.Mutex
	done := 0
	free := make(chan struct{}, max(o.Workers, 1))
	for _, t := range trials {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			switch {
			case t.instead != nil: // which the log does not know: it is no matter of the source alone
				t.note(*t.instead)
			case !o.Log.recall(t):
				t.run(ctx, pool)
				o.Log.keep(t)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; done%20 == 0 || done == len(trials) {
				o.Progress(fmt.Sprintf("%s: %d of %d trials", t.experiment.Name, done, len(trials)))
			}
		})
	}
	all.Wait()
}

func (t *trial) run(ctx context.Context, pool *sim.Pool) {
	if t.err = ctx.Err(); t.err != nil {
		return
	}
	result := pool.Run(ctx, t.job)
	defer os.Remove(t.job.Trace) // it may be large
	t.hash = result.Hash
	if v := result.Verdict; v.Outcome != record.Pass {
		t.failed(v)
		return
	}
	t.values, t.err = readMeasures(t.job.Trace)
}

// failed notes a trial that did not end well.
func (t *trial) failed(v record.Verdict) {
	why := fmt.Errorf("%s: %s", v.Outcome, v.Message)
	if !t.untested || v.Outcome == record.FrameworkError {
		t.err = why
		return
	}
	t.without(failedTrial, why)
}

// failedTrial stands in place of the numbers of a trial that did not end well.
const failedTrial = "failed"

// without notes why a trial has no numbers, in short and in full.
func (t *trial) without(short string, why error) {
	t.note(experiment.Measured{Short: short, Why: fmt.Sprintf("%s, seed %d: %v", t.variant.Name, t.seed, why)})
}

// note has the same stand for all metrics.
func (t *trial) note(m experiment.Measured) {
	t.values = map[string]experiment.Measured{}
	for _, of := range t.experiment.Metrics {
		m.Metric = of.Name
		t.values[of.Name] = m
	}
}

// readMeasures finds the notes of experiment.Trial.Measure in a trace.
func readMeasures(path string) (map[string]experiment.Measured, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	values := map[string]experiment.Measured{}
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadString('\n')
		if strings.Contains(line, `"k":"`+string(record.Note)+`"`) {
			var e record.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				return nil, fmt.Errorf("read the trace: %w", err)
			}
			if m, ok := experiment.ParseMeasured(e.Text); ok {
				values[m.Metric] = m
			}
		}
		if errors.Is(err, io.EOF) {
			return values, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the trace: %w", err)
		}
	}
}
