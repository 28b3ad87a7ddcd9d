package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// What a value says about its own past. In the classic dialect each write has a value of its own,
// in brackets, so a read of "[3][1][7]" lists the writes that led to it, in their order:
//
//	[3]      was put, or appended to nothing
//	[1]      was appended to "[3]"
//	[7]      was appended to "[3][1]"; everything else that was done before the read came before [3],
//	         if that was put, and cannot be if it was appended
//
// So it is known which operations belong to the time between one put and the next: they form an
// epoch, and within it their order is known. What is left to be found is the order of the epochs,
// and that needs no search (epochs.go).

// account is the history of one key as its values tell it.
type account struct {
	writes []*Op
	writer map[string]*Op // the write of each value
	reads  []*reading     // in the order of their calls
}

// reading is a read of a key, taken apart.
type reading struct {
	op     *Op
	pieces []string
}

// accountOf reads a history; ok is false if its values do not tell anything: one was written twice,
// or has another form. Where nothing is ever appended, any form will do.
func accountOf(ops []Op) (r account, ok bool) {
	r.writer = map[string]*Op{}
	whole := !slices.ContainsFunc(ops, func(o Op) bool { return o.Kind == Append })
	for i := range ops {
		op := &ops[i]
		if op.Kind == Get {
			continue
		}
		form := isValue(op.Value) || whole && op.Value != ""
		if !form || r.writer[op.Value] != nil {
			return r, false
		}
		r.writer[op.Value] = op
		r.writes = append(r.writes, op)
	}
	for i := range ops {
		if op := &ops[i]; op.Kind == Get && !op.Open {
			r.reads = append(r.reads, &reading{op, piecesOf(op.Got, whole)})
		}
	}
	slices.SortStableFunc(r.reads, func(a, b *reading) int { return cmp.Compare(a.op.Call, b.op.Call) })
	return r, true
}

func piecesOf(got string, whole bool) []string {
	switch {
	case got == "":
		return nil
	case whole:
		return []string{got}
	}
	pieces := strings.SplitAfter(got, "]")
	if n := len(pieces); pieces[n-1] == "" {
		pieces = pieces[:n-1]
	}
	return pieces
}

// end is when an operation had taken effect at the latest.
func end(op *Op) int {
	if op.Unknown() {
		return math.MaxInt
	}
	return op.Return
}

// conflict says which operations contradict each other, in words.
type conflict struct{ text string }

func conflictf(format string, args ...any) *conflict {
	return &conflict{fmt.Sprintf(format, args...)}
}

// told is an operation with its client and its time, for a conflict.
func told(op *Op) string {
	until := "the end"
	if !op.Open {
		until = clock(op.End)
	}
	return fmt.Sprintf("%s (client %d, %s to %s s)", briefly(*op), op.Client, clock(op.Begin), until)
}
