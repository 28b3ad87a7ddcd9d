package model

import (
	"cmp"
	"math"
	"slices"

	"raftlab/kvapi"
)

// The versions of a versioned history tell its order. The state goes from version 0 to 1, 2, 3, and
// each step is a put that names the version before it. So the only question is when the state
// moves, and the answer is: as late as possible. At each version everything is done that may be
// done by now and does not change the state (doing it early never hurts); when nothing is left, the
// state has to move, by
//
//   - the put of this version that was answered OK, if there is one: it has no other place;
//   - or else a put of unknown outcome that wrote what somebody has read at the next version;
//   - or else any put of unknown outcome.
//
// If that put was not even asked for, the history has no order. No choice is ever taken back, so
// that nothing has to be searched for, however many puts of unknown outcome there are.

// progress is the state of a versioned key while its history is done in order.
type progress struct {
	byCall, byReturn []*Op
	began            int // of byCall: how many may have been done by now
	done             map[*Op]bool
	cell             cell
	moved            []*Op // by version: what the state could not stay for

	sure    map[kvapi.Version]*Op   // the put that was answered OK
	unsure  map[kvapi.Version][]*Op // puts of unknown outcome, by call
	seen    map[kvapi.Version]*Op   // a read of the version
	waiting map[kvapi.Version][]*Op // reads that began before their version was there
	refused []*Op                   // puts that were refused, and name the present version
}

// judgeVersioned decides whether the history of one key has an order, at the cost of sorting it.
func judgeVersioned(ops []Op) *conflict {
	p := &progress{done: map[*Op]bool{}, sure: map[kvapi.Version]*Op{}, unsure: map[kvapi.Version][]*Op{},
		seen: map[kvapi.Version]*Op{}, waiting: map[kvapi.Version][]*Op{}}
	for i := range ops {
		if op := &ops[i]; !op.Open || op.Kind != Get {
			p.byCall = append(p.byCall, op)
		}
	}
	slices.SortStableFunc(p.byCall, func(a, b *Op) int { return cmp.Compare(a.Call, b.Call) })
	for _, op := range p.byCall {
		switch {
		case op.Unknown() && op.Kind == Put:
			p.unsure[op.Version] = append(p.unsure[op.Version], op)
			continue // it may be left out
		case op.Kind == Put && op.Err == kvapi.OK:
			if other := p.sure[op.Version]; other != nil {
				return conflictf("%s and %s were both told that they made version %d", told(other), told(op), op.Version+1)
			}
			p.sure[op.Version] = op
		case op.Kind == Get && op.Err == kvapi.OK && p.seen[op.GotVersion] == nil:
			p.seen[op.GotVersion] = op
		}
		p.byReturn = append(p.byReturn, op)
	}
	slices.SortStableFunc(p.byReturn, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	return p.run()
}

// run does the whole history, or says what it cannot get past.
func (p *progress) run() *conflict {
	for {
		p.settle()
		if len(p.byReturn) == 0 {
			return nil
		}
		if c := p.move(); c != nil {
			return c
		}
	}
}

// settle does all that can be done at this version.
func (p *progress) settle() {
	for {
		for len(p.byReturn) > 0 && p.done[p.byReturn[0]] {
			p.byReturn = p.byReturn[1:]
		}
		limit := math.MaxInt
		if len(p.byReturn) > 0 {
			limit = p.byReturn[0].Return
		}
		before := p.began
		for ; p.began < len(p.byCall) && p.byCall[p.began].Call <= limit; p.began++ {
			p.begin(p.byCall[p.began])
		}
		if before == p.began {
			return
		}
	}
}

// begin does an operation that may be done from now on, or notes when it can be.
func (p *progress) begin(op *Op) {
	switch {
	case op.Unknown() || op.Kind == Put && op.Err == kvapi.OK: // move deals with them
	case op.Kind == Get && p.cell.answersGet(op):
		p.done[op] = true
	case op.Kind == Get:
		p.waiting[op.GotVersion] = append(p.waiting[op.GotVersion], op)
	default:
		if legal, _ := p.cell.put(op); legal {
			p.done[op] = true
		} else {
			p.refused = append(p.refused, op)
		}
	}
}

// mayBegin says whether everything that had ended before op was asked for is done.
func (p *progress) mayBegin(op *Op) bool { return op.Call <= p.byReturn[0].Return }

// move goes to the next version.
func (p *progress) move() *conflict {
	stuck, at := p.byReturn[0], p.cell.version
	by := p.sure[at]
	if by == nil {
		for _, op := range p.unsure[at] {
			if read := p.seen[at+1]; read == nil || read.Got == op.Value {
				by = op
				break
			}
		}
	}
	if by == nil || !p.mayBegin(by) {
		return p.explain(stuck, by)
	}
	p.done[by] = true
	p.moved = append(p.moved, stuck)
	p.cell = cell{by.Value, at + 1}
	for _, list := range [][]*Op{p.waiting[at+1], p.refused} {
		for _, op := range list {
			legal := op.Kind == Get && p.cell.answersGet(op)
			if op.Kind == Put {
				legal, _ = p.cell.put(op)
			}
			if legal {
				p.done[op] = true
			}
		}
	}
	p.refused = slices.DeleteFunc(p.refused, func(op *Op) bool { return p.done[op] || op.Err == kvapi.ErrNoKey })
	return nil
}

// explain says why stuck cannot be done, at this version or a later one; by is the put that would
// lead on.
func (p *progress) explain(stuck, by *Op) *conflict {
	found := stuck.GotVersion
	if stuck.Kind == Put {
		found = stuck.Version
	}
	at := p.cell.version
	if stuck.Err == kvapi.ErrNoKey {
		found = 0
	}
	switch {
	case stuck.Err == kvapi.ErrNoKey && at == 0:
		return conflictf("%s: a put with version 0 makes the key", told(stuck))
	case stuck.Kind == Put && stuck.Err == kvapi.ErrVersion && at == 0:
		return conflictf("%s: nobody can have made the key by then", told(stuck))
	case stuck.Kind == Put && stuck.Err == kvapi.ErrVersion:
		return conflictf("%s: it named the version that there was, and nobody can have made another by then", told(stuck))
	case found < at:
		over := p.moved[found]
		return conflictf("%s: version %d was over by then, because of %s", told(stuck), found, told(over))
	case found == at && stuck.Kind == Get:
		return conflictf("%s: version %d had another value", told(stuck), at)
	case by != nil:
		return conflictf("%s had ended before %s began, which makes version %d", told(stuck), told(by), at+1)
	}
	return conflictf("%s: nobody can have made version %d by then, nor what it saw", told(stuck), at+1)
}
