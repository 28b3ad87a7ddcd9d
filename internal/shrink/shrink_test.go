package shrink

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

// root is the checkout that this package is in.
var root = filepath.Join("..", "..")

// lab has mutants and the reference in one binary for the native engine, for each package of them.
type lab struct {
	pool     *sim.Pool
	hunt     mutation.Hunt
	cases    []suite.Case
	subjects []mutation.Subject
	cpu      time.Duration // that all runs took
	spent    func()        // if not nil, called when it has grown
}

func newLab(t *testing.T, choose func(mutation.Subject) bool) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds a test binary")
	}
	mutants, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	mutants = slices.DeleteFunc(mutants, func(s mutation.Subject) bool { return !choose(s) })
	require.NotEmpty(t, mutants)
	l := &lab{cases: suite.Cases(labs.All()), subjects: append(mutants, mutation.Subject{Name: "reference", Kind: mutation.Reference})}
	l.hunt = mutation.Hunt{Subjects: l.subjects, Cases: l.cases, Binaries: map[string]*sim.Binary{}}
	for _, s := range mutants {
		if l.hunt.Binaries[s.Package()] != nil {
			continue
		}
		edits, err := mutation.Bundle(root, s.Package(), l.subjects)
		require.NoError(t, err)
		l.hunt.Binaries[s.Package()], err = sim.Build{Framework: root, Package: s.Package(), Edits: edits, Native: true}.Binary(context.Background(), func(string) {})
		require.NoError(t, err)
	}
	l.pool, err = sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(l.pool.Close)
	return l
}

// run makes runs of one subject.
func (l *lab) run(t *testing.T, subject, id string, seed uint64) func(context.Context, string, string, time.Duration) sim.Result {
	t.Helper()
	s := l.subjects[slices.IndexFunc(l.subjects, func(s mutation.Subject) bool { return s.Name == subject })]
	c := l.cases[slices.IndexFunc(l.cases, func(c suite.Case) bool { return c.ID() == id })]
	return func(ctx context.Context, scenario, trace string, until time.Duration) sim.Result {
		j := l.hunt.Job(s, c, seed)
		j.Params.Scenario, j.Trace, j.Params.Detail, j.Params.Until = scenario, trace, trace != "", until
		r := l.pool.Run(ctx, j)
		l.cpu += r.CPU
		if l.spent != nil {
			l.spent()
		}
		return r
	}
}

func (l *lab) search(t *testing.T, subject, id string, seed uint64) (s *Search, was sim.Result) {
	t.Helper()
	run, reference := l.run(t, subject, id, seed), l.run(t, "reference", id, seed)
	s = &Search{Case: id, Seed: seed, Workers: 1, Run: run,
		Reference: func(ctx context.Context, scenario string) sim.Result { return reference(ctx, scenario, "", 0) }}
	return s, run(context.Background(), "", "", 0)
}

// A run in which everyone restarts, and a follower forgets its log, comes down to a few faults.
// What is left breaks the same rule every time, the reference passes it, and each single thing in
// it is needed.
func TestShrinksToWhatMatters(t *testing.T) {
	l := newLab(t, func(s mutation.Subject) bool { return s.Name == "follower-forgets-log" })
	s, was := l.search(t, "follower-forgets-log", "2C/EveryoneRestarts", 1)
	require.Equal(t, record.Fail, was.Verdict.Outcome)
	r, err := s.Shrink(context.Background(), was)
	require.NoError(t, err)
	t.Logf("after %d runs:\n%s", r.Runs, r.Text())
	require.True(t, r.Minimal)
	require.True(t, r.Smallest, "of six things all selections can be run")
	require.True(t, r.Reference)
	require.Less(t, len(r.Things), r.From)
	require.NotEmpty(t, r.Things, "without a restart nothing is forgotten")

	_, err = scenario.Parse(r.Text())
	require.NoError(t, err)
	again := s.Run(context.Background(), r.Text(), "", 0)
	require.Equal(t, r.Last.Hash, again.Hash, "the comments change nothing, and neither does asking again")
	require.Empty(t, again.Verdict.Unmatched)
	for _, one := range r.Things {
		without := slices.DeleteFunc(slices.Clone(r.Things), func(x Thing) bool { return x == one })
		require.False(t, s.try(context.Background(), without).ok, "%s is not needed", one.Line)
	}
	require.Contains(t, strings.Join(r.Story(), "\n"), "crashes")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, was = l.search(t, "follower-forgets-log", "2C/EveryoneRestarts", 1)
	_, err = s.Shrink(ctx, was)
	require.ErrorContains(t, err, "interrupted")
}

// A scenario that changes nothing leaves the run what it is, and keys that are not in a run are
// named.
func TestNothingAndTooMuch(t *testing.T) {
	l := newLab(t, func(s mutation.Subject) bool { return s.Name == "forgets-vote" })
	run := l.run(t, "reference", "2A/ReElection", 1)
	plain := run(context.Background(), "", "", 0)
	require.Equal(t, record.Pass, plain.Verdict.Outcome)
	same := run(context.Background(), "seed 1", "", 0)
	require.Equal(t, plain.Hash, same.Hash, "the case has no operations to tell of")
	odd := run(context.Background(), "leave out crash 99\nplay disconnect 1\nlose request 1 of 0->1", "", 0)
	require.Equal(t, []string{"leave out crash 99"}, odd.Verdict.Unmatched)
	require.NotEqual(t, plain.Hash, odd.Hash)
	wrong := run(context.Background(), "dance", "", 0)
	require.Equal(t, record.FrameworkError, wrong.Verdict.Outcome)
	require.Contains(t, wrong.Verdict.Message, "is no line of a scenario")
}

// A run is the sum of the things that its trace tells of, also of cuts that cut nothing new when
// they are made: in this case a peer's links are cut while it is disconnected, and stay so when it
// is connected again.
func TestSumOfThings(t *testing.T) {
	l := newLab(t, func(s mutation.Subject) bool { return s.Name == "forgets-vote" })
	s, was := l.search(t, "reference", "2B/OnlyRefusals", 2)
	events, first, err := s.traced(context.Background(), "seed 2")
	require.NoError(t, err)
	require.Equal(t, was.Virtual, first.Virtual)
	things := Things(events)
	require.True(t, slices.ContainsFunc(things, func(x Thing) bool { return x.Story == "links stay cut that others had cut before" }))
	s.all = things
	sum := s.Run(context.Background(), s.text(things), "", 0)
	require.Empty(t, sum.Verdict.Unmatched)
	require.Equal(t, first.Hash, sum.Hash, "all of it is brought back")
	s.subtract = true
	require.Equal(t, first.Hash, s.Run(context.Background(), s.text(things), "", 0).Hash, "nothing is taken away")
	require.Contains(t, s.text(things[1:]), "leave out ")
}

// Chance that is drawn anew from an instant on leaves what was before as it was.
func TestChanceAnew(t *testing.T) {
	l := newLab(t, func(s mutation.Subject) bool { return s.Name == "forgets-vote" })
	job := func(anew time.Duration, salt uint64) ([]record.Event, sim.Result) {
		s := &Search{Run: func(ctx context.Context, _, trace string, _ time.Duration) sim.Result {
			j := l.hunt.Job(l.subjects[len(l.subjects)-1], l.cases[slices.IndexFunc(l.cases, func(c suite.Case) bool { return c.ID() == "2B/LogsDiverge" })], 1)
			j.Params.Anew, j.Params.Salt, j.Trace = anew, salt, trace
			return l.pool.Run(ctx, j)
		}}
		events, r, err := s.traced(context.Background(), "")
		require.NoError(t, err)
		require.Equal(t, record.Pass, r.Verdict.Outcome)
		return events, r
	}
	plain, was := job(0, 0)
	from := plain[len(plain)/2].Time
	first, one := job(from, 1)
	_, again := job(from, 1)
	_, two := job(from, 2)
	require.Equal(t, one.Hash, again.Hash)
	require.NotEqual(t, was.Hash, one.Hash)
	require.NotEqual(t, one.Hash, two.Hash)
	same := 0
	for same < len(first) && plain[same] == first[same] {
		same++
	}
	require.GreaterOrEqual(t, plain[same].Time, from)
}

// A step that does not fail is not followed to the end of its case, which may wait for long; one
// that fails is the same run, bounded or not.
func TestStepsEnd(t *testing.T) {
	l := newLab(t, func(s mutation.Subject) bool { return s.Name == "forgets-vote" })
	run := l.run(t, "forgets-vote", "2C/VoteSurvives", 1)
	was := run(context.Background(), "", "", 0)
	require.Equal(t, record.Fail, was.Verdict.Outcome)
	until := patienceFor(was.Verdict.Time)
	require.Equal(t, was.Hash, run(context.Background(), "", "", until).Hash)

	const without = "leave out crash 1"
	require.Greater(t, run(context.Background(), without, "", 0).Virtual, time.Minute)
	ended := run(context.Background(), without, "", until)
	require.Equal(t, record.LongEnough, ended.Verdict.Rule)
	require.Less(t, ended.Virtual, until+2*time.Second)
}
