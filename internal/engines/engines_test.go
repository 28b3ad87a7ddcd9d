package engines

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

// TestSample is some of what an installation makes, and doctor --engines in CI: the odd peer's runs
// are the same in both engines.
func TestSample(t *testing.T) {
	cases := slices.DeleteFunc(suite.Cases(labs.All()), func(c suite.Case) bool {
		return c.ID() != "2A/InitialElection" && c.ID() != "2C/CrashAtWrites"
	})
	s := Sampling{Framework: filepath.Join("..", ".."), Cases: cases, Workers: 1, Building: func(what string) { t.Log(what) }}
	results, notes, err := s.Sample(context.Background())
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Len(t, results, len(sampleSeeds)*len(cases))
	long := 0
	for _, r := range results {
		require.True(t, r.Judged(), r.Difference())
		require.True(t, r.Equal(), r.Difference())
		if r.Sides.Native.Outcome == record.Pass {
			long++
		}
	}
	require.Equal(t, len(results), long, "a peer that fails at once would show nothing")
	c := Conclude(sim.Engines{Key: "k"}, results)
	require.True(t, c.Equal())
	require.Equal(t, len(results), c.Runs)
}

// fakeEngine makes runs out of nothing: native ones of seed 3 have other events.
type fakeEngine struct{ runs int }

func (f *fakeEngine) Run(_ context.Context, j sim.Job) sim.Result {
	f.runs++
	r := sim.Result{Hash: "h", Verdict: record.Verdict{Outcome: record.Pass}}
	if j.Params.Seed == 3 && j.Binary.Native {
		r.Hash = "other"
	}
	if j.Params.Seed == 4 {
		r.Verdict.Outcome = record.Ungraded
	}
	return r
}

func fakePairs() (pairs []Pair) {
	for seed := range uint64(4) {
		p := Pair{Group: "g", Peer: "p", Seed: seed + 1}
		p.Native = sim.Job{Binary: &sim.Binary{ID: "n", Native: true}, Params: record.Params{Seed: p.Seed}}
		p.Wasm = sim.Job{Binary: &sim.Binary{ID: "w"}, Params: record.Params{Seed: p.Seed}}
		pairs = append(pairs, p)
	}
	return pairs
}

func TestDifferencesAreFound(t *testing.T) {
	results := Compare(context.Background(), &fakeEngine{}, 1, fakePairs(), nil, nil)
	different, unjudged := Differences(results)
	require.Len(t, different, 1)
	require.EqualValues(t, 3, different[0].Seed)
	require.Len(t, unjudged, 1)
	c := Conclude(sim.Engines{}, results)
	require.False(t, c.Equal())
	require.Contains(t, c.Differs, "seed 3")
	require.Equal(t, 3, c.Runs)
	require.False(t, Conclude(sim.Engines{}, nil).Equal(), "nothing was compared")
	var b strings.Builder
	require.NoError(t, WriteTable(&b, results))
	require.Contains(t, b.String(), "2/4")
	require.Contains(t, b.String(), "different: p, ")
}

// TestLogGoesOn: what was compared is not compared again, unless the code is another one; a line
// that was cut off is.
func TestLogGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	compare := func(pairs []Pair) (runs, found int) {
		log, err := OpenLog(file)
		require.NoError(t, err)
		engine := &fakeEngine{}
		results := Compare(context.Background(), engine, 1, pairs, log, nil)
		different, _ := Differences(results)
		require.Len(t, different, 1)
		require.NoError(t, log.Close())
		return engine.runs, log.Found()
	}
	runs, found := compare(fakePairs())
	require.Equal(t, []int{8, 0}, []int{runs, found})
	runs, found = compare(fakePairs()) // the one without a judgement is tried again
	require.Equal(t, []int{2, 3}, []int{runs, found})
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text[:len(text)-10], 0o644))
	runs, found = compare(fakePairs())
	require.Equal(t, []int{4, 2}, []int{runs, found})
	other := fakePairs()
	for i := range other {
		other[i].Native.Binary = &sim.Binary{ID: "n2", Native: true}
	}
	runs, _ = compare(other)
	require.Equal(t, 8, runs)
}
