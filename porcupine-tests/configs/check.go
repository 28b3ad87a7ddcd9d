package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"

	"raftlab/shardapi"
)

// Result is what [Check] comes to.
type Result string

const (
	OK      Result = "ok"
	Flawed  Result = "flawed"  // a configuration is not what it has to be
	Illegal Result = "illegal" // all are, and no order of the operations explains what clients saw
	Unknown Result = "unknown" // the budget was not enough to tell
)

// Verdict is a result, and why.
type Verdict struct {
	Result Result
	Fault  Fault  // only for Flawed
	Why    string // one line; not for OK
	Steps  int    // of the search
}

// Budget is how many steps of the search a check may take unless it is told otherwise.
const Budget = 500_000

// Check judges a history by the configurations that there were in the end, number n at place n. The
// operations of one client must not overlap. A budget of 0 means [Budget].
func Check(ops []Op, made []shardapi.Config, budget int) Verdict {
	if budget <= 0 {
		budget = Budget
	}
	bad := steps(ops, made)
	if bad == nil {
		bad = queries(ops, made)
	}
	if bad != nil {
		return Verdict{Result: Flawed, Fault: bad.Fault, Why: bad.Text}
	}
	s := newSearch(ops, made)
	result, n := s.run(ops, budget)
	v := Verdict{Result: result, Steps: n}
	switch result {
	case Illegal:
		v.Why = s.explain(ops)
	case Unknown:
		v.Why = fmt.Sprintf("no order of the %d operations was found within %d steps", len(ops), budget)
	}
	return v
}

// steps looks whether each configuration follows from the one before by something that was asked
// for.
func steps(ops []Op, made []shardapi.Config) *Flaw {
	if len(made) == 0 {
		return flaw(Wrong, "there is no configuration at all, not even number 0")
	}
	for n, c := range made {
		if c.Num != n {
			return flaw(Wrong, "query %d was answered with configuration %d, and greater numbers are there", n, c.Num)
		}
		if bad := Sound(c); bad != nil {
			return bad
		}
		if n == 0 {
			continue
		}
		if bad := step(ops, made[n-1], c); bad != nil {
			return bad
		}
	}
	return nil
}

// step looks for an operation that leads from one configuration to the next. If there is none it
// tells what is wrong with the one that comes nearest: one that asks for these groups and has
// spread the shards badly, one of which a part was done, or a move that has moved more than its
// shard.
func step(ops []Op, before, after shardapi.Config) *Flaw {
	var spread, part, moved, idle *Flaw
	came, went := others(after, before), others(before, after)
	for _, op := range ops {
		if op.Kind == Query {
			continue
		}
		bad := Explain(before, op, after)
		switch {
		case bad == nil:
			return nil
		case inPart(op, came, went):
			part = bad
		case op.Kind == Move && len(came)+len(went) == 0 && before.Shards[op.Shard] != op.GID && after.Shards[op.Shard] == op.GID:
			moved = bad
		case bad.Fault != Wrong && Idle(before, op):
			idle = bad
		case bad.Fault != Wrong:
			spread = bad
		}
	}
	if nearest := cmp.Or(spread, part, moved, idle); nearest != nil {
		return nearest
	}
	return flaw(Wrong, "configuration %s follows on %s, and nobody has asked for that", Text(after), Text(before))
}

// others are the groups of a that b does not have.
func others(a, b shardapi.Config) (gids []int) {
	for gid := range a.Groups {
		if _, ok := b.Groups[gid]; !ok {
			gids = append(gids, gid)
		}
	}
	return gids
}

// inPart says whether a request asks for the groups that came or went, and for others as well.
func inPart(op Op, came, went []int) bool {
	asked := func(gid int) bool {
		_, joins := op.Groups[gid]
		return joins || slices.Contains(op.GIDs, gid)
	}
	changed := slices.Concat(came, went)
	return len(changed) > 0 && (op.Kind == Join && len(went) == 0 || op.Kind == Leave && len(came) == 0) &&
		!slices.ContainsFunc(changed, func(gid int) bool { return !asked(gid) }) && len(changed) < len(op.Groups)+len(op.GIDs)
}

// queries looks whether clients were shown configurations that are among those made. Where one was
// not there yet, it matters whether it might have been; that is for the search.
func queries(ops []Op, made []shardapi.Config) *Flaw {
	for _, op := range ops {
		if op.Kind != Query || op.Open {
			continue
		}
		switch got := op.Got; {
		case got.Num < 0 || got.Num >= len(made):
			return flaw(Wrong, "client %d was shown configuration %s at %s s, and in the end the latest one is number %d",
				op.Client, Text(got), clock(op.End), len(made)-1)
		case !got.Equal(made[got.Num]):
			return flaw(Wrong, "client %d was shown configuration %s with the groups %v at %s s, which is %s with the groups %v in the end; configurations never change",
				op.Client, Text(got), got.Groups, clock(op.End), Text(made[got.Num]), made[got.Num].Groups)
		case op.Num >= 0 && got.Num > op.Num:
			return flaw(Wrong, "client %d asked for configuration %d, and was shown number %d", op.Client, op.Num, got.Num)
		}
	}
	return nil
}

// search is porcupine's search for an order of the operations. Its state is the set of numbers that
// the latest configuration may have; a set, since an idle request may make a configuration, or
// none.
type search struct {
	made []shardapi.Config
	next map[int][]bool // by Call: whether the operation leads from number n to n+1
	idle map[int][]bool // by Call: whether it may leave number n as it is
}

func newSearch(ops []Op, made []shardapi.Config) *search {
	s := &search{made: made, next: map[int][]bool{}, idle: map[int][]bool{}}
	for _, op := range ops {
		if op.Kind == Query {
			continue
		}
		next, idle := make([]bool, len(made)), make([]bool, len(made))
		for n, c := range made {
			next[n] = n+1 < len(made) && Explain(c, op, made[n+1]) == nil
			idle[n] = Idle(c, op)
		}
		s.next[op.Call], s.idle[op.Call] = next, idle
	}
	return s
}

// after returns the numbers that the latest configuration may have after op, if it may have those
// of from before. An operation that is open may also never happen.
func (s *search) after(from []int, op *Op) []int {
	var to []int
	for _, n := range from { // ascending, and so is to
		if op.Kind == Query {
			shown := n
			if op.Num >= 0 && op.Num < n {
				shown = op.Num
			}
			if shown == op.Got.Num {
				to = append(to, n)
			}
			continue
		}
		if (op.Open || s.idle[op.Call][n]) && !slices.Contains(to, n) {
			to = append(to, n)
		}
		if s.next[op.Call][n] {
			to = append(to, n+1)
		}
	}
	return to
}

// run judges a history whose steps are all right.
func (s *search) run(ops []Op, budget int) (Result, int) {
	steps := 0
	m := porcupine.Model{
		Init:  func() any { return []int{0} },
		Equal: func(a, b any) bool { return slices.Equal(a.([]int), b.([]int)) },
		// With the budget used up nothing is legal any more, and the search comes to its end at
		// once.
		Step: func(state, input, _ any) (bool, any) {
			if steps++; steps > budget {
				return false, state
			}
			to := s.after(state.([]int), input.(*Op))
			return len(to) > 0, to
		},
	}
	legal := porcupine.CheckOperations(m, operations(ops))
	switch {
	case steps > budget:
		return Unknown, steps
	case legal:
		return OK, steps
	}
	return Illegal, steps
}

// operations puts a history into porcupine's form. What has no return gets one after all others; a
// query without one has told nobody anything.
func operations(ops []Op) []porcupine.Operation {
	end := 0
	for _, op := range ops {
		end = max(end, op.Call, op.Return)
	}
	var all []porcupine.Operation
	for i := range ops {
		op := &ops[i]
		if op.Open && op.Kind == Query {
			continue
		}
		o := porcupine.Operation{ClientId: op.Client, Input: op, Call: int64(op.Call), Return: int64(op.Return)}
		if op.Open {
			o.Return = int64(end + 1)
		}
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return all
}

// explain finds the first answer that cannot be explained by what happened before it.
func (s *search) explain(ops []Op) string {
	returns := slices.DeleteFunc(slices.Clone(ops), func(o Op) bool { return o.Open })
	slices.SortFunc(returns, func(a, b Op) int { return cmp.Compare(a.Return, b.Return) })
	// A history that is not linearizable stays so whatever is added to it: search by halves.
	first, _ := slices.BinarySearchFunc(returns, 0, func(o Op, _ int) int {
		if result, _ := s.run(until(ops, o.Return), Budget); result == Illegal {
			return 1
		}
		return -1
	})
	op := returns[min(first, len(returns)-1)]
	return fmt.Sprintf("%s (client %d, %s to %s s): %s", op, op.Client, clock(op.Begin), clock(op.End), reason(op, ops))
}

// until is the history as it was known right after the return at a certain place: what began by
// then, with what ended later still open.
func until(ops []Op, at int) []Op {
	var early []Op
	for _, op := range ops {
		if op.Call > at {
			continue
		}
		op.Open = op.Open || op.Return > at
		early = append(early, op)
	}
	return early
}

// reason says in a few words why nothing explains the answer to op.
func reason(op Op, ops []Op) string {
	seen := -1
	var by Op
	for _, o := range ops {
		if o.Kind == Query && !o.Open && o.Return < op.Call && o.Got.Num > seen {
			seen, by = o.Got.Num, o
		}
	}
	if op.Kind == Query && op.Got.Num < seen && (op.Num < 0 || op.Num > op.Got.Num) {
		return fmt.Sprintf("but client %d had been shown number %d before, at %s s", by.Client, seen, clock(by.End))
	}
	return "no order of the operations explains this answer (a change lost, or made twice?)"
}

func clock(t time.Duration) string { return strconv.FormatFloat(t.Seconds(), 'f', 4, 64) }
