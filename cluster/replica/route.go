package replica

import (
	"context"
	"errors"
	"time"
)

// Empty is what some handlers are told.
type Empty struct{}

// Readiness is whether a member leads, and has applied the barrier of its term.
type Readiness struct{ Ready bool }

// Ready says whether this member leads and is ready.
func (m *Member) Ready(_ *Empty, reply *Readiness) { reply.Ready = m.s.leadsReady() }

// roundPause is the pause after all members have said that they do not lead: there is an election
// going on.
const roundPause = 30 * time.Millisecond

// Execute has an operation executed, wherever the leader is, and returns its result and the index
// of its entry. That entry may not be applied here yet: see [Server.AwaitApplied]. The error is
// [ErrNotExecuted], [ErrUnknown], or that of ctx: the outcome is not known then, either.
func (s *Server) Execute(ctx context.Context, op []byte) (result []byte, index int, err error) {
	s.c.Trace.See(op, "has the request of its client")
	deadline := time.Now().Add(s.c.Patience)
	for {
		if r, over := s.round(ctx, op); over {
			s.c.Trace.See(op, "has the result")
			return r.result, r.index, r.err
		}
		if time.Now().After(deadline) {
			return nil, 0, ErrNotExecuted
		}
		select {
		case <-time.After(roundPause):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-s.done:
			return nil, 0, ErrNotExecuted
		}
	}
}

// round offers an operation to each member once, the one that led last first. over is false if none
// of them leads: nobody has executed it then.
func (s *Server) round(ctx context.Context, op []byte) (r outcome, over bool) {
	n := len(s.c.Routes)
	first := s.Leader()
	for i := range n {
		to := (first + i) % n
		p := newProposal(op)
		if r = s.hand(ctx, s.passing[to], p); r.err == nil {
			r = s.await(ctx, p)
		}
		if !errors.Is(r.err, ErrNotExecuted) {
			s.hint.Store(int64(to))
			return r, true
		}
	}
	return r, false
}
