package model

import (
	"cmp"
	"slices"
	"strings"
)

// epoch is what was done between one put and the next, as far as reads tell of it, or before the
// first put.
//
//	put [3]   get [3]   append [1]   get [3][1]   append [7]
//	place 0   1         2            3            4
//
// Each operation has a place, and there are two demands:
//
//   - Within an epoch, none ends before another one begins that has an earlier place.
//   - Of two epochs one comes first. It cannot be A if something of B ends before something of A
//     begins; and not B if it is the same the other way round. Both together are a contradiction,
//     and there is no other kind: if no two epochs contradict each other, there is an order of all.
//     (Gibbons and Korach, Testing Shared Memories, 1997, section 4, for reads and writes; an epoch
//     takes the place of a write and its reads.)
//
// A write that nobody has read is an epoch by itself: it was followed by a put, whatever was
// written.
type epoch struct {
	longest *reading // the read that tells most of it
	placed  []placed

	firstEnd, lastCall *Op // nil: before the history began
}

type placed struct {
	op    *Op
	place int
}

// endsFirst is when the first operation of the epoch has ended: it had begun by then.
func (e *epoch) endsFirst() int {
	if e.firstEnd == nil {
		return -1
	}
	return end(e.firstEnd)
}

// endsFirst and beginsLast are where the epoch goes on for certain, if they come in this order.
func (e *epoch) beginsLast() int { return e.lastCall.Call }

func (e *epoch) lasts() bool { return e.endsFirst() < e.beginsLast() }

// judgeClassic decides whether the history of one key has an order; decided is false if its values
// do not tell. It costs no more than sorting the operations, however many of them overlap.
func judgeClassic(ops []Op) (c *conflict, decided bool) {
	r, ok := accountOf(ops)
	if !ok {
		return nil, false
	}
	for _, read := range r.reads {
		if c := r.impossible(read); c != nil {
			return c, true
		}
	}
	epochs, c := r.epochs()
	if c != nil {
		return c, true
	}
	for _, e := range epochs {
		if c := e.inOrder(); c != nil {
			return c, true
		}
	}
	return apart(epochs), true
}

// impossible says why no order of the writes leads to a value.
func (r account) impossible(read *reading) *conflict {
	seen := map[string]bool{}
	for i, piece := range read.pieces {
		w := r.writer[piece]
		switch {
		case w == nil:
			return conflictf("%s: nobody has written %s", told(read.op), tail(piece))
		case seen[piece]:
			return conflictf("%s has %s twice: %s was done twice", told(read.op), tail(piece), told(w))
		case w.Kind == Put && i > 0:
			return conflictf("%s has something before %s, but %s replaces everything", told(read.op), tail(piece), told(w))
		}
		seen[piece] = true
	}
	return nil
}

// epochs divides a history. The conflict is between two reads that tell different pasts.
func (r account) epochs() ([]*epoch, *conflict) {
	of := map[*Op]*epoch{} // by the put; nil is before the first
	var all []*epoch
	for _, read := range r.reads {
		var began *Op
		if len(read.pieces) > 0 && r.writer[read.pieces[0]].Kind == Put {
			began = r.writer[read.pieces[0]]
		}
		e := of[began]
		if e == nil {
			e = &epoch{longest: read}
			of[began] = e
			all = append(all, e)
		}
		long, short := e.longest, read
		if len(long.pieces) < len(short.pieces) {
			long, short = short, long
		}
		if !strings.HasPrefix(long.op.Got, short.op.Got) {
			return nil, conflictf("%s and %s tell different pasts", told(short.op), told(long.op))
		}
		e.longest = long
		place := 2*len(read.pieces) + 1
		e.placed = append(e.placed, placed{read.op, place})
	}
	owner := map[*Op]*epoch{}
	for _, e := range all {
		for i, piece := range e.longest.pieces {
			w := r.writer[piece]
			if o := owner[w]; o != nil {
				return nil, conflictf("%s and %s both have %s: %s was done twice", told(o.longest.op), told(e.longest.op), tail(piece), told(w))
			}
			owner[w] = e
			e.placed = append(e.placed, placed{w, 2*i + 2})
		}
	}
	for _, w := range r.writes {
		if owner[w] == nil && !w.Unknown() { // one that may not have been done was not
			all = append(all, &epoch{placed: []placed{{w, 2}}})
		}
	}
	for _, e := range all {
		e.bound(of[nil] == e)
	}
	return all, nil
}

// bound finds the first end and the last call.
func (e *epoch) bound(first bool) {
	for _, p := range e.placed {
		if e.firstEnd == nil || end(p.op) < end(e.firstEnd) {
			e.firstEnd = p.op
		}
		if e.lastCall == nil || p.op.Call > e.lastCall.Call {
			e.lastCall = p.op
		}
	}
	if first {
		e.firstEnd = nil
	}
}

// inOrder looks for an operation that ended before one began that has to come earlier.
func (e *epoch) inOrder() *conflict {
	slices.SortStableFunc(e.placed, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	var latest *Op // by its call, among those at earlier places
	for from := 0; from < len(e.placed); {
		to := from
		for ; to < len(e.placed) && e.placed[to].place == e.placed[from].place; to++ {
			if op := e.placed[to].op; latest != nil && end(op) < latest.Call {
				return outOfOrder(op, latest)
			}
		}
		for ; from < to; from++ {
			if op := e.placed[from].op; latest == nil || op.Call > latest.Call {
				latest = op
			}
		}
	}
	return nil
}

// outOfOrder says that what op tells comes after what began only when op had ended.
func outOfOrder(op, began *Op) *conflict {
	switch {
	case op.Kind == Get && began.Kind == Get:
		return conflictf("%s had seen more than %s did, and had ended before that began", told(op), told(began))
	case op.Kind == Get:
		return conflictf("%s had seen what %s wrote, and had ended before that began", told(op), told(began))
	case began.Kind == Get:
		return conflictf("%s had ended before %s began, which has not seen it", told(op), told(began))
	}
	return conflictf("%s had ended before %s began, but a read has it behind that", told(op), told(began))
}

// apart looks for two epochs each of which would have to come before the other.
func apart(epochs []*epoch) *conflict {
	var lasting []*epoch
	for _, e := range epochs {
		if e.lasts() {
			lasting = append(lasting, e)
		}
	}
	slices.SortFunc(lasting, func(a, b *epoch) int { return cmp.Compare(a.endsFirst(), b.endsFirst()) })
	for i := 1; i < len(lasting); i++ {
		if a, b := lasting[i-1], lasting[i]; b.endsFirst() < a.beginsLast() {
			return mixed(a, b)
		}
	}
	for _, e := range epochs {
		if e.lasts() {
			continue
		}
		// The last of those that had begun when e's last operation began; they do not overlap.
		i, _ := slices.BinarySearchFunc(lasting, e.beginsLast(), func(l *epoch, at int) int { return cmp.Compare(l.endsFirst(), at) })
		if i > 0 && e.endsFirst() < lasting[i-1].beginsLast() {
			return mixed(lasting[i-1], e)
		}
	}
	return nil
}

// mixed says why a can neither come before b nor after it.
func mixed(a, b *epoch) *conflict {
	late := told(a.lastCall)
	if a.firstEnd == nil {
		return conflictf("%s had ended before %s began, which has seen nothing of it", told(b.firstEnd), late)
	}
	if a.firstEnd == a.lastCall {
		return conflictf("%s lies between %s and %s, which know nothing of it", late, told(b.firstEnd), told(b.lastCall))
	}
	if b.firstEnd == b.lastCall {
		return conflictf("%s lies between %s and %s, which know nothing of it", told(b.lastCall), told(a.firstEnd), late)
	}
	return conflictf("%s and %s belong to one value, and between them %s and %s belong to another",
		told(a.firstEnd), late, told(b.firstEnd), told(b.lastCall))
}
