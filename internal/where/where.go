// Package where finds the lines of the code under test that have most to do with a failure.
//
// It is statistical fault localization on blocks: each run, failed or passed, says which blocks of
// the code ran in it. A block that runs in all runs that fail and in none that passes is the first
// suspect; one that runs in every run says nothing. The score is Ochiai's coefficient, which was
// made for comparing the species of two lakes, and has done well for programs (Abreu, Zoeteweij,
// van Gemund, 2006):
//
//	            failing runs with the block
//	--------------------------------------------------
//	√(failing runs · all runs with the block)
//
// The score knows nothing of what a block does. A line that is missing cannot run; what was left
// out shows, if it does, by the function that it should be in.
package where

import (
	"cmp"
	"math"
	"slices"

	"raftlab/internal/sim"
)

// Run is what is known of a run.
type Run struct {
	Failed bool
	Ran    []byte // record.Verdict.Ran
}

// Place is where to look: lines of one function that ran in the same runs.
type Place struct {
	File     string // relative to the framework
	Function string // "" outside of functions
	Lines    []int
	Fails    int // how many runs that failed ran these lines
	Passes   int // and how many of those that passed
	Score    float64
}

// Rank returns the places that ran in a failing run, the first suspect first. Of equals, that with
// fewer lines comes first.
func Rank(blocks []sim.Block, runs []Run) []Place {
	failing := 0
	for _, r := range runs {
		if r.Failed {
			failing++
		}
	}
	type key struct {
		file, function string
		fails, passes  int
	}
	merged := map[key]*Place{}
	for n, b := range blocks {
		k := key{file: b.File, function: b.Function}
		for _, r := range runs {
			switch {
			case !ran(r.Ran, n):
			case r.Failed:
				k.fails++
			default:
				k.passes++
			}
		}
		if k.fails == 0 || len(b.Lines) == 0 {
			continue
		}
		if merged[k] == nil {
			merged[k] = &Place{File: b.File, Function: b.Function, Fails: k.fails, Passes: k.passes, Score: ochiai(failing, k.fails, k.passes)}
		}
		merged[k].Lines = append(merged[k].Lines, b.Lines...)
	}
	var places []Place
	for _, p := range merged {
		slices.Sort(p.Lines)
		places = append(places, *p)
	}
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.Lines), len(b.Lines)), cmp.Compare(a.File, b.File), cmp.Compare(a.Lines[0], b.Lines[0]))
	})
	return places
}

func ochiai(failing, fails, passes int) float64 {
	return float64(fails) / math.Sqrt(float64(failing)*float64(fails+passes))
}

func ran(bits []byte, n int) bool { return n/8 < len(bits) && bits[n/8]&(1<<(n%8)) != 0 }
