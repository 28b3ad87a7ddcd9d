package where

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

var measured = flag.Int("mutants", 0, "with TestMutants: how many mutants to measure the ranking on")

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

// What runs in failing runs only is first; what runs always says nothing; what never runs in a
// failing run is not there.
func TestRank(t *testing.T) {
	blocks := []sim.Block{
		{File: "raft/a.go", Function: "Always", Lines: []int{1, 2}},
		{File: "raft/a.go", Function: "Mostly", Lines: []int{10}},
		{File: "raft/a.go", Function: "Guilty", Lines: []int{21}},
		{File: "raft/a.go", Function: "Guilty", Lines: []int{20}},
		{File: "raft/a.go", Function: "Innocent", Lines: []int{30}},
	}
	runs := []Run{
		{Failed: true, Ran: []byte{0b01111}},
		{Failed: true, Ran: []byte{0b01111}},
		{Ran: []byte{0b10011}},
		{Ran: []byte{0b10001}},
		{Ran: []byte{0b10001}},
	}
	e := Evidence{Blocks: blocks, Runs: runs}
	places := Rank(e)
	require.Len(t, places, 3)
	assert.Equal(t, []int{20, 21}, places[0].Lines)
	assert.Equal(t, []int{2, 0}, []int{places[0].Fails, places[0].Passes})
	assert.Equal(t, Ranks{Runs: 1, Moments: 2, Words: 2, Length: 1.5}, places[0].Ranks)
	assert.Equal(t, []string{"Guilty", "Always", "Mostly"}, []string{places[0].Function, places[1].Function, places[2].Function})

	// At the moment that matters "Always" ran, which it seldom does, and "Mostly", which it does often.
	e.Closer = []Closer{{Instants: []Instant{{At: 5, Weight: 1}, {At: 7, Weight: 0.2}},
		Moments: record.Moments{Count: 100, Often: []int{2, 90, 3, 3}, Sets: [][]int{{0, 1}, {2}}}}}
	places = Rank(e)
	ranks := map[string]float64{}
	for _, p := range places {
		ranks[p.Function] = p.Ranks.Moments
	}
	assert.Equal(t, map[string]float64{"Always": 1, "Guilty": 2, "Mostly": 3}, ranks)

	e.Asked = Words(record.Verdict{Rule: "two votes in a term", Section: "§5.2"}, "", nil)
	e.Source = func(string) []byte {
		return []byte("package raft\n\n// Mostly grants a vote (§5.2).\nfunc Mostly() { votedFor = 1 }\nfunc Always() { apply() }\nfunc Guilty() { term++ }\n")
	}
	for _, p := range Rank(e) {
		assert.Equal(t, map[string]float64{"Mostly": 1, "Guilty": 2, "Always": 3}[p.Function], p.Ranks.Words, p.Function)
	}
}

// Names are cut into words, and words lose their endings; what every case has says nothing.
func TestWordsOf(t *testing.T) {
	assert.Equal(t, []string{"commit", "index", "vot", "vot", "vot", "rpc", "arg", "§5.4.1"}, wordsOf("commitIndex votes, voted the vote: RPCArgs (§5.4.1)"))
}

// The instants of a failure are those of what its verdict is about, and the violation's own.
func TestInstants(t *testing.T) {
	ms := time.Millisecond
	call := func(at time.Duration, kind record.Kind, from int, detail string) record.Event {
		return record.Event{Time: at, Kind: kind, Peer: from, Other: 2, N: 1, Method: "Raft.RequestVote", Detail: detail}
	}
	const args, yes = "{Term:2 CandidateId:%d LastLogIndex:0 LastLogTerm:0}", "{Term:2 VoteGranted:true}"
	events := []record.Event{
		call(1*ms, record.Sent, 0, fmt.Sprintf(args, 0)), call(2*ms, record.Delivered, 0, ""), call(3*ms, record.Handled, 0, yes),
		call(10*ms, record.Sent, 1, fmt.Sprintf(args, 1)), call(12*ms, record.Delivered, 1, ""), call(13*ms, record.Handled, 1, yes),
	}
	v := record.Verdict{Rule: "two votes in a term", Message: "peer 2 voted in term 2 for peer 0, and then for peer 1", Peers: []int{2}, Time: 13 * ms}
	weights := map[time.Duration]float64{}
	for _, i := range Instants(events, v) {
		weights[i.At] = i.Weight
	}
	assert.Equal(t, contradictory, weights[13*ms])
	assert.Equal(t, contradictory, weights[12*ms], "the handler of the second vote began there")
	assert.Equal(t, decisive, weights[3*ms])
}

var root = filepath.Join("..", "..")

// TestMutants measures: make where.
func TestMutants(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes a long time: -mutants 20")
	}
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	kills, err := mutation.ReadKills(root)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool {
		return s.Package() != mutation.PeerPackage || s.Runner() != patch.Engine || s.Contract() != "" || s.Patch.Header.Of != "" ||
			s.Patch.Header.Alone || kills[s.Name] == ""
	})
	chosen := mutation.Evenly(all, *measured)
	edits, err := mutation.Bundle(root, mutation.PeerPackage, chosen)
	require.NoError(t, err)
	b, err := sim.Build{Framework: root, Package: mutation.PeerPackage, Edits: edits, Native: true, Blocks: true}.Binary(context.Background(), func(string) {})
	require.NoError(t, err)
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{mutation.PeerPackage: b}}
	ranked := 0
	var first [6]int // how often the function is among the first ten: by all signs, by each; and the line
	var byChance float64
	for _, s := range chosen {
		e, fails, passes := look(t, &hunt, pool, s, kills[s.Name], b, edits)
		if fails == 0 {
			fmt.Printf("%-36s %-28s no run that fails says what ran in it: a crash names its lines itself\n", s.Name, kills[s.Name])
			continue
		}
		ranked++
		places := Rank(e)
		wrong := changedLines(t, s, edits)
		in := functionsOf(t, edits, wrong)
		rank := func(by func(Place) float64) int { // of the function that was changed, from 1
			sorted := slices.Clone(places)
			slices.SortStableFunc(sorted, func(a, b Place) int { return cmp.Compare(by(b), by(a)) })
			return 1 + slices.IndexFunc(sorted, func(p Place) bool { return touches(p, in, true) })
		}
		line := 1 + slices.IndexFunc(places, func(p Place) bool { return touches(p, wrong, false) })
		ranks := []int{rank(func(p Place) float64 { return p.Score }), rank(func(p Place) float64 { return -p.Ranks.Runs }),
			rank(func(p Place) float64 { return -p.Ranks.Moments }), rank(func(p Place) float64 { return -p.Ranks.Words }),
			rank(func(p Place) float64 { return -p.Ranks.Length })}
		for i, r := range append(ranks, line) {
			if r > 0 && r <= 10 {
				first[i]++
			}
		}
		byChance += share(places, func(p Place) bool { return touches(p, in, true) })
		fmt.Printf("%-36s %-28s %2d fail, %2d pass, %3d functions: at %d (runs %d, moments %d, words %d, length %d; line %d)\n",
			s.Name, kills[s.Name], fails, passes, len(places), ranks[0], ranks[1], ranks[2], ranks[3], ranks[4], line)
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(max(ranked, 1)) }
	fmt.Printf("%d mutants: the changed function is among the first ten in %d (%.0f %%), a changed line among those shown in %d (%.0f %%);\n"+
		"the function by one sign alone: runs %.0f %%, moments %.0f %%, words %.0f %%, length %.0f %%; ten by chance: %.0f %%\n",
		ranked, first[0], percent(first[0]), first[5], percent(first[5]), percent(first[1]), percent(first[2]), percent(first[3]), percent(first[4]),
		100*byChance/float64(max(ranked, 1)))
}

// look makes the runs: six seeds of the case that kills, and one of each of ten other cases of the
// part.
func look(t *testing.T, hunt *mutation.Hunt, pool *sim.Pool, s mutation.Subject, kill string, b *sim.Binary, edits map[string][]byte) (e Evidence, fails, passes int) {
	id, _, _ := strings.Cut(kill, " ")
	part, _, _ := strings.Cut(id, "/")
	e.Source = func(file string) []byte { return edits[file] }
	run := func(c suite.Case, seed uint64, change func(*sim.Job)) sim.Result {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // some write gigabytes of events
		defer cancel()
		j := hunt.Job(s, c, seed)
		change(&j)
		return pool.Run(ctx, j)
	}
	take := func(c suite.Case, seed uint64) {
		v := run(c, seed, func(*sim.Job) {}).Verdict
		switch {
		case v.Ran == nil || !v.Outcome.Decided() || v.Outcome != record.Pass && c.ID() != id:
		case v.Outcome == record.Pass:
			e.Runs, passes = append(e.Runs, Run{Ran: v.Ran}), passes+1
		default:
			e.Runs, fails = append(e.Runs, Run{Failed: true, Ran: v.Ran}), fails+1
			closer, events, ok := Look(func(change func(*sim.Job)) sim.Result { return run(c, seed, change) }, filepath.Join(t.TempDir(), "trace"))
			if ok {
				e.Closer = append(e.Closer, closer)
			}
			if e.Asked == nil {
				e.Asked = Words(v, c.Checks, events)
			}
		}
	}
	const seeds, others = 6, 10
	left := others
	for _, c := range hunt.Cases {
		switch {
		case c.ID() == id:
			for seed := range uint64(seeds) {
				take(c, seed+1)
			}
		case c.Part == part && left > 0:
			left--
			take(c, 1)
		}
	}
	for _, block := range b.Blocks { // with the numbers that they have
		if filepath.Dir(block.File) != "raft/"+s.Name {
			block.Lines = nil
		}
		e.Blocks = append(e.Blocks, block)
	}
	return e, fails, passes
}

type at struct {
	file, function string
	line           int
}

// changedLines are those of the mutant that the reference has not, and the ones beside what it
// lacks.
func changedLines(t *testing.T, s mutation.Subject, edits map[string][]byte) (changed []at) {
	files, err := s.Patch.Apply(root)
	require.NoError(t, err)
	for name := range files {
		was, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue // a new file
		}
		file := "raft/" + s.Name + "/" + filepath.Base(name)
		for _, line := range patch.Changed(string(was), string(edits[file])) {
			changed = append(changed, at{file: file, line: line})
		}
	}
	return changed
}

// functionsOf are the functions that lines are in. A line of a declaration, or one that no block
// begins with, is in none or in the one around it all the same.
func functionsOf(t *testing.T, edits map[string][]byte, lines []at) (functions []at) {
	for _, l := range lines {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, l.file, edits[l.file], parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && set.Position(f.Pos()).Line <= l.line && l.line <= set.Position(f.End()).Line {
				functions = append(functions, at{file: l.file, function: f.Name.Name})
			}
		}
	}
	return functions
}

func touches(p Place, what []at, function bool) bool {
	return slices.ContainsFunc(what, func(w at) bool {
		return p.File == w.file && (function && baseName(p.Function) == w.function || !function && slices.Contains(p.Lines, w.line))
	})
}

// share is how likely ten places that are drawn by chance have one for which f is true.
func share(places []Place, f func(Place) bool) float64 {
	good := 0
	for _, p := range places {
		if f(p) {
			good++
		}
	}
	none := 1.0
	for i := range min(10, len(places)) {
		none *= max(float64(len(places)-good-i), 0) / float64(len(places)-i)
	}
	return 1 - none
}
