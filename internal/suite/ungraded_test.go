package suite

import (
	"bytes"
	"context"
	"encoding/xml"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/junit"
	"raftlab/internal/record"
	"raftlab/internal/sim"
)

func ungraded(c Case, seed uint64) Finished {
	return Finished{Run: Run{Case: c, Seed: seed}, State: Ran, Result: sim.Result{CPU: 20 * time.Second,
		Verdict: record.Verdict{Outcome: record.Ungraded, Rule: "processor time", Message: "a person decides"}}}
}

// A run without a judgement takes no points away, and gives none: the total is a range.
func TestUngradedIsARange(t *testing.T) {
	all := items(1)
	var finished []Finished
	for i, item := range all {
		f := ungraded(item.Case, 1)
		if i > 1 {
			f.Result.Verdict = record.Verdict{Outcome: record.Pass}
		}
		finished = append(finished, f)
	}
	finished[2].Result.Verdict = record.Verdict{Outcome: record.Fail, Rule: "no agreement"}
	r := &Report{Status: Complete}
	r.AddCases(all, finished, noReplay)
	assert.Equal(t, []int{25, 35, 40}, []int{r.Points, r.UpperPoints, r.MaxPoints})
	assert.Equal(t, ExitFramework, r.ExitCode())
	assert.Len(t, r.Undecided(), 2)

	var b bytes.Buffer
	require.NoError(t, WriteTable(&b, r, 0))
	for _, want := range []string{"0-5/5", "25-35/40", "1 failed 2 without a verdict", "ungraded: processor time",
		"no verdict on 2 cases: 25-35 points of 40, and only a person can release more than 25"} {
		assert.Contains(t, b.String(), want)
	}
	b.Reset()
	require.NoError(t, r.WriteJUnit(&b))
	var x junit.Suites
	require.NoError(t, xml.Unmarshal(b.Bytes(), &x))
	assert.Equal(t, []int{1, 2}, []int{x.Failures, x.Errors})
	assert.Contains(t, x.Suites[0].Cases[0].Error.Text, "a person decides on 5 points")
	assert.Contains(t, x.Suites[0].Cases[0].Properties, junit.Property{Name: "upperPoints", Value: "5"})
	assert.Contains(t, x.Suites[0].Properties, junit.Property{Name: "points", Value: "0-10"})

	f := Failure{Case: all[0].Case, Run: r.Cases[0].Runs[0], Show: func(s string) string { return s }}
	assert.Equal(t, "NO VERDICT 2A/InitialElection, seed 1: ungraded: processor time", f.Lines()[0])
}

// A fault outweighs a run without a judgement: it is the same on every machine.
func TestFailureBeatsUngraded(t *testing.T) {
	item := items(2)[0]
	failed := ungraded(item.Case, 2)
	failed.Result.Verdict = record.Verdict{Outcome: record.Fail}
	r := &Report{}
	r.AddCases([]Item{item}, []Finished{ungraded(item.Case, 1), failed}, noReplay)
	assert.Equal(t, record.Fail, r.Cases[0].Outcome)
	assert.Zero(t, r.UpperPoints)
	assert.Equal(t, ExitFailed, r.ExitCode())
}

// slowEngine ends every run as ungraded.
type slowEngine struct{ fakeEngine }

func (e *slowEngine) verdict(sim.Job) record.Verdict {
	return record.Verdict{Outcome: record.Ungraded}
}

// waiting holds back one run until another one has ended.
type waiting struct {
	slowEngine
	held  Run
	until chan struct{}
}

func (e *waiting) Run(ctx context.Context, j sim.Job) sim.Result {
	if j.Params.Case == e.held.Case.ID() && j.Params.Seed == e.held.Seed {
		<-e.until
	}
	return e.slowEngine.Run(ctx, j)
}

// A run that was dropped is in no result, and so it is no reason to start no others: whoever reads
// the results sees as many ungraded runs as were counted.
func TestDroppedRunsAreNoReason(t *testing.T) {
	plan := ByCase(Plan(items(2), jobOf, Costs{}))
	require.Equal(t, plan[0].Case.ID(), plan[1].Case.ID())
	engine := &waiting{held: plan[0], until: make(chan struct{})}
	engine.judge = engine.verdict
	hooks := Hooks{Stop: StopAtFailure, MaxUngraded: 3, Done: func(f Finished, _ Progress) {
		if f.Case.ID() == plan[1].Case.ID() && f.Seed == plan[1].Seed {
			close(engine.until)
		}
	}}
	seen := 0
	finished := Execute(t.Context(), engine, 2, plan, hooks)
	for _, f := range finished {
		if f.State == Ran {
			seen++
		}
	}
	assert.Equal(t, Dropped, finished[1].State)
	assert.GreaterOrEqual(t, seen, 3)
	assert.Positive(t, CountSkipped(finished))
}

// Each ungraded run takes as long as a run may, so after some of them no other is started.
func TestNoMoreAfterUngradedRuns(t *testing.T) {
	engine := &slowEngine{}
	engine.judge = engine.verdict
	var last Progress
	hooks := Hooks{Stop: StopAtFailure, MaxUngraded: 3, Done: func(_ Finished, p Progress) { last = p }}
	finished := Execute(t.Context(), engine, 1, Plan(items(4), jobOf, Costs{}), hooks)
	assert.Len(t, engine.ran, 3)
	assert.Equal(t, Progress{Done: 3, Total: 3}, last)
	assert.Equal(t, 32-3-9, CountSkipped(finished), "three were dropped with each of the three cases")
	r := &Report{Status: Complete}
	r.AddCases(items(4), finished, noReplay)
	assert.Equal(t, 40, r.UpperPoints)
	skipped := 0
	for _, c := range r.Cases {
		assert.Equal(t, record.Ungraded, c.Outcome)
		if c.Reason != "" {
			skipped++
			assert.Empty(t, c.Runs)
		}
	}
	assert.Equal(t, 5, skipped)
	assert.Equal(t, ExitFramework, r.ExitCode())
}
