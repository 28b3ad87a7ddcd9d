// Package where ranks the functions of the code under test by how much they have to do with a
// failure.
//
// No single sign is good at that. Four are read, each of which ranks all functions that ran in a
// failing run, and the ranks are put together:
//
//	runs      it ran in the runs that fail, and not in those that pass          (runs.go)
//	moments   it ran at the instants that the failure's story is about          (moments.go)
//	words     its names and comments have the words of the verdict in them      (words.go)
//	length    it is long: more code, more mistakes
//
// They are put together by reciprocal ranks (Cormack, Clarke, Büttcher, 2009): a function's score is
// the sum of 1/(60+rank) over the four, so that no sign outvotes the others and nothing has to be
// weighed. That spectra and words find more together than each alone is known (Le, Oentaryo, Lo,
// 2015).
//
// What is missing cannot run; what was left out shows, if it does, by the function that it should be
// in.
package where

import (
	"cmp"
	"slices"

	"raftlab/internal/sim"
)

// Evidence is what is known about a failure.
type Evidence struct {
	Blocks []sim.Block
	Runs   []Run
	Closer []Closer           // some of the runs that failed
	Asked  map[string]float64 // [Words]
	// Source returns a file of the code under test by the name that blocks have for it; nil if it
	// cannot be read.
	Source func(file string) []byte
}

// Run is what is known of a run.
type Run struct {
	Failed bool
	Ran    []byte // record.Verdict.Ran
}

// Place is where to look: a function.
type Place struct {
	File     string // relative to the framework
	Function string // "" outside of functions
	Lines    []int  // of it, those that have most to do with the failure by the runs
	Fails    int    // how many runs that failed ran these lines
	Passes   int    // and how many of those that passed
	Ranks    Ranks
	Score    float64
}

// Ranks are the ranks by the four signs, from 1; equals share the mean of theirs.
type Ranks struct{ Runs, Moments, Words, Length float64 }

// smooth is the constant of reciprocal ranks, as it was published.
const smooth = 60

// Rank returns the functions that ran in a failing run, the first suspect first. Of equals, the one
// with fewer lines comes first.
func Rank(e Evidence) []Place {
	fs := e.functions()
	byRuns, byLength := make([]float64, len(fs)), make([]float64, len(fs))
	for i, f := range fs {
		byRuns[i], byLength[i] = f.best, float64(f.length)
	}
	runs, moments, words, length := ranked(byRuns), ranked(e.moments(fs)), ranked(e.words(fs)), ranked(byLength)
	places := make([]Place, len(fs))
	for i, f := range fs {
		p := f.Place
		p.Ranks = Ranks{Runs: runs[i], Moments: moments[i], Words: words[i], Length: length[i]}
		for _, r := range []float64{runs[i], moments[i], words[i], length[i]} {
			p.Score += 1 / (smooth + r)
		}
		places[i] = p
	}
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.Lines), len(b.Lines)), cmp.Compare(a.File, b.File), cmp.Compare(a.Function, b.Function))
	})
	return places
}

// ranked gives things ranks by their scores, the highest first.
func ranked(scores []float64) []float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	ranks := make([]float64, len(scores))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && scores[order[to]] == scores[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+1+to) / 2
		}
		from = to
	}
	return ranks
}
