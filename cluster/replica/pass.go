package replica

import (
	"context"
	"errors"

	"raftlab/cluster/transport"
)

// Member has the handlers for other members.
type Member struct{ s *Server }

// Passed are operations that one member passes on to another. One without bytes is a barrier.
type Passed struct{ Ops [][]byte }

// fate is what has become of an operation that was passed on.
type fate int

const (
	executed fate = iota
	notExecuted
	unknown
)

// Answer is what an operation came to.
type Answer struct {
	Fate   int
	Index  int // of the log entry
	Result []byte
}

// Answers are those to what was passed on, in its order.
type Answers struct{ All []Answer }

// Do executes operations that another member has passed on, if this one leads.
func (m *Member) Do(p *Passed, reply *Answers) {
	all := make([]*proposal, len(p.Ops))
	for i, op := range p.Ops {
		all[i] = newProposal(op)
	}
	reply.All = make([]Answer, len(all))
	for i, r := range m.s.proposeAll(context.Background(), all) {
		a := Answer{Index: r.index, Result: r.result}
		switch {
		case errors.Is(r.err, ErrNotExecuted):
			a.Fate = int(notExecuted)
		case r.err != nil:
			a.Fate = int(unknown)
		}
		reply.All[i] = a
	}
}

// maxPassing is how many messages with operations may be on their way to a member. What comes in
// meanwhile waits, and shares the next one. A single one would have operations wait for the whole
// way of those before them, into the log and back.
const maxPassing = 4

// runPasser is the goroutine that passes operations on to one member.
func (s *Server) runPasser(to int) {
	free := make(chan struct{}, maxPassing)
	for {
		select {
		case free <- struct{}{}:
		case <-s.done:
			return
		}
		all, ok := s.gather(s.passing[to])
		if !ok {
			return
		}
		go func() { // nobody waits for it at the end: the other member may be stopped
			s.passAll(to, all)
			<-free
		}()
	}
}

// passAll asks one other member. If no answer comes the operations may have been executed, so they
// are passed on to nobody else.
func (s *Server) passAll(to int, all []*proposal) {
	ops := make([][]byte, len(all))
	for i, p := range all {
		ops[i] = p.op
	}
	var answers Answers
	sent, _ := s.c.Routes[to].Ask("Member.Do", &Passed{ops}, &answers)
	for i, p := range all {
		p.done <- outcomeOf(sent, answers.All, i)
	}
}

// outcomeOf is what the answers say of the i-th operation.
func outcomeOf(sent transport.Outcome, all []Answer, i int) outcome {
	switch {
	case sent == transport.NotSent, sent == transport.Answered && i < len(all) && fate(all[i].Fate) == notExecuted:
		return outcome{err: ErrNotExecuted}
	case sent == transport.Answered && i < len(all) && fate(all[i].Fate) == executed:
		return outcome{result: all[i].Result, index: all[i].Index}
	}
	return outcome{err: ErrUnknown}
}
