package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"raftlab/kvapi"
)

// explain finds the first answer that cannot be explained by what happened before it, and says why.
func explain(key string, ops []Op, steps int) Verdict {
	v := Verdict{Result: Illegal, Key: key, Steps: steps}
	returns := slices.Clone(ops)
	returns = slices.DeleteFunc(returns, func(o Op) bool { return o.Unknown() })
	slices.SortFunc(returns, func(a, b Op) int { return cmp.Compare(a.Return, b.Return) })
	// A history that is not linearizable stays so whatever is added to it: search by halves.
	const minor = 1000 // steps
	first, _ := slices.BinarySearchFunc(returns, 0, func(o Op, _ int) int {
		if result, _ := checkKey(until(ops, o.Return), 2*steps+minor); result == Illegal {
			return 1
		}
		return -1
	})
	if first == len(returns) { // cannot be: the whole is illegal
		first = len(returns) - 1
	}
	op := returns[first]
	v.Op = &op
	v.Why = fmt.Sprintf("%s (client %d, %s to %s s): %s", briefly(op), op.Client, clock(op.Begin), clock(op.End), reason(op, ops))
	c, decided := decide(until(ops, op.Return))
	if !decided {
		c = impossible(until(ops, op.Return))
	}
	if c != nil && !strings.Contains(v.Why, ": but ") { // which names the other operation
		v.Why += "; the contradiction: " + c.text
	}
	return v
}

// until is the history as it was known right after the return at a certain place: what began by
// then, with what ended later still open.
func until(ops []Op, at int) []Op {
	var early []Op
	for _, op := range ops {
		if op.Call > at {
			continue
		}
		if op.Open || op.Return > at {
			if op.Kind == Get {
				continue
			}
			op.Open, op.Err, op.Return = true, "", 0
		}
		early = append(early, op)
	}
	return early
}

// reason says in a few words why nothing explains the answer to op.
func reason(op Op, ops []Op) string {
	last := lastWrite(op, ops)
	if op.Kind != Get {
		return "no order of the operations explains this answer"
	}
	if op.Err == kvapi.ErrNoKey || op.Got == "" {
		if last != nil {
			return fmt.Sprintf("but %s by client %d had ended before, at %s s", briefly(*last), last.Client, clock(last.End))
		}
		return "no order of the operations explains this answer"
	}
	written := slices.ContainsFunc(ops, func(o Op) bool { return o.Kind == Put && o.Value == op.Got && o.Call < op.Return })
	switch {
	case op.Dialect == Versioned && !written:
		return "nobody has put that value"
	case op.Dialect == Classic && !holdsWritten(op, ops):
		return "nobody has written any part of that value"
	case last != nil && last.Kind == Put && last.Value != op.Got:
		return fmt.Sprintf("but %s by client %d had ended before, at %s s", briefly(*last), last.Client, clock(last.End))
	}
	return "no order of the operations explains this answer (a write lost, done twice, or seen and then unseen?)"
}

// holdsWritten says whether there is something in the value that op has read which a write before
// its end could have put there.
func holdsWritten(op Op, ops []Op) bool {
	return slices.ContainsFunc(ops, func(o Op) bool {
		return o.Kind != Get && o.Value != "" && o.Call < op.Return && strings.Contains(op.Got, o.Value)
	})
}

// lastWrite returns the write that ended last among those that certainly took effect before op
// began.
func lastWrite(op Op, ops []Op) *Op {
	var last *Op
	for i, o := range ops {
		certain := !o.Open && o.Kind != Get && o.Err == kvapi.OK && o.Return < op.Call
		if certain && (last == nil || o.Return > last.Return) {
			last = &ops[i]
		}
	}
	return last
}

// briefly is an operation without what does not fit on a line.
func briefly(op Op) string {
	op.Key, op.Value, op.Got = tail(op.Key), tail(op.Value), tail(op.Got)
	return op.String()
}

// tail keeps the end of a long value: that is where appends show.
func tail(s string) string {
	const most = 24
	if len(s) <= most {
		return s
	}
	return ".." + s[len(s)-most:]
}

func clock(t time.Duration) string { return strconv.FormatFloat(t.Seconds(), 'f', 4, 64) }
