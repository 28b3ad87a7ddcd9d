package tester

import (
	"fmt"
	"slices"
	"time"

	"raftlab/raftapi"
)

// raft returns the Raft peer of l; nil while it has not been made.
func (l *life) raft() raftapi.Raft {
	if made := l.node.Load(); made != nil {
		return made.raft
	}
	return nil
}

// State asks peer i for its term and whether it leads. A peer that is not running answers 0, false.
func (c *machines) State(i int) (term int, leader bool) {
	l := c.running(i)
	if l == nil {
		return 0, false
	}
	p := l.raft()
	if p == nil {
		return 0, false
	}
	c.r.into("GetState", i, l.as(func() { term, leader = p.GetState() }))
	c.checks.Said(&l.Life, term, leader)
	if !l.Alive() {
		return 0, false // it crashed meanwhile
	}
	return term, leader
}

// Leader waits until exactly one of the running, connected peers leads in the newest term that any
// of them has, and returns it. After ElectionLimit it fails the case with RuleNoLeader. It wants a
// majority of running, connected peers that reach each other; for partial topologies there is
// LeaderAmong.
func (c *machines) Leader() int { return c.leader(c.present, "the running, connected peers") }

// LeaderAmong is Leader for a part of the cluster: whatever other peers say does not matter.
func (c *machines) LeaderAmong(peers []int) int {
	return c.leaderAmong(peers, fmt.Sprintf("peers %v", peers))
}

func (c *machines) leaderAmong(peers []int, whom string) int {
	return c.leader(func() []int {
		return slices.DeleteFunc(slices.Clone(peers), func(i int) bool { return !c.Running(i) })
	}, whom)
}

// present returns the running, connected peers.
func (c *machines) present() []int {
	var is []int
	for i := range c.n {
		if c.Running(i) && c.Connected(i) {
			is = append(is, i)
		}
	}
	return is
}

func (c *machines) leader(among func() []int, whom string) int {
	var seen []string
	for deadline := c.r.now() + ElectionLimit; c.r.now() < deadline; c.env.Sleep(pollInterval) {
		leader, newest := -1, -1
		seen = seen[:0]
		for _, i := range among() {
			term, leads := c.State(i)
			seen = append(seen, stateText(i, term, leads))
			if term > newest {
				leader, newest = -1, term
			}
			if term == newest && leads {
				leader = i
			}
		}
		if leader >= 0 {
			return leader
		}
	}
	c.env.Fail(Violation{Rule: RuleNoLeader, Section: "§5.2", Message: fmt.Sprintf(
		"after %v none of %s leads the newest term among them: %s", ElectionLimit, whom, list(seen))})
	return -1
}

func stateText(i, term int, leads bool) string {
	if leads {
		return fmt.Sprintf("peer %d leads term %d", i, term)
	}
	return fmt.Sprintf("peer %d has term %d", i, term)
}

// list joins a few things for a sentence.
func list(parts []string) string {
	if len(parts) == 0 {
		return "nobody is there"
	}
	text := parts[0]
	for _, p := range parts[1:] {
		text += ", " + p
	}
	return text
}

// NoLeader waits for d and then fails the case with RuleUnwantedLeader if a running, connected peer
// claims to lead. It is for moments when no connected peer can reach a majority. A leader that has
// lost its followers may go on believing that it leads (Figure 2 has no rule against it), so that
// a case has to disconnect it, or give it DeposedLimit where it can hear of a newer term.
func (c *machines) NoLeader(d time.Duration) {
	c.env.Sleep(d)
	for _, i := range c.present() {
		if term, leads := c.State(i); leads {
			c.env.Fail(Violation{Rule: RuleUnwantedLeader, Section: "§5.2", Message: fmt.Sprintf(
				"peer %d says that it leads term %d, but it cannot have got a majority's votes", i, term), Peers: []int{i}})
		}
	}
}

// Term waits until all running, connected peers say the same term, and returns it. After TermLimit
// it fails the case with RuleTermsDiffer.
func (c *machines) Term() int {
	var seen []string
	for deadline := c.r.now() + TermLimit; c.r.now() < deadline; c.env.Sleep(pollInterval) {
		terms := map[int]bool{}
		last := 0
		seen = seen[:0]
		for _, i := range c.present() {
			term, leads := c.State(i)
			terms[term], last = true, term
			seen = append(seen, stateText(i, term, leads))
		}
		if len(terms) == 1 {
			return last
		}
	}
	c.env.Fail(Violation{Rule: RuleTermsDiffer, Section: "§5.1", Message: fmt.Sprintf("the connected peers do not agree on a term within %v: %s", TermLimit, list(seen))})
	return 0
}
