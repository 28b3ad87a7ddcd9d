package model

import (
	"strings"

	"github.com/anishathalye/porcupine"
)

// classic is one key of the classic service: its state is the value, empty at first. known is what can
// be told of the history's appends in advance.
func classic(known ancestry) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			value, op := state.(string), input.(*Op)
			switch op.Kind {
			case Put:
				return true, op.Value
			case Append:
				if before, ok := known[op.Value]; ok && before != value {
					return false, value
				}
				return true, value + op.Value
			}
			return op.Open || op.Got == value, value
		},
		DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
		DescribeState:     func(state any) string { return shorten(state.(string)) },
	}
}

// ancestry says of appended values what the key held right before. Whoever has read "[3][1][7]" knows
// that [7] was appended to "[3][1]", and nothing else: a value is appended once. Without
// that, the checker would have to try all orders of appends that went on at the same time, up
// to the first read behind them.
//
// It works for values in brackets, as [Value] makes them, so that none is part of another.
type ancestry map[string]string

// Value makes a value of a text that is unlike all others in the history, in the form that makes
// appends easy to check. The text must not contain brackets.
func Value(text string) string { return "[" + text + "]" }

func isValue(s string) bool {
	return len(s) > 2 && s[0] == '[' && strings.IndexByte(s, ']') == len(s)-1 && strings.LastIndexByte(s, '[') == 0
}

// ancestryOf reads a history of one key.
func ancestryOf(ops []Op) ancestry {
	known := ancestry{}
	writes := map[string]int{}
	for _, op := range ops {
		if op.Kind != Get {
			writes[op.Value]++
			if !isValue(op.Value) {
				return known
			}
		}
	}
	for _, op := range ops {
		if op.Kind != Append || writes[op.Value] != 1 {
			continue
		}
		for _, read := range ops {
			if at := strings.Index(read.Got, op.Value); at >= 0 {
				known[op.Value] = read.Got[:at]
				break
			}
		}
	}
	return known
}

// withoutUnseen leaves out writes without an answer whose value nobody has ever read. They can be
// taken for not done: had one been done, nobody would have read the key from then until the next put.
func withoutUnseen(ops []Op) []Op {
	var seen []Op
	for _, op := range ops {
		if op.Open && op.Kind != Get && isValue(op.Value) && !read(ops, op.Value) {
			continue
		}
		seen = append(seen, op)
	}
	return seen
}

func read(ops []Op, value string) bool {
	for _, op := range ops {
		if op.Kind == Get && strings.Contains(op.Got, value) {
			return true
		}
	}
	return false
}

// shorten makes a value fit for a picture.
func shorten(s string) string {
	const most = 60
	if len(s) > most {
		return s[:20] + "..." + s[len(s)-20:]
	}
	return s
}
