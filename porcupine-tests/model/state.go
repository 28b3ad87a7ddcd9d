package model

import (
	"math/bits"
	"strings"
)

// value is the value of a classic key as a search sees it: what was appended to what. A search has
// hundreds of thousands of them, each of which would be a long string of its own.
type value struct {
	before *value // nil at the beginning
	piece  string
	size   int
	sum    uint64 // of the whole text; equal texts have equal sums
}

var nothing = &value{}

// lost stands for every value with a piece in it that nobody has ever read. Reads do not match it,
// so it does not matter what else is in it.
var lost = &value{size: -1}

func (v *value) append(piece string) *value {
	return &value{before: v, piece: piece, size: v.size + len(piece), sum: extend(v.sum, piece)}
}

func (v *value) equal(w *value) bool { return v.size == w.size && v.sum == w.sum }

func (v *value) hash() uint64 { return v.sum ^ uint64(v.size)*0x9e3779b97f4a7c15 }

// text is the value itself, for pictures.
func (v *value) text() string {
	if v == lost {
		return "(something that nobody has read)"
	}
	var pieces []string
	for ; v != nil && v.piece != ""; v = v.before {
		pieces = append(pieces, v.piece)
	}
	var b strings.Builder
	for i := len(pieces) - 1; i >= 0; i-- {
		b.WriteString(pieces[i])
	}
	return b.String()
}

// sumOf is the sum of a text.
func sumOf(text string) uint64 { return extend(0, text) }

// extend is the sum of a text whose sum is known and another behind it: a polynomial over the
// bytes, modulo the prime 2^61-1. Two texts of a history that differ have the same sum with a
// chance of one in 10^14.
func extend(sum uint64, text string) uint64 {
	const (
		prime = 1<<61 - 1
		base  = 0x12b9b0a1d3c5e7f1
	)
	for i := range len(text) {
		hi, lo := bits.Mul64(sum, base)
		sum = lo&prime + (lo>>61 | hi<<3)
		sum = sum&prime + sum>>61
		sum += uint64(text[i]) + 1
		if sum >= prime {
			sum -= prime
		}
	}
	return sum
}
