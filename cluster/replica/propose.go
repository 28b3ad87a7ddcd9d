package replica

import (
	"context"
	"math/rand/v2"
	"time"
)

// proposal is an operation on its way into the log; nil is a barrier.
type proposal struct {
	op   []byte
	done chan outcome // gets one
}

// outcome is what an operation has come to.
type outcome struct {
	result []byte
	index  int // of its entry
	err    error
}

// newProposal is one that somebody will wait for. An operation without bytes is a barrier.
func newProposal(op []byte) *proposal {
	if len(op) == 0 {
		op = nil
	}
	return &proposal{op, make(chan outcome, 1)}
}

// propose has an operation executed by way of this member's peer.
func (s *Server) propose(ctx context.Context, op []byte) outcome {
	return s.proposeAll(ctx, []*proposal{newProposal(op)})[0]
}

// proposeAll has operations executed by way of this member's peer.
func (s *Server) proposeAll(ctx context.Context, all []*proposal) []outcome {
	out := make([]outcome, len(all))
	for i, p := range all {
		out[i] = s.hand(ctx, s.queue, p)
	}
	for i, p := range all {
		if out[i].err == nil {
			out[i] = s.await(ctx, p)
		}
	}
	return out
}

// hand puts a proposal into a queue. What the outcome says, if it has an error, is final.
func (s *Server) hand(ctx context.Context, queue chan *proposal, p *proposal) outcome {
	select {
	case queue <- p:
		return outcome{}
	default:
	}
	patience := time.NewTimer(s.c.Patience)
	defer patience.Stop()
	select {
	case queue <- p:
		return outcome{}
	case <-ctx.Done():
		return outcome{err: ctx.Err()}
	case <-patience.C:
	case <-s.done:
	}
	return outcome{err: ErrNotExecuted}
}

// await waits for what a proposal comes to that somebody else has by now.
func (s *Server) await(ctx context.Context, p *proposal) outcome {
	patience := time.NewTimer(s.c.Patience)
	defer patience.Stop()
	select {
	case r := <-p.done:
		return r
	case <-ctx.Done():
		return outcome{err: ctx.Err()}
	case <-patience.C:
	case <-s.done:
	}
	return outcome{err: ErrUnknown}
}

// runProposer is the goroutine that puts together what came in while the peer was busy with the
// batch before. A peer that waits for its disk in Start so gets one write for many operations.
func (s *Server) runProposer() {
	for {
		all, ok := s.gather(s.queue)
		if !ok {
			return
		}
		s.start(all)
	}
}

// gather waits for a proposal and returns it with those that wait behind it, as far as they fit
// into a batch. ok is false when the server ends.
func (s *Server) gather(queue chan *proposal) (all []*proposal, ok bool) {
	select {
	case p := <-queue:
		all = append(all, p)
	case <-s.done:
		return nil, false
	}
	for size := sizeOf(all[0].op); len(all) < MaxOps && size < maxBytes; {
		select {
		case p := <-queue:
			all = append(all, p)
			size += sizeOf(p.op)
		default:
			return all, true
		}
	}
	return all, true
}

// sizeOf is about what an operation takes in a batch.
func sizeOf(op []byte) int { return len(op) + 8 }

// waiting is a batch that has been proposed.
type waiting struct {
	proposals []*proposal
	resolved  bool
}

// resolve ends the wait: a barrier has no operation in the entry, and no result.
func (w *waiting) resolve(index int, results [][]byte) {
	w.resolved = true
	at := 0
	for _, p := range w.proposals {
		o := outcome{index: index}
		if p.op != nil {
			o.result = results[at]
			at++
		}
		p.done <- o
	}
}

func (w *waiting) resolveAll(err error) {
	w.resolved = true
	for _, p := range w.proposals {
		p.done <- outcome{err: err}
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
		if p.op != nil {
			b.ops = append(b.ops, p.op)
		}
	}
	w := &waiting{proposals: all}
	s.mu.Lock()
	s.waiters.byID[b.id] = w // the entry may be applied before Start returns
	s.mu.Unlock()
	s.follow(b.ops, "proposes it: Start, of an entry with %d requests", len(b.ops))
	index, _, leads := s.raft.Start(b.encode())
	if leads {
		s.follow(b.ops, "Start returns: it is to be entry %d", index)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.resolved:
	case !leads || index <= s.c.Machine.Applied(): // not taken, or another entry stands there
		delete(s.waiters.byID, b.id)
		w.resolveAll(ErrNotExecuted)
	default:
		s.waiters.byIndex[index] = append(s.waiters.byIndex[index], b.id)
	}
}

// follow notes something about a request that is traced, if it is among these.
func (s *Server) follow(ops [][]byte, format string, args ...any) {
	s.seeIn(ops, func(op []byte) bool { return s.c.Trace.See(op, format, args...) })
}

// seeIn looks for the request that is traced, if there is one.
func (s *Server) seeIn(ops [][]byte, see func(op []byte) bool) {
	if !s.c.Trace.On() {
		return
	}
	for _, op := range ops {
		if see(op) {
			return
		}
	}
}

// applied ends the wait of the batch that stands at index, and of those that should have stood
// there: the entry of another leader has taken their place, so they never will be executed.
func (w *waiters) applied(index int, id uint64, results [][]byte) {
	if own := w.byID[id]; own != nil {
		delete(w.byID, id)
		own.resolve(index, results)
	}
	for _, other := range w.byIndex[index] {
		if lost := w.byID[other]; lost != nil {
			delete(w.byID, other)
			lost.resolveAll(ErrNotExecuted)
		}
	}
	delete(w.byIndex, index)
}

// covered ends the wait of everything up to index, which a snapshot has taken in: nobody here can
// tell what has been executed.
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
