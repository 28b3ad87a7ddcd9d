package tester

import (
	"errors"
	"fmt"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/raftapi"
	"raftlab/tester/watch"
)

// Propose calls Start(cmd) on peer i. A peer that is not running is no leader, and neither is one
// whose command a scenario leaves out.
func (c *Cluster) Propose(i int, cmd any) (index, term int, isLeader bool) {
	k := c.next(scenario.Operation) // each attempt counts, so that nothing has to be asked of the peer before
	if !c.r.script.plays(k) {
		return -1, -1, false
	}
	index, term, isLeader = c.propose(i, cmd)
	if isLeader && c.r.script != nil {
		c.r.tell(record.None, k, "operation")
	}
	return index, term, isLeader
}

func (c *Cluster) propose(i int, cmd any) (index, term int, isLeader bool) {
	return c.hand(i, "Start", func(p raftapi.Raft) (int, int, bool) { return p.Start(cmd) })
}

// hand gives peer i a command by f, which calls the method of that name. What the peer takes is
// judged.
func (c *Cluster) hand(i int, name string, f func(raftapi.Raft) (index, term int, taken bool)) (index, term int, taken bool) {
	l := c.running(i)
	if l == nil {
		return -1, -1, false
	}
	p := l.raft()
	if p == nil {
		return -1, -1, false
	}
	since := c.checks.Proposes()
	c.r.into(name, i, l.as(func() { index, term, taken = f(p) }))
	if taken { // even if it has crashed by now: the entry may have got out
		c.checks.ProposedAt(index, since)
	}
	if !l.Alive() {
		return -1, -1, false // it crashed meanwhile; nobody has heard of its answer
	}
	if taken {
		c.checks.Accepted(&l.Life, index, term)
	}
	return index, term, taken
}

// Refusal calls Propose(cmd) on peer i and says why it does not take the command:
// [raftapi.ErrNotLeader], [raftapi.ErrUncommitted], an error with the text of any other, or nil if
// it takes it. asked is false if the peer is not running, or is no [raftapi.Proposer].
func (c *Cluster) Refusal(i int, cmd any) (why error, asked bool) {
	if !c.r.script.plays(c.next(scenario.Operation)) {
		return nil, false
	}
	c.hand(i, "Propose", func(peer raftapi.Raft) (int, int, bool) {
		p, ok := peer.(raftapi.Proposer)
		if !ok {
			return -1, -1, false
		}
		asked = true
		index, term, err := p.Propose(cmd)
		why = refusal(err)
		return index, term, err == nil
	})
	return why, asked
}

// refusal makes one of our own errors of a peer's.
func refusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raftapi.ErrNotLeader):
		return raftapi.ErrNotLeader
	case errors.Is(err, raftapi.ErrUncommitted):
		return raftapi.ErrUncommitted
	}
	return errors.New(told(err))
}

// Applied returns how many of the peers that run now have applied the entry at index, or a snapshot
// that covers it, and which command any peer has ever applied there (nil if nobody has, or if it is
// a no-op). A command that is neither an int nor a string comes as a text of its type and of what
// is in it.
func (c *Cluster) Applied(index int) (n int, cmd any) {
	for _, l := range c.everyone() {
		if l.Applied() >= index {
			n++
		}
	}
	cmd, _ = c.checks.CommandAt(index)
	return n, cmd
}

// AppliedThrough returns the highest index that peer i has applied, or that is covered by a
// snapshot it has delivered or restarted from. For a peer that is not running it is 0.
func (c *Cluster) AppliedThrough(i int) int {
	if l := c.running(i); l != nil {
		return l.Applied()
	}
	return 0
}

// One brings about agreement on cmd: it proposes cmd to a leader and waits until at least want
// running peers have applied it. It returns the index.
//
// With retry, it proposes cmd again whenever CommitLimit has gone by without success, so that cmd
// may end up in the log more than once. Without retry, it proposes it again only if the proposal
// has come to nothing: a leader may lose its leadership between Start and commit, and that is not
// the peer's fault.
//
// After AgreementLimit it fails the case with RuleNoAgreement.
func (c *Cluster) One(cmd any, want int, retry bool) int {
	return c.OneWithin(AgreementLimit, cmd, want, retry)
}

// hasty is how many attempts follow each other at once, where the command of each is known at once
// to have come to nothing.
const hasty = 50

// OneWithin is One with another limit, for cases that leave a follower far behind (see CatchUp) or
// want an answer sooner.
func (c *Cluster) OneWithin(limit time.Duration, cmd any, want int, retry bool) int {
	deadline := c.r.now() + limit
	p := proposal{c: c, cmd: cmd, plain: watch.Plain(cmd), want: want, retry: retry, deadline: deadline}
	for turn := 0; c.r.now() < deadline; turn++ {
		if !p.propose(turn) {
			c.env.Sleep(pollInterval)
			continue
		}
		if p.wait() {
			return p.index
		}
		if turn > hasty { // again and again another entry stands where the command should
			c.env.Sleep(pollInterval)
		}
	}
	c.env.Fail(Violation{Rule: RuleNoAgreement, Section: "§5.3", Message: p.failure(limit)})
	return -1
}

// proposal is one attempt after the other to get a command agreed on.
type proposal struct {
	c           *Cluster
	cmd         any
	plain       any // what cmd is when it has been applied
	want        int
	retry       bool
	deadline    time.Duration
	made        int // how often it was proposed
	peer        int // that took the latest attempt
	index, term int // what it answered
}

// propose offers the command to the peers in turn until one says that it leads.
func (p *proposal) propose(turn int) bool {
	for k := range p.c.n {
		i := (turn + k) % p.c.n
		if !p.c.Running(i) || !p.c.Connected(i) {
			continue
		}
		index, term, leads := p.c.propose(i, p.cmd)
		if leads {
			p.peer, p.index, p.term = i, index, term
			p.made++
			return true
		}
	}
	return false
}

// wait waits for the latest attempt to succeed. It gives up when there is no more hope or, for a
// retry, when it takes too long.
func (p *proposal) wait() bool {
	began, deposed := p.c.r.now(), time.Duration(-1)
	for p.c.r.now() < p.deadline {
		n, cmd := p.c.Applied(p.index)
		_, applied := p.c.checks.CommandAt(p.index)
		if applied && cmd != p.plain {
			return false // another leader's entry stands at the index
		}
		if applied && n >= p.want {
			return true
		}
		if p.retry && p.c.r.now()-began > CommitLimit {
			return false
		}
		// Without its leader the entry may be gone, or be committed by the next one; the next
		// proposal shows which.
		if deposed < 0 && p.deposed() {
			deposed = p.c.r.now()
		}
		if deposed >= 0 && !applied && p.c.r.now()-deposed > CommitLimit {
			return false
		}
		p.c.env.Sleep(pollInterval)
	}
	return false
}

// deposed says whether the peer that took the command leads no more, or leads nobody.
func (p *proposal) deposed() bool {
	term, leads := p.c.State(p.peer)
	return !leads || term != p.term || !p.c.Connected(p.peer)
}

func (p *proposal) failure(limit time.Duration) string {
	if p.made == 0 {
		return fmt.Sprintf("command %s found no leader to take it within %v%s", watch.CommandText(p.cmd), limit, p.deaf())
	}
	n, _ := p.c.Applied(p.index)
	text := fmt.Sprintf("command %s has to be applied by %d peers; after %v", watch.CommandText(p.cmd), p.want, limit)
	if _, applied := p.c.checks.CommandAt(p.index); !applied {
		return fmt.Sprintf("%s nobody has applied anything at its index %d (proposed %d times)", text, p.index, p.made)
	}
	return fmt.Sprintf("%s %d running peers have got to its index %d (proposed %d times)", text, n, p.index, p.made)
}

// deaf names a peer that says that it leads, and has not taken the command.
func (p *proposal) deaf() string {
	for i := range p.c.n {
		if !p.c.Running(i) || !p.c.Connected(i) {
			continue
		}
		if term, leads := p.c.State(i); leads {
			return fmt.Sprintf(": peer %d says that it leads term %d, and its Start that it does not", i, term)
		}
	}
	return ""
}

// WaitApplied waits until at least n running peers have applied the entry at index, and returns its
// command. If startTerm is not negative and a peer has moved on to a newer term before that,
// nothing can be said about the entry, and ok is false. After WaitLimit it fails the case with
// RuleNoAgreement.
func (c *Cluster) WaitApplied(index, n, startTerm int) (cmd any, ok bool) {
	have := 0
	for deadline := c.r.now() + WaitLimit; c.r.now() < deadline; c.env.Sleep(pollInterval) {
		if have, cmd = c.Applied(index); have >= n {
			return cmd, true
		}
		if startTerm < 0 {
			continue
		}
		for i := range c.n {
			if term, _ := c.State(i); term > startTerm {
				return nil, false
			}
		}
	}
	c.env.Fail(Violation{Rule: RuleNoAgreement, Section: "§5.3", Message: fmt.Sprintf("only %d of %d peers have applied index %d after %v", have, n, index, WaitLimit)})
	return nil, false
}
