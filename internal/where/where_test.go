package where

import (
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
	places := Rank(blocks, runs)
	require.Len(t, places, 3)
	assert.Equal(t, Place{"raft/a.go", "Guilty", []int{20, 21}, 2, 0, 1}, places[0])
	assert.Equal(t, "Mostly", places[1].Function)
	assert.InDelta(t, 0.816, places[1].Score, 0.001) // 2 / sqrt(2*3)
	assert.Equal(t, "Always", places[2].Function)
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
	var chosen []mutation.Subject
	for i := range min(*measured, len(all)) { // evenly
		chosen = append(chosen, all[i*len(all) / *measured])
	}
	edits, err := mutation.Bundle(root, mutation.PeerPackage, chosen)
	require.NoError(t, err)
	b, err := sim.Build{Framework: root, Package: mutation.PeerPackage, Edits: edits, Native: true, Blocks: true}.Binary(context.Background(), func(string) {})
	require.NoError(t, err)
	pool, err := sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	hunt := mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{mutation.PeerPackage: b}}
	lines, functions, ranked := 0, 0, 0
	var byChance float64
	for _, s := range chosen {
		places, fails, passes := look(t, &hunt, pool, s, kills[s.Name], b)
		if fails == 0 {
			fmt.Printf("%-36s %-28s no run that fails says what ran in it: a crash names its lines itself\n", s.Name, kills[s.Name])
			continue
		}
		ranked++
		wrong := changedLines(t, s, edits)
		line := slices.IndexFunc(places, func(p Place) bool { return touches(p, wrong, false) })
		in := functionsOf(t, edits, wrong)
		function := slices.IndexFunc(places, func(p Place) bool { return touches(p, in, true) })
		chance := share(places, func(p Place) bool { return touches(p, in, true) })
		if line >= 0 && line < 10 {
			lines++
		}
		if function >= 0 && function < 10 {
			functions++
		}
		byChance += chance
		fmt.Printf("%-36s %-28s %2d fail, %2d pass, %3d places: line at %d, function at %d, by chance %.0f %%\n",
			s.Name, kills[s.Name], fails, passes, len(places), line+1, function+1, 100*chance)
	}
	n := max(ranked, 1)
	fmt.Printf("%d mutants: the changed line is among the first ten in %d (%.0f %%), its function in %d (%.0f %%); ten places by chance: %.0f %%\n",
		n, lines, 100*float64(lines)/float64(n), functions, 100*float64(functions)/float64(n), 100*byChance/float64(n))
}

// look makes the runs: six seeds of the case that kills, and one of each of ten other cases of the
// part.
func look(t *testing.T, hunt *mutation.Hunt, pool *sim.Pool, s mutation.Subject, kill string, b *sim.Binary) (places []Place, fails, passes int) {
	id, _, _ := strings.Cut(kill, " ")
	part, _, _ := strings.Cut(id, "/")
	var runs []Run
	take := func(c suite.Case, seed uint64) {
		v := pool.Run(context.Background(), hunt.Job(s, c, seed)).Verdict
		switch {
		case v.Ran == nil || !v.Outcome.Decided() || v.Outcome != record.Pass && c.ID() != id:
		case v.Outcome == record.Pass:
			runs, passes = append(runs, Run{Ran: v.Ran}), passes+1
		default:
			runs, fails = append(runs, Run{Failed: true, Ran: v.Ran}), fails+1
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
	var own []sim.Block // with the numbers that they have
	for _, block := range b.Blocks {
		if filepath.Dir(block.File) != "raft/"+s.Name {
			block.Lines = nil
		}
		own = append(own, block)
	}
	return Rank(own, runs), fails, passes
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
		return p.File == w.file && (function && named(p.Function) == w.function || !function && slices.Contains(p.Lines, w.line))
	})
}

// named is the name of a function without its receiver.
func named(function string) string { return function[strings.LastIndexByte(function, '.')+1:] }

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
