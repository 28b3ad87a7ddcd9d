package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// Run returns the result of one seed, or nil.
func (c CaseResult) Run(seed uint64) *RunResult {
	for i := range c.Runs {
		if c.Runs[i].Seed == seed {
			return &c.Runs[i]
		}
	}
	return nil
}

// AlsoFailing returns the seeds that failed beside the first one; there are some after
// --keep-going.
func (c CaseResult) AlsoFailing() []uint64 {
	var seeds []uint64
	for _, run := range c.Runs {
		if run.Outcome != record.Pass && run.Outcome != record.NotChecked && run.Seed != c.FirstFailing {
			seeds = append(seeds, run.Seed)
		}
	}
	return seeds
}

// Judged is how many operations of clients were in histories that a checker found linearizable, and
// in how many runs.
func (r *Report) Judged() (operations, runs int) {
	for _, c := range r.Cases {
		for _, run := range c.Runs {
			if run.Judged > 0 {
				operations, runs = operations+run.Judged, runs+1
			}
		}
	}
	return operations, runs
}

// Failed returns the cases that did not pass although they ran or should have been built, those
// without a judgement among them.
func (r *Report) Failed() []CaseResult {
	var failed []CaseResult
	for _, c := range r.Cases {
		switch c.Outcome {
		case record.Pass, record.NotChecked, NotRun, Incomplete:
		default:
			failed = append(failed, c)
		}
	}
	return failed
}

// Exit codes of the command line.
const (
	ExitPassed      = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitFramework   = 3   // no judgement on the code: the framework failed, or a run was ungraded, inconclusive or not checked
	ExitInterrupted = 130 // 128 + SIGINT
)

// ExitCode is what the command ends with. An interruption comes first, then the framework's own
// failures, because with either of them the report is not the whole truth.
func (r *Report) ExitCode() int {
	if r.Status == Interrupted {
		return ExitInterrupted
	}
	code, unchecked := ExitPassed, false
	if r.Status == Broke {
		code = ExitFramework
	}
	for _, c := range r.Cases {
		switch {
		case !c.Outcome.Decided():
			code = ExitFramework
		case c.Outcome == record.NotChecked:
			unchecked = true
		case c.Outcome != record.Pass, r.Options.RequireReached && len(c.NotReached) > 0:
			code = max(code, ExitFailed)
		}
	}
	if unchecked && code == ExitPassed {
		return ExitFramework
	}
	return code
}

// Unchecked is how many cases the code under test cannot be given what they need for.
func (r *Report) Unchecked() (n int) {
	for _, c := range r.Cases {
		if c.Outcome == record.NotChecked {
			n++
		}
	}
	return n
}

// Save writes the report to files, as JSON and as JUnit XML; an empty path means no file.
func (r *Report) Save(jsonPath, junitPath string) error {
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{{jsonPath, r.WriteJSON}, {junitPath, r.WriteJUnit}} {
		if f.path == "" {
			continue
		}
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
		if err := WriteFile(f.path, b.Bytes()); err != nil {
			return fmt.Errorf("the results could not be kept: %w; name a file for them where there is room, and run the command again", err)
		}
	}
	return nil
}

// WriteJSON writes the report as one JSON document.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(plain.Strings(r))
}
