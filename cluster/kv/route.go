package kv

import (
	"raftlab/cluster/transport"
	"raftlab/kvapi"
)

// round offers an operation to each member once, the one that led last first. over is false if none of them
// leads: nobody has executed it then.
func (s *Server) round(op Op) (r Result, over bool) {
	n := len(s.c.Routes)
	first := int(s.hint.Load())
	for i := range n {
		to := (first + i) % n
		if s.c.Routes[to] == nil {
			r = s.propose(op)
		} else {
			r = s.passOn(to, op)
		}
		if r.Err != kvapi.ErrWrongLeader {
			s.hint.Store(int64(to))
			return r, true
		}
	}
	return r, false
}

// passOn asks one other member. If no answer comes the operation may have been executed, so it is passed on
// to nobody else.
func (s *Server) passOn(to int, op Op) (r Result) {
	switch outcome, _ := s.c.Routes[to].Ask("Member.Do", &op, &r); outcome {
	case transport.Answered:
		return r
	case transport.NotSent:
		return Result{Err: kvapi.ErrWrongLeader}
	}
	return Result{Err: ErrUnknown}
}
