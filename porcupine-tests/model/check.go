package model

import (
	"cmp"
	"slices"

	"github.com/anishathalye/porcupine"
)

// Result is what [Check] comes to.
type Result string

const (
	OK      Result = "ok"
	Illegal Result = "illegal"
	Unknown Result = "unknown" // the budget was not enough to tell
)

// Verdict is a result, and for Illegal and Unknown the key that it is about.
type Verdict struct {
	Result Result
	Key    string
	Why    string // one line; only for Illegal
	Op     *Op    // the first operation whose answer cannot be explained; only for Illegal
	Steps  int    // of the models, that it took
}

// Budget is how many steps of the models a check may take unless it is told otherwise. A case's
// history needs some thousands.
const Budget = 200_000

// Check judges a history, key by key in alphabetical order, and stops at the first that is not
// linearizable. A budget of 0 means [Budget]. The operations of one client must not overlap.
func Check(ops []Op, budget int) Verdict {
	if budget <= 0 {
		budget = Budget
	}
	v := Verdict{Result: OK}
	byKey := Keys(ops)
	for _, key := range sortedKeys(byKey) {
		result, steps := checkKey(byKey[key], max(0, budget-v.Steps))
		v.Steps += steps
		switch result {
		case Illegal:
			return explain(key, byKey[key], v.Steps)
		case Unknown:
			v.Result, v.Key = Unknown, key // another key may still prove a violation
		}
	}
	return v
}

// Unsure returns the keys of a history, in order, that [Check] may come to no verdict about, however
// large its budget: equal values were written to them without a version, and one of these writes
// overlaps another, or was not answered.
func Unsure(ops []Op) (keys []string) {
	byKey := Keys(ops)
	for _, key := range sortedKeys(byKey) {
		if _, decided := decide(byKey[key]); !decided && overlap(byKey[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

// overlap says whether there are equal writes of which one had not been answered when the other
// began.
func overlap(ops []Op) bool {
	for i := range ops {
		for j := range ops {
			a, b := &ops[i], &ops[j]
			if i != j && a.Kind != Get && b.Kind != Get && a.Value == b.Value && a.Call <= b.Call && end(a) > b.Call {
				return true
			}
		}
	}
	return false
}

// Keys divides a history by keys.
func Keys(ops []Op) map[string][]Op {
	byKey := map[string][]Op{}
	for _, op := range ops {
		if op.Open && op.Kind == Get {
			continue // nothing was answered, nothing was changed
		}
		byKey[op.Key] = append(byKey[op.Key], op)
	}
	return byKey
}

func sortedKeys(m map[string][]Op) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// checkKey judges the history of one key. What the values or the versions decide needs no search.
func checkKey(ops []Op, budget int) (Result, int) {
	if c, decided := decide(ops); decided {
		if c != nil {
			return Illegal, 1
		}
		return OK, 1
	}
	ops = withoutUnseen(ops)
	if impossible(ops) != nil {
		return Illegal, 1
	}
	const cheap = 5 // steps of this search cost as much as one of a model's
	result, steps := seek(ops, cheap*budget)
	return result, (steps + cheap - 1) / cheap
}

// decide judges the history of one key without a search, if it can: c is nil if there is an order.
func decide(ops []Op) (c *conflict, decided bool) {
	if isVersioned(ops) {
		return judgeVersioned(ops), true
	}
	return judgeClassic(withoutUnseen(ops))
}

// bounded makes a model whose search comes to its end when budget is used up: nothing is legal any
// more then. A step costs more in a long history, because the checker keeps a set of its operations
// for each state; and looking at a state that has been met before costs as well, since there may be
// many with the same hash.
func bounded(m porcupine.Model, operations, budget int) (bounded porcupine.Model, spent func() int) {
	const (
		perSet = 2048 // operations
		looks  = 8
	)
	eighths := 0
	step, equal := m.Step, m.Equal
	m.Step = func(state, input, output any) (bool, any) {
		if eighths += looks * (1 + operations/perSet); eighths > looks*budget {
			return false, state
		}
		return step(state, input, output)
	}
	m.Equal = func(a, b any) bool {
		if eighths++; eighths > looks*budget {
			return true // a state that is known leads nowhere
		}
		return equal(a, b)
	}
	return m, func() int { return (eighths + looks - 1) / looks }
}

func modelOf(ops []Op) porcupine.Model {
	if isVersioned(ops) {
		return versioned
	}
	return classic(ancestryOf(ops))
}

func isVersioned(ops []Op) bool {
	return slices.ContainsFunc(ops, func(o Op) bool { return o.Dialect == Versioned })
}

// operations puts a history into porcupine's form. What has an unknown outcome returns after all
// others: its instant is any after the call, or so late that nobody sees the effect.
func operations(ops []Op) []porcupine.Operation {
	end := 0
	for _, op := range ops {
		end = max(end, op.Call, op.Return)
	}
	all := make([]porcupine.Operation, len(ops))
	for i := range ops {
		op := &ops[i]
		all[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: int64(op.Call), Return: int64(op.Return)}
		if op.Unknown() {
			all[i].Return = int64(end + 1)
		}
	}
	slices.SortStableFunc(all, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return all
}
