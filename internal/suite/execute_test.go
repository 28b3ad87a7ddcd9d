package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// fakeEngine ends runs after a random short time, with the outcome that fails says.
type fakeEngine struct {
	fails func(j sim.Job) bool
	judge func(j sim.Job) record.Verdict // in place of fails
	mu    sync.Mutex
	ran   []string
}

func (e *fakeEngine) Run(ctx context.Context, j sim.Job) sim.Result {
	e.mu.Lock()
	e.ran = append(e.ran, fmt.Sprintf("%s %d", j.Params.Case, j.Params.Seed))
	e.mu.Unlock()
	select {
	case <-ctx.Done():
		return sim.Result{Verdict: record.Verdict{Outcome: record.Inconclusive, Message: "interrupted"}}
	case <-time.After(rand.N(3 * time.Millisecond)):
	}
	v := record.Verdict{Outcome: record.Pass, Time: time.Second}
	if e.judge != nil {
		return sim.Result{Verdict: e.judge(j)}
	}
	if e.fails(j) {
		v.Outcome, v.Rule = record.Fail, "no agreement"
	}
	return sim.Result{Verdict: v, Hash: fmt.Sprint(j.Params), Virtual: 2 * time.Second, CPU: time.Second / 4}
}

func jobOf(c Case, seed uint64) sim.Job {
	return sim.Job{Test: c.Test, Params: record.Params{Case: c.ID(), Seed: seed}}
}

func seeds(n uint64) []uint64 {
	var s []uint64
	for i := range n {
		s = append(s, i+1)
	}
	return s
}

func items(n uint64) []Item {
	var all []Item
	for _, c := range sampleCases() {
		all = append(all, Item{c, seeds(n)})
	}
	return all
}

func noReplay(c Case, seed uint64) string {
	return fmt.Sprintf("raftlab replay %s --seed %d", c.ID(), seed)
}

func TestPlanStartsLongCasesFirst(t *testing.T) {
	costs := Costs{"2A/InitialElection": 1, "2B/Rejoin": 9}
	runs := Plan(items(2), jobOf, costs)
	require.Len(t, runs, 16)
	assert.Equal(t, "2B/Rejoin", runs[0].Case.ID(), "the most expensive first")
	assert.Equal(t, "2A/InitialElection", runs[7].Case.ID(), "the cheapest last")
	for i, r := range runs {
		assert.Equal(t, uint64(1+i/8), r.Seed, "first seeds before second ones")
	}
}

// What is reported must not depend on how many runs go on at once.
func TestExecuteIsIndependentOfWorkers(t *testing.T) {
	fails := func(j sim.Job) bool {
		return j.Params.Case == "2A/ReElection" && (j.Params.Seed == 3 || j.Params.Seed == 4) || j.Params.Case == "3A/Basic" && j.Params.Seed == 7
	}
	var want []CaseResult
	for _, workers := range []int{1, 2, 8, 64} {
		runs := Plan(items(8), jobOf, Costs{})
		finished := Execute(t.Context(), &fakeEngine{fails: fails}, workers, runs, Hooks{Stop: StopAtFailure})
		r := &Report{Status: Complete}
		r.AddCases(items(8), finished, noReplay)
		if want == nil {
			want = r.Cases
			assert.Equal(t, 2, len(r.Failed()))
			assert.Equal(t, uint64(3), r.Cases[1].FirstFailing)
			assert.Len(t, r.Cases[1].Runs, 3, "a case stops at its first failing seed")
			assert.Equal(t, 2, r.Cases[1].Passed)
			assert.Equal(t, 30, r.Points, "6 of 8 cases, 5 points each")
			assert.Equal(t, ExitFailed, r.ExitCode())
		}
		assert.Equal(t, want, r.Cases, "%d workers", workers)
	}
}

func TestKeepGoing(t *testing.T) {
	even := func(j sim.Job) bool { return j.Params.Seed%2 == 0 }
	finished := Execute(t.Context(), &fakeEngine{fails: even}, 4, Plan(items(6), jobOf, Costs{}), Hooks{})
	r := &Report{}
	r.AddCases(items(6), finished, noReplay)
	assert.Len(t, r.Cases[0].Runs, 6)
	assert.Equal(t, uint64(2), r.Cases[0].FirstFailing)
	assert.Equal(t, []uint64{4, 6}, r.Cases[0].AlsoFailing())
}

func TestProgressCountsWhatIsLeft(t *testing.T) {
	var last Progress
	var seen int
	hooks := Hooks{Stop: StopAtFailure, Done: func(f Finished, p Progress) {
		last = p
		seen++
		assert.LessOrEqual(t, p.Done, p.Total)
	}}
	fails := func(j sim.Job) bool { return j.Params.Case == "2B/Rejoin" }
	Execute(t.Context(), &fakeEngine{fails: fails}, 2, Plan(items(5), jobOf, Costs{}), hooks)
	assert.Equal(t, 7*5+1, last.Total, "the four other seeds of the failing case are not counted")
	assert.Equal(t, last.Total, last.Done)
	assert.Equal(t, 1, last.Failed)
	assert.Zero(t, last.LeftCost)
	assert.Equal(t, last.Total, seen)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := 0
	hooks := Hooks{Done: func(Finished, Progress) {
		if done++; done == 5 {
			cancel()
		}
	}}
	engine := &fakeEngine{fails: func(sim.Job) bool { return false }}
	finished := Execute(ctx, engine, 3, Plan(items(4), jobOf, Costs{}), hooks)
	r := &Report{Status: Interrupted}
	r.AddCases(items(4), finished, noReplay)
	runs := 0
	for _, c := range r.Cases {
		runs += len(c.Runs)
		assert.Contains(t, []record.Outcome{Incomplete, NotRun, record.Pass}, c.Outcome, "nobody is blamed for Ctrl-C")
	}
	assert.GreaterOrEqual(t, runs, 5)
	assert.Less(t, runs, 32)
	assert.Less(t, len(engine.ran), 32, "nothing starts after the interruption")
	assert.Equal(t, ExitInterrupted, r.ExitCode())
}

func TestGroupsCanSpanCases(t *testing.T) { // as for a mutant, which one kill is enough for
	runs := Plan(items(3), jobOf, Costs{})
	for i := range runs {
		runs[i].Group = "mutant"
	}
	fails := func(j sim.Job) bool { return j.Params.Case == "2C/Swarm" }
	finished := Execute(t.Context(), &fakeEngine{fails: fails}, 4, runs, Hooks{Stop: StopAtFailure})
	for i, f := range finished {
		want := Ran
		if i > 5 {
			want = Dropped
		}
		assert.Equal(t, want, f.State, i)
	}
}

func TestCostsLearn(t *testing.T) {
	costs := Costs{"2A/ReElection": 1}
	finished := Execute(t.Context(), &fakeEngine{fails: func(sim.Job) bool { return false }}, 2, Plan(items(1), jobOf, costs), Hooks{})
	costs.Learn(finished)
	assert.Equal(t, 0.25, costs["2B/Rejoin"])
	assert.Equal(t, 0.625, costs["2A/ReElection"])
	assert.Equal(t, 0.25, costs.Of(sampleCases()[2]))
}
