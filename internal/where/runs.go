package where

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// This file is statistical fault localization on blocks: each run, failed or passed, says which
// blocks of the code ran in it. A block that runs in all runs that fail and in none that passes is
// the first suspect; one that runs in every run says nothing. The score is Ochiai's coefficient,
// which was made for comparing the species of two lakes, and has done well for programs (Abreu,
// Zoeteweij, van Gemund, 2006):
//
//	            failing runs with the block
//	--------------------------------------------------
//	√(failing runs · all runs with the block)
//
// A function's score is that of its best block.

// function is a function that ran in a failing run.
type function struct {
	Place
	best   float64
	length int   // in lines
	blocks []int // by number
}

// functions are those that ran in a failing run, by their files and names.
func (e Evidence) functions() []*function {
	type key struct{ file, name string }
	all := map[key]*function{}
	failing := 0
	for _, r := range e.Runs {
		if r.Failed {
			failing++
		}
	}
	for n, b := range e.Blocks {
		if len(b.Lines) == 0 {
			continue
		}
		k := key{b.File, b.Function}
		if all[k] == nil {
			all[k] = &function{Place: Place{File: b.File, Function: b.Function}}
		}
		f := all[k]
		f.length += len(b.Lines)
		f.blocks = append(f.blocks, n)
		fails, passes := e.count(n)
		if fails == 0 {
			continue
		}
		switch score := ochiai(failing, fails, passes); {
		case score > f.best:
			f.best, f.Fails, f.Passes, f.Lines = score, fails, passes, slices.Clone(b.Lines)
		case score == f.best && fails == f.Fails:
			f.Lines = append(f.Lines, b.Lines...)
		}
	}
	var list []*function
	for _, f := range all {
		if f.Fails > 0 {
			slices.Sort(f.Lines)
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *function) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Function, b.Function))
	})
	return list
}

// count is in how many runs that failed, and that passed, a block ran.
func (e Evidence) count(n int) (fails, passes int) {
	for _, r := range e.Runs {
		switch {
		case !ran(r.Ran, n):
		case r.Failed:
			fails++
		default:
			passes++
		}
	}
	return fails, passes
}

func ochiai(failing, fails, passes int) float64 {
	return float64(fails) / math.Sqrt(float64(failing)*float64(fails+passes))
}

func ran(bits []byte, n int) bool { return n/8 < len(bits) && bits[n/8]&(1<<(n%8)) != 0 }
