package model

import (
	"slices"
	"strings"
)

// unsure are the writes of a history whose outcome nobody knows, by kinds: equal ones are one kind.
type unsure struct {
	kind    []int   // of each operation; -1: it is answered
	example []*Op   // one of each kind
	reads   [][]int // by kind: how many reads begin with its value, from each place in the order of returns
}

// unsureOf finds the kinds, given the class of each operation and the order of returns.
func unsureOf(ops []*Op, class, byReturn []int) unsure {
	u := unsure{}
	kinds := map[int]int{} // by class
	for i, op := range ops {
		if !op.Unknown() {
			u.kind = append(u.kind, -1)
			continue
		}
		if _, known := kinds[class[i]]; !known {
			kinds[class[i]] = len(kinds)
			u.example = append(u.example, op)
		}
		u.kind = append(u.kind, kinds[class[i]])
	}
	for _, op := range u.example {
		reads := make([]int, len(byReturn)+1)
		for at := len(byReturn) - 1; at >= 0; at-- {
			reads[at] = reads[at+1]
			if read := ops[byReturn[at]]; read.Kind == Get && strings.HasPrefix(read.Got, op.Value) {
				reads[at]++
			}
		}
		u.reads = append(u.reads, reads)
	}
	return u
}

// isNew says whether a search has not been where f is, with the same unsure writes left or more, and
// notes that it has now.
//
// Leaving out a state that is no better than an earlier one cuts off no order. Take, of all states
// that the search comes to and from which there is an order, one with the fewest operations to go,
// and of these the first. It is not left out: the earlier state would have an order that is as short.
// So what comes next in its order is tried, with fewer to go.
func (s *seeker) isNew(f *frame) bool {
	at := point{f.hash, f.state.sum, f.state.size}
	spent := s.spent(f)
	for _, before := range s.seen[at] {
		if noMore(before, spent) {
			return false
		}
	}
	s.seen[at] = append(slices.DeleteFunc(s.seen[at], func(before []int) bool { return noMore(spent, before) }), spent)
	return true
}

// spent is how many unsure writes of each kind are not left, as far as it matters. What the same
// answered operations have let begin is the same, so two such lists can be compared.
//
// A put is of use only if somebody reads between it and the next put: without it, that next put
// leads to the same. So no order needs more puts of a kind than there are reads to come that begin
// with their value, and where so many are left that have begun, it does not matter how many more.
// (Reads to come are counted from the first operation that is not done; a few of them may be.)
func (s *seeker) spent(f *frame) []int {
	if len(f.used) == 0 || s.lavish {
		return nil
	}
	spent := slices.Clone(f.used)
	left := make([]int, len(spent))
	for _, i := range f.active {
		if kind := s.unsure.kind[i]; kind >= 0 {
			left[kind]++
		}
	}
	for kind, op := range s.unsure.example {
		if op.Kind == Put {
			spent[kind] += max(0, left[kind]-s.unsure.reads[kind][f.returned])
		}
	}
	return spent
}

// noMore says whether no number in a is greater than the one in its place in b.
func noMore(a, b []int) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}

// A lavish search takes an unsure write that has begun as often as it likes. It has every order that
// there is, and more: so if it finds none, there is none. Where it goes on depends on the answered
// operations that are done, and on the state, for the first say what has begun; so it looks at each
// such pair once, however many ways there are to use up what nobody knows about. Most wrong answers
// would be wrong however often what was lost had been done, and it finds those.
//
// affords says whether what such a search has found is an order. It is if no write in it is the
// nth of its kind while fewer than n of the kind had begun: the nth use is then the nth that began.
func (s *seeker) affords() bool {
	begun, at := make([]int, len(s.unsure.example)), 0
	for n := 1; n < len(s.frames); n++ {
		for ; at < s.frames[n-1].began; at++ {
			if kind := s.unsure.kind[at]; kind >= 0 {
				begun[kind]++
			}
		}
		if !noMore(s.frames[n].used, begun) {
			return false
		}
	}
	return true
}
