package kv

import (
	"math/rand/v2"
	"time"

	"raftlab/kvapi"
)

// proposal is an operation on its way into the log.
type proposal struct {
	op   Op
	done chan Result // gets one
}

// propose has an operation executed by way of this member's peer. ErrWrongLeader means that this has not been and
// never will be.
func (s *Server) propose(op Op) Result {
	p := &proposal{op, make(chan Result, 1)}
	patience := time.NewTimer(s.c.Patience)
	defer patience.Stop()
	select {
	case s.queue <- p:
	case <-patience.C:
		return Result{Err: kvapi.ErrWrongLeader}
	case <-s.done:
		return Result{Err: kvapi.ErrWrongLeader}
	}
	select {
	case r := <-p.done:
		return r
	case <-patience.C:
	case <-s.done:
	}
	return Result{Err: ErrUnknown}
}

// runProposer is the goroutine that puts together what came in while the peer was busy with the batch before. A
// peer that waits for its disk in Start so gets one write for many operations.
func (s *Server) runProposer() {
	for {
		var all []*proposal
		select {
		case p := <-s.queue:
			all = append(all, p)
		case <-s.done:
			return
		}
		for size := all[0].op.size(); len(all) < maxOps && size < maxBytes; {
			select {
			case p := <-s.queue:
				all = append(all, p)
				size += p.op.size()
				continue
			default:
			}
			break
		}
		s.start(all)
	}
}

// waiting is a batch that has been proposed.
type waiting struct {
	proposals []*proposal
	resolved  bool
}

func (w *waiting) resolve(results []Result) {
	w.resolved = true
	for i, p := range w.proposals {
		p.done <- results[i]
	}
}

func (w *waiting) resolveAll(err kvapi.Err) {
	w.resolved = true
	for _, p := range w.proposals {
		p.done <- Result{Err: err}
	}
}

// waiters are the batches that have been proposed here and whose fate is open.
type waiters struct {
	byID    map[uint64]*waiting
	byIndex map[int][]uint64 // where they will stand, if they are committed
}

func newWaiters() waiters { return waiters{map[uint64]*waiting{}, map[int][]uint64{}} }

func (s *Server) start(all []*proposal) {
	b := batch{id: rand.Uint64()}
	for _, p := range all {
		b.ops = append(b.ops, p.op)
	}
	w := &waiting{proposals: all}
	s.mu.Lock()
	s.waiters.byID[b.id] = w // the entry may be applied before Start returns
	s.mu.Unlock()
	index, _, leads := s.raft.Start(b.encode())
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.resolved:
	case !leads || index <= s.store.applied: // not taken, or another entry stands there
		delete(s.waiters.byID, b.id)
		w.resolveAll(kvapi.ErrWrongLeader)
	default:
		s.waiters.byIndex[index] = append(s.waiters.byIndex[index], b.id)
	}
}

// applied ends the wait of the batch that stands at index, and of those that should have stood there: the
// entry of another leader has taken their place, so they never will be executed.
func (w *waiters) applied(index int, id uint64, results []Result) {
	if own := w.byID[id]; own != nil {
		delete(w.byID, id)
		own.resolve(results)
	}
	for _, other := range w.byIndex[index] {
		if lost := w.byID[other]; lost != nil {
			delete(w.byID, other)
			lost.resolveAll(kvapi.ErrWrongLeader)
		}
	}
	delete(w.byIndex, index)
}

// covered ends the wait of everything up to index, which a snapshot has taken in: nobody here can tell what has
// been executed.
func (w *waiters) covered(index int) {
	for at, ids := range w.byIndex {
		if at > index {
			continue
		}
		for _, id := range ids {
			if lost := w.byID[id]; lost != nil {
				delete(w.byID, id)
				lost.resolveAll(ErrUnknown)
			}
		}
		delete(w.byIndex, at)
	}
}
