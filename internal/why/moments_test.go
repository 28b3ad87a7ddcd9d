package why_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/internal/why"
	"raftlab/labs"
)

var measured = flag.Bool("mutants", false, "with TestKnownMoments: find them on wrong peers, which takes a minute of processor time")

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

// fatal are wrong peers, runs that kill them, and the moment after which nothing could save the
// run: the first event for which is holds.
var fatal = []struct {
	mutant, id string
	seed       uint64
	why        string
	is         func(e, lost record.Event) bool
}{
	{"votes-twice", "2A/ReElection", 1, "the candidate that gets the second vote has drawn the timeout with which it will stand",
		func(e, _ record.Event) bool {
			return e.Kind == record.Sent && strings.HasPrefix(e.Detail, "{Term:8 CandidateId:1 ")
		}},
	{"compares-length-only", "2B/LeadersFail", 1, "the old leader with the longer log hears of a newer term, steps down, and draws its timeout",
		func(e, _ record.Event) bool {
			return e.Kind == record.Replied && e.Peer == 0 && e.Method == "Raft.AppendEntries" && strings.HasPrefix(e.Detail, "{Term:2 Success:false ")
		}},
	{"ignores-prev-term", "2B/LeadersFail", 1, "the network is whole again: entries arrive that fit behind what a follower has, but for the term",
		func(e, lost record.Event) bool {
			return e.Kind == record.Heal && lost.Time-e.Time < 500*time.Millisecond
		}},
}

func TestKnownMoments(t *testing.T) {
	if !*measured {
		t.Skip("it takes a minute of processor time: -mutants")
	}
	root := filepath.Join("..", "..")
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool {
		for _, f := range fatal {
			if f.mutant == s.Name {
				return false
			}
		}
		return true
	})
	edits, err := mutation.Bundle(root, mutation.PeerPackage, all)
	require.NoError(t, err)
	b, err := sim.Build{Framework: root, Package: mutation.PeerPackage, Edits: edits, Native: true}.Binary(context.Background(), func(string) {})
	require.NoError(t, err)
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{mutation.PeerPackage: b}}
	for _, f := range fatal {
		s := all[slices.IndexFunc(all, func(s mutation.Subject) bool { return s.Name == f.mutant })]
		c := hunt.Cases[slices.IndexFunc(hunt.Cases, func(c suite.Case) bool { return c.ID() == f.id })]
		j := hunt.Job(s, c, f.seed)
		j.Trace = filepath.Join(t.TempDir(), "trace")
		j.Params.Detail = true
		was := pool.Run(context.Background(), j)
		require.Equal(t, record.Fail, was.Verdict.Outcome)
		file, err := os.Open(j.Trace)
		require.NoError(t, err)
		events, err := timeline.Read(file)
		file.Close()
		require.NoError(t, err)
		search := why.Search{Workers: 1, Times: []time.Duration{0}, Run: func(ctx context.Context, from time.Duration, salt uint64) why.Outcome {
			j := hunt.Job(s, c, f.seed)
			j.Params.Anew, j.Params.Salt = max(from, 1), salt
			switch v := pool.Run(ctx, j).Verdict; {
			case v.Outcome == record.Pass:
				return why.Passes
			case v.Rule == was.Verdict.Rule:
				return why.Fails
			}
			return why.Differs
		}}
		for _, e := range events {
			if e.Time > search.Times[len(search.Times)-1] && e.Time < was.Verdict.Time {
				search.Times = append(search.Times, e.Time)
			}
		}
		moment := time.Duration(0)
		for _, e := range events {
			if moment == 0 && f.is(e, events[len(events)-1]) {
				moment = e.Time
			}
		}
		before, after, ok := why.Jump(search.Curve(context.Background()))
		t.Logf("%s in %s: %s, at %v; the jump is from %+v to %+v", f.mutant, f.id, f.why, moment, before, after)
		assert.True(t, ok, "there is a jump")
		assert.LessOrEqual(t, before.At, moment, f.why)
		assert.GreaterOrEqual(t, after.At, moment, f.why)
	}
}
