package stacks

import (
	"cmp"
	"slices"
	"strings"
)

// Order puts those goroutines first that say most about a run that stands still. A dump does not tell
// who holds a lock. It tells who cannot: those that wait for it are many, and not to blame. Whoever
// holds it waits for something else, at a place where it should not be for long:
//
//	waits to send on a channel                 nobody sends for fun: the first to look at
//	was called by the harness                  the call that does not return
//	waits for something else in a handler,     a receive, a select or a sync.Cond.Wait with a
//	  or at a place where nobody else is         lock held; an idle goroutine has its like in each peer
//	waits for a mutex
//	waits for something else                   a timer, an applier
//	sleeps, or is not in the code under test
//
// Among equals rare places come first. own says which calls are in the code under test.
func Order(gs []Goroutine, own func(Frame) bool) {
	count := map[place]int{}
	for _, g := range gs {
		count[g.place(own)]++
	}
	rank := map[int]int{}
	for _, g := range gs {
		rank[g.ID] = g.rank(own, count[g.place(own)] == 1)
	}
	slices.SortStableFunc(gs, func(a, b Goroutine) int {
		return cmp.Or(rank[a.ID]-rank[b.ID], count[a.place(own)]-count[b.place(own)])
	})
}

// place is where goroutines wait, and for what.
type place struct {
	frame Frame
	state string
}

// place is the innermost call of the code under test, and for what it waits.
func (g Goroutine) place(own func(Frame) bool) place {
	f, _ := g.innermost(own)
	return place{f, g.State}
}

// innermost is the innermost call of the code under test.
func (g Goroutine) innermost(own func(Frame) bool) (Frame, bool) {
	at := slices.IndexFunc(g.Frames, own)
	if at < 0 {
		return Frame{}, false
	}
	return g.Frames[at], true
}

// rank is the row of the table of [Order] in which g stands; alone says that nobody else waits there.
func (g Goroutine) rank(own func(Frame) bool, alone bool) int {
	at := slices.IndexFunc(g.Frames, own)
	called := func(by func(Frame) bool) bool {
		return slices.ContainsFunc(g.Frames[at:], func(f Frame) bool { return by(f) && !own(f) })
	}
	mutex := strings.HasPrefix(g.State, "sync.Mutex") || strings.HasPrefix(g.State, "sync.RWMutex")
	sleeps := strings.HasPrefix(g.State, "sleep")
	switch {
	case at < 0:
		return 5
	case strings.HasPrefix(g.State, "chan send"):
		return 0
	case called(harness):
		return 1
	case !mutex && (called(network) || alone && !sleeps):
		return 2
	case mutex:
		return 3
	case sleeps:
		return 5
	}
	return 4
}

// network says whether a call is in package labrpc, which calls handlers.
func network(f Frame) bool { return f.Package() == "raftlab/labrpc" }

// harness says whether a call is in the rest of the harness.
func harness(f Frame) bool {
	owner := f.Owner()
	return (owner == Tester || owner == Framework) && !network(f)
}
