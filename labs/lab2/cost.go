package lab2

import (
	"strings"
	"time"

	"raftlab/tester"
)

// Part 2B: what agreement may cost. All limits are well above what a simple peer needs, and apply
// only while the term stays the same: an election in the middle is measured again, not blamed.

// measured runs work until the term was the same before and after it, and returns how many RPCs,
// how many bytes and how much time it took. After some tries it gives up and returns false.
func (c *cluster) measured(work func()) (rpcs int, bytes int64, took time.Duration, ok bool) {
	for range 5 {
		c.Leader()
		term := c.Term()
		rpcs, bytes, took = c.TotalRPCs(), c.Bytes(), c.env.Now()
		work()
		rpcs, bytes, took = c.TotalRPCs()-rpcs, c.Bytes()-bytes, c.env.Now()-took
		if c.Term() == term {
			return rpcs, bytes, took, true
		}
	}
	c.env.Note("the term changed in each of 5 tries, nothing was measured")
	return 0, 0, 0, false
}

// heartbeats is how many messages a leader of n peers may send in d only to be heard.
func heartbeats(n int, d time.Duration) int {
	return int(d.Seconds()*tester.IdleRPCs*float64(n-1)) + n
}

// bytesOnce sends large commands and counts bytes: each command travels to each peer once.
func bytesOnce(e *tester.Env) {
	const peers, commands, size = 3, 10, 5000
	const slack = 50_000 // headers, heartbeats, and a command or two sent again
	c := newCluster(e, peers, tester.Options{})
	c.agreeAll()
	_, bytes, _, ok := c.measured(func() {
		for k := range commands {
			text := strings.Repeat(string(rune('a'+k)), size)
			c.One(text, peers, true)
		}
	})
	if limit := int64(peers*commands*size + slack); ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§5.3", nil, "%d commands of %d bytes made %d bytes of messages between %d peers; at most %d are needed if each command is sent to each follower once", commands, size, bytes, peers, limit)
	}
}

// electionCost counts the messages of the first election.
func electionCost(e *tester.Env) {
	const peers = 3
	c := newCluster(e, peers, tester.Options{})
	leader := c.Leader()
	term, _ := c.State(leader)
	rpcs := c.TotalRPCs()
	limit := 4*peers*(peers-1)*max(term, 1) + heartbeats(peers, e.Now())
	if rpcs < 1 || rpcs > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.2", []int{leader}, "electing a leader of term %d among %d peers took %d RPCs; at least 1 and at most %d are needed", term, peers, rpcs, limit)
	}
}

// agreementCost counts the messages for some commands that the leader is given in one go.
func agreementCost(e *tester.Env) {
	const peers, commands = 3, 10
	c := newCluster(e, peers, tester.Options{})
	c.agreeAll()
	rpcs, _, took, ok := c.measured(func() {
		leader := c.Leader()
		proposals := c.propose(leader, commands)
		for _, p := range proposals {
			c.WaitApplied(p.index, peers, p.term)
		}
	})
	if limit := (commands+1+3)*peers + heartbeats(peers, took); ok && rpcs > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.3", nil, "agreement of %d peers on %d commands took %d RPCs in %v; at most %d are needed", peers, commands, rpcs, took, limit)
	}
}

// idleCost counts the messages after the work is done: then only heartbeats are left.
func idleCost(e *tester.Env) {
	const peers, seconds = 3, 3
	c := newCluster(e, peers, tester.Options{})
	c.commit(5, peers)
	e.Sleep(time.Second)
	rpcs, _, took, ok := c.measured(func() { e.Sleep(seconds * time.Second) })
	if limit := heartbeats(peers, took); ok && rpcs > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.2", nil, "%d RPCs in %v although every peer has every entry; at most %d are needed for heartbeats", rpcs, took, limit)
	}
}
