package model

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// What a value says about its own past. In the classic dialect each write has a value of its own, in brackets, so a read
// of "[3][1][7]" lists the writes that led to it, in their order:
//
//	[3]      was put, or appended to nothing
//	[1]      was appended to "[3]"
//	[7]      was appended to "[3][1]"; everything else that was done before the read came before [3],
//	         if that was put, and cannot be if it was appended
//
// Contradictions between such lists, and between them and the times of calls and returns, prove that a history
// is not linearizable, at a cost that grows with the size of the history. A search would have to try
// all orders of what went on at the same time, and might not come to its end.

// account is the history of one key as its values tell it.
type account struct {
	writer map[string]*Op // the write of each value
	reads  []*reading     // in the order of their calls
}

// reading is a read of a key, taken apart.
type reading struct {
	op     *Op
	pieces []string
}

// accountOf reads a history; ok is false if its values do not tell anything: one was written twice, or has
// another form.
func accountOf(ops []Op) (r account, ok bool) {
	r.writer = map[string]*Op{}
	for i := range ops {
		op := &ops[i]
		if op.Kind == Get {
			continue
		}
		if !isValue(op.Value) || r.writer[op.Value] != nil {
			return r, false
		}
		r.writer[op.Value] = op
	}
	for i := range ops {
		if op := &ops[i]; op.Kind == Get && !op.Open {
			r.reads = append(r.reads, &reading{op, strings.SplitAfter(op.Got, "]")})
			last := r.reads[len(r.reads)-1]
			if n := len(last.pieces); last.pieces[n-1] == "" {
				last.pieces = last.pieces[:n-1]
			}
		}
	}
	slices.SortStableFunc(r.reads, func(a, b *reading) int { return cmp.Compare(a.op.Call, b.op.Call) })
	return r, true
}

// end is when an operation had taken effect at the latest.
func end(op *Op) int {
	if op.Unknown() {
		return math.MaxInt
	}
	return op.Return
}

// refuted says whether the values of a classic history contradict each other.
func refuted(ops []Op) bool {
	r, ok := accountOf(ops)
	if !ok {
		return false
	}
	for _, read := range r.reads {
		if r.impossible(read) {
			return true
		}
	}
	return r.goesBack() || r.losesWrites()
}

// impossible says whether no order of the writes leads to a value.
func (r account) impossible(read *reading) bool {
	seen := map[string]bool{}
	latest := 0 // the latest call among the pieces so far: none of the following had returned by then
	for i, piece := range read.pieces {
		w := r.writer[piece]
		switch {
		case w == nil, seen[piece]: // nobody's, or done twice
			return true
		case w.Call > read.op.Return: // not even asked for
			return true
		case w.Kind == Put && i > 0: // would have replaced what is before it
			return true
		case end(w) < latest: // had ended when one before it was asked for
			return true
		}
		seen[piece] = true
		latest = max(latest, w.Call)
	}
	return false
}

// goesBack says whether two reads tell different pasts of one write, or one tells less than another that
// had ended before it was asked for.
func (r account) goesBack() bool {
	type past struct{ longest, ended *reading }
	of := map[string]*past{} // by first piece
	byReturn := slices.Clone(r.reads)
	slices.SortStableFunc(byReturn, func(a, b *reading) int { return cmp.Compare(a.op.Return, b.op.Return) })
	next := 0
	start := func(read *reading) *past {
		first := ""
		if len(read.pieces) > 0 {
			first = read.pieces[0]
		}
		if of[first] == nil {
			of[first] = &past{read, nil}
		}
		return of[first]
	}
	for _, read := range r.reads {
		for ; next < len(byReturn) && byReturn[next].op.Return < read.op.Call; next++ {
			p := start(byReturn[next])
			if p.ended == nil || len(p.ended.op.Got) < len(byReturn[next].op.Got) {
				p.ended = byReturn[next]
			}
		}
		p := start(read)
		if !strings.HasPrefix(read.op.Got, p.longest.op.Got) && !strings.HasPrefix(p.longest.op.Got, read.op.Got) {
			return true
		}
		if len(read.op.Got) > len(p.longest.op.Got) {
			p.longest = read
		}
		if p.ended != nil && !strings.HasPrefix(read.op.Got, p.ended.op.Got) {
			return true
		}
	}
	return false
}

// losesWrites says whether a read lacks a write that had ended before it was asked for, and that nothing can have
// replaced.
func (r account) losesWrites() bool {
	var writes []*Op
	for _, w := range r.writer {
		writes = append(writes, w)
	}
	for _, read := range r.reads {
		until := math.MaxInt // what was asked for by then can have been replaced by the put
		if len(read.pieces) == 0 {
			until = -1
		} else if first := r.writer[read.pieces[0]]; first.Kind == Put {
			until = end(first)
		} else {
			until = -1
		}
		has := map[string]bool{}
		for _, piece := range read.pieces {
			has[piece] = true
		}
		for _, w := range writes {
			if end(w) < read.op.Call && w.Call > until && !has[w.Value] {
				return true
			}
		}
	}
	return false
}
