package model

import (
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// classic is one key of the classic service: its state is the value, empty at first. known is what
// can be told of the history's appends in advance.
func classic(known ancestry) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return nothing },
		Step: func(state, input, _ any) (bool, any) {
			now, op := state.(*value), input.(*Op)
			switch op.Kind {
			case Put:
				if known.unseen[op.Value] {
					return true, lost
				}
				return true, nothing.append(op.Value)
			case Append:
				if known.unseen[op.Value] {
					return true, lost
				}
				if before, ok := known.before[op.Value]; ok && !now.equal(&before) {
					return false, now
				}
				return true, now.append(op.Value)
			}
			return op.Open || known.got[op].equal(now), now
		},
		Equal:             func(a, b any) bool { return a.(*value).equal(b.(*value)) },
		Hash:              func(state any) uint64 { return state.(*value).hash() },
		DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
		DescribeState:     func(state any) string { return shorten(state.(*value).text()) },
	}
}

// ancestry is what the reads of a history tell about its writes. Whoever has read "[3][1][7]" knows
// that [7] was appended to "[3][1]", and nothing else: a value is appended once. Without
// that, the checker would have to try all orders of appends that went on at the same time, up
// to the first read behind them. unseen are the values that nobody has ever read.
//
// It works for values in brackets, as [Value] makes them, so that none is part of another.
type ancestry struct {
	before map[string]value // only size and sum
	unseen map[string]bool
	got    map[*Op]*value // what reads returned, likewise
}

// Value makes a value of a text that is unlike all others in the history, in the form that makes
// appends easy to check. The text must not contain brackets.
func Value(text string) string { return "[" + text + "]" }

func isValue(s string) bool {
	return len(s) > 2 && s[0] == '[' && strings.IndexByte(s, ']') == len(s)-1 && strings.LastIndexByte(s, '[') == 0
}

// ancestryOf reads a history of one key. The model that knows it judges these very operations.
func ancestryOf(ops []Op) ancestry {
	known := ancestry{map[string]value{}, map[string]bool{}, map[*Op]*value{}}
	for i := range ops {
		if op := &ops[i]; op.Kind == Get {
			known.got[op] = &value{size: len(op.Got), sum: sumOf(op.Got)}
		}
	}
	r, ok := accountOf(ops)
	if !ok {
		return known
	}
	for text := range r.writer {
		known.unseen[text] = true
	}
	for _, read := range r.reads {
		var before value
		for _, piece := range read.pieces {
			if known.unseen[piece] {
				delete(known.unseen, piece)
				known.before[piece] = before
			}
			before.size, before.sum = before.size+len(piece), extend(before.sum, piece)
		}
	}
	return known
}

// withoutUnseen leaves out writes without an answer whose value nobody has ever read. They can be
// taken for not done: had one been done, nobody would have read the key from then until the next
// put.
func withoutUnseen(ops []Op) []Op {
	if !slices.ContainsFunc(ops, func(o Op) bool { return o.Open && o.Kind != Get }) {
		return ops
	}
	texts := map[string]bool{}
	for _, op := range ops {
		if op.Kind == Get {
			for _, piece := range strings.SplitAfter(op.Got, "]") {
				texts[piece] = true
			}
		}
	}
	var seen []Op
	for _, op := range ops {
		if op.Open && op.Kind != Get && isValue(op.Value) && !texts[op.Value] {
			continue
		}
		seen = append(seen, op)
	}
	return seen
}

// shorten makes a value fit for a picture.
func shorten(s string) string {
	const most = 60
	if len(s) > most {
		return s[:20] + "..." + s[len(s)-20:]
	}
	return s
}
