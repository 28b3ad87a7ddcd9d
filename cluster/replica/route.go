package replica

import (
	"errors"
	"time"

	"raftlab/cluster/transport"
)

// Member has the handlers for other members.
type Member struct{ s *Server }

// Passed is an operation that one member passes on to another. No operation is a barrier.
type Passed struct{ Op []byte }

// fate is what has become of an operation that was passed on.
type fate int

const (
	executed fate = iota
	notExecuted
	unknown
)

// Answer is what it came to.
type Answer struct {
	Fate   int
	Index  int // of the log entry
	Result []byte
}

// Do executes an operation that another member has passed on, if this one leads.
func (m *Member) Do(p *Passed, reply *Answer) {
	r := m.s.propose(p.Op)
	*reply = Answer{Index: r.index, Result: r.result}
	switch {
	case errors.Is(r.err, ErrNotExecuted):
		reply.Fate = int(notExecuted)
	case r.err != nil:
		reply.Fate = int(unknown)
	}
}

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
// [ErrNotExecuted] or [ErrUnknown].
func (s *Server) Execute(op []byte) (result []byte, index int, err error) {
	s.c.Trace.See(op, "has the request of its client")
	deadline := time.Now().Add(s.c.Patience)
	for {
		if r, over := s.round(op); over {
			s.c.Trace.See(op, "has the result")
			return r.result, r.index, r.err
		}
		if time.Now().After(deadline) {
			return nil, 0, ErrNotExecuted
		}
		select {
		case <-time.After(roundPause):
		case <-s.done:
			return nil, 0, ErrNotExecuted
		}
	}
}

// round offers an operation to each member once, the one that led last first. over is false if none
// of them leads: nobody has executed it then.
func (s *Server) round(op []byte) (r outcome, over bool) {
	n := len(s.c.Routes)
	first := s.Leader()
	for i := range n {
		to := (first + i) % n
		if s.c.Routes[to] == nil {
			r = s.propose(op)
		} else {
			r = s.passOn(to, op)
		}
		if !errors.Is(r.err, ErrNotExecuted) {
			s.hint.Store(int64(to))
			return r, true
		}
	}
	return r, false
}

// passOn asks one other member. If no answer comes the operation may have been executed, so it is
// passed on to nobody else.
func (s *Server) passOn(to int, op []byte) outcome {
	var a Answer
	sent, _ := s.c.Routes[to].Ask("Member.Do", &Passed{op}, &a)
	switch {
	case sent == transport.NotSent, sent == transport.Answered && fate(a.Fate) == notExecuted:
		return outcome{err: ErrNotExecuted}
	case sent == transport.Answered && fate(a.Fate) == executed:
		return outcome{result: a.Result, index: a.Index}
	}
	return outcome{err: ErrUnknown}
}
