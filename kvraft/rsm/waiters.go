package rsm

import (
	"slices"

	"raftlab/raftapi"
)

// waiters knows the commands which this server has proposed and somebody waits for. It is a plain
// structure, guarded by the replica's mutex.
//
// A wait ends in one of these ways, whichever comes first:
//
//	what happens                                       answer
//	-------------------------------------------------  -----------------------------------------
//	the entry at its index is applied, with its id     the outcome
//	the entry at its index is applied, with another    ErrNotLeader: the log has one entry at each
//	                                                   index, so its own never comes
//	a snapshot that covers its index is restored       the session table's answer, or ErrUnknown
//	the peer has lost the leadership of its term       ErrUnknown: its entry may yet be committed
//	patience ends, or the server                       ErrUnknown
type waiters[R any] struct {
	byID    map[uint64]*waiter[R]
	byIndex map[int]*waiter[R] // those that have an index
	placed  int                // how many ever got an index
}

// waiter is one wait.
type waiter[R any] struct {
	id     uint64
	client Client // 0 without session
	seq    uint64
	answer chan outcome[R] // gets one value; has room for it

	// What Start returned. There is a moment between proposing a command and knowing these; it
	// may even be applied in it.
	index, term int
	number      int // it was the number-th that got an index; 0: it has none yet
}

func newWaiters[R any]() *waiters[R] {
	return &waiters[R]{byID: map[uint64]*waiter[R]{}, byIndex: map[int]*waiter[R]{}}
}

// add begins a wait. Call it before the command is proposed.
func (ws *waiters[R]) add(w *waiter[R]) { ws.byID[w.id] = w }

// place notes where in the log the command of w may come to stand. applied is the index up to which
// entries are applied already.
func (ws *waiters[R]) place(w *waiter[R], index, term, applied int) {
	if ws.byID[w.id] != w {
		return // it is answered already
	}
	if index <= applied {
		ws.end(w, outcome[R]{err: ErrUnknown}) // the place was taken in the meantime
		return
	}
	if other := ws.byIndex[index]; other != nil {
		// The peer led in an earlier term, lost its entry, and leads again.
		raftapi.Reached("two waiters for one index")
		ws.end(other, outcome[R]{err: ErrUnknown})
	}
	ws.placed++
	w.index, w.term, w.number = index, term, ws.placed
	ws.byIndex[index] = w
}

// end answers w, and forgets it.
func (ws *waiters[R]) end(w *waiter[R], out outcome[R]) {
	w.answer <- out
	ws.forget(w)
}

// forget removes w, which will get no answer any more.
func (ws *waiters[R]) forget(w *waiter[R]) {
	delete(ws.byID, w.id)
	if ws.byIndex[w.index] == w {
		delete(ws.byIndex, w.index)
	}
}

// applied answers whoever waits for the entry at out.index, which holds the command id.
func (ws *waiters[R]) applied(id uint64, out outcome[R]) {
	if w := ws.byID[id]; w != nil {
		ws.end(w, out)
	}
	ws.replaced(out.index)
}

// replaced answers a waiter whose index got another entry than its own.
func (ws *waiters[R]) replaced(index int) {
	if w := ws.byIndex[index]; w != nil {
		raftapi.Reached("waiter's index got another entry")
		ws.end(w, outcome[R]{err: ErrNotLeader})
	}
}

// restored answers those whose entries are behind a restored snapshot. The entries are not
// seen any more, but earlier knows the last result of each session.
func (ws *waiters[R]) restored(index int, earlier func(Client, uint64) (R, bool)) {
	for _, w := range ws.sorted() {
		if w.number == 0 || w.index > index {
			continue
		}
		raftapi.Reached("snapshot restored while a request waited for its entry")
		out := outcome[R]{index: index, err: ErrUnknown}
		if result, ok := earlier(w.client, w.seq); ok {
			out.result, out.err = result, nil
		}
		ws.end(w, out)
	}
}

// leadership tells what the peer says of itself: its term, and whether it leads. It answers the
// waiters whose leadership is over; those that got their index after the horizon, which is an
// earlier value of placed, are left alone, for the peer may have been asked before.
func (ws *waiters[R]) leadership(term int, leads bool, horizon int) {
	for _, w := range ws.sorted() {
		if w.number == 0 || w.number > horizon {
			continue
		}
		if w.term < term || w.term == term && !leads {
			raftapi.Reached("waiter answered on lost leadership")
			ws.end(w, outcome[R]{err: ErrUnknown})
		}
	}
}

// endAll answers everybody.
func (ws *waiters[R]) endAll(err error) {
	for _, w := range ws.sorted() {
		ws.end(w, outcome[R]{err: err})
	}
}

// sorted returns all waiters in an order that does not depend on a map's.
func (ws *waiters[R]) sorted() []*waiter[R] {
	all := make([]*waiter[R], 0, len(ws.byID))
	for _, w := range ws.byID {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *waiter[R]) int {
		if a.number != b.number {
			return a.number - b.number
		}
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return all
}
