package lab2

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// A vote is given once in a term (§5.2), whatever else its voter hears in the rest of that term.
// Two candidates of one term are rare, so these cases make them.

// votesOnce has two peers stand in one term, and lets the second ask everybody who has voted, after
// they have heard from the leader of their term and from one of an older term.
//
//	old leader, term t   hears nobody, and keeps quiet who hears it
//	first     hears it no more, stands in t+1, and wins by the votes of three
//	voter     votes for first, or stands in t+1 itself; then it hears heartbeats of first, and nobody hears it
//	second    hears the old leader no more either, stands in t+1, and asks the voter and the three
//
// With longer, first has an entry that the others lack: the voter refuses what it is sent, and goes
// on lacking it. Nothing is asserted here but what the harness always does: nobody votes twice.
func votesOnce(longer bool) func(*tester.Env) {
	return func(e *tester.Env) {
		c := newCluster(e, 7, tester.Options{})
		judged := 0
		for round := range 4 {
			if longer {
				c.agreeAll()
			}
			if c.asksAgain(round%2 == 0, longer) {
				judged++
			}
			c.HealAll()
		}
		e.Note("judged: %d times", judged)
		if longer {
			c.recovers()
			return
		}
		for range 6 {
			c.askTogether()
		}
		c.recoversElection()
	}
}

// asksAgain is one round of votesOnce; it says whether it came to its end.
func (c *cluster) asksAgain(voterStands, longer bool) bool {
	first := c.any(c.Leader())
	if longer {
		first = c.lengthened()
	}
	old, term := c.leadership()
	if old == first {
		return false
	}
	order := c.Shuffled(old, first)
	voter, second := order[0], order[1]
	c.Links(func(from, to int) bool {
		switch {
		case to == old, from == voter, from == old && to == first:
			return false
		case to == second:
			return from == old
		case from == second:
			return to != first
		}
		return from != first || to != voter || !voterStands
	})
	within := func(i int, what func(now int, leads bool) bool) bool {
		return c.untilWithin(time.Millisecond, 3*time.Second, func() bool { return what(c.State(i)) })
	}
	if !within(first, func(now int, leads bool) bool { return leads && now == term+1 }) {
		return false
	}
	if voterStands {
		c.Cut(old, voter)
		if !within(voter, func(now int, _ bool) bool { return now > term }) {
			return false
		}
		c.Heal(first, voter)
	}
	c.env.Sleep(answered)
	of := func(i int) int { now, _ := c.State(i); return now }
	if of(voter) != term+1 || of(second) != term {
		return false
	}
	c.Cut(old, second)
	if !within(second, func(now int, _ bool) bool { return now > term }) {
		return false
	}
	c.env.Sleep(50 * time.Millisecond)
	return true
}

// askTogether has two peers stand in one term, and lets both ask at one instant: to decide on a
// vote and to note it is one step.
func (c *cluster) askTogether() {
	leader, term := c.leadership()
	pair := c.Shuffled(leader)[:2]
	for _, i := range pair {
		c.Pause(i)
	}
	c.untilWithin(time.Millisecond, 3*time.Second, func() bool {
		one, _ := c.State(pair[0])
		other, _ := c.State(pair[1])
		return one > term && other > term
	})
	for _, i := range pair {
		c.Resume(i)
	}
	c.env.Sleep(answered)
}

// lengthened gives one peer an entry that no other has, and has it follow another leader. An entry
// of that leader's own would take it away again; most leaders have none.
func (c *cluster) lengthened() int {
	peer, term := c.leadership()
	c.Disconnect(peer)
	c.propose(peer, 1)
	c.Leader()
	c.Connect(peer)
	c.waitUntilDeposed(peer, term)
	return peer
}

// lateYesElects brings answers to a pre-vote when the election has begun: two of five say Yes soon
// enough for the candidate to stand, and two when it stands already. Its requests for votes are
// lost, so nobody has voted for it.
//
//	candidate   pre-vote, t+1?      stands in t+1: vote?       no leader: one vote
//	two         |--- Yes --->|                      X lost
//	two others  |-- (held) ---------------------------- Yes ---->|
func lateYesElects(e *tester.Env) {
	const slow = 40 * time.Millisecond
	c := newCluster(e, 5, with(raftapi.PreVote))
	judged := 0
	for range 4 {
		c.Leader()
		term := c.Term()
		order := c.Shuffled()
		c.Network().Latency(slow, slow+slow/4)
		for _, i := range order {
			c.Crash(i)
		}
		late, soon := order[:2], order[2:]
		for _, i := range order {
			c.Restart(i)
		}
		for _, i := range late {
			c.Pause(i)
		}
		stands, since := c.firstToStand(soon, term)
		for _, i := range late {
			c.Resume(i)
		}
		e.Sleep(time.Millisecond) // what waited at their doors is handled; requests for votes are still on their way
		if stands >= 0 {
			c.mute(stands) // what it has just sent is lost as well
			if e.Now()-since < slow {
				c.winsNone(stands, term)
				judged++
			}
		}
		c.Network().Latency(0, 0)
		c.HealAll()
	}
	e.Note("judged: %d times", judged)
	c.recovers()
}

// firstToStand waits until one of the peers is in a newer term, and says which (-1: none), and
// since when at the earliest. It looks often, but a look may take a while.
func (c *cluster) firstToStand(peers []int, term int) (stands int, since time.Duration) {
	looked := make([]time.Duration, c.N())
	stands = -1
	c.untilWithin(time.Millisecond, 3*time.Second, func() bool {
		for _, i := range peers {
			at := c.env.Now()
			if now, _ := c.State(i); now > term {
				stands, since = i, looked[i]
				return true
			}
			looked[i] = at
		}
		return false
	})
	return stands, since
}

// winsNone fails if a peer comes to lead although nobody has heard its request for a vote.
func (c *cluster) winsNone(i, term int) {
	c.throughout(time.Second, func() {
		if now, leads := c.State(i); leads {
			c.fail(tester.RuleUnwantedLeader, "§9.6", []int{i}, "peer %d leads term %d, but no request for a vote has left it since it was in term %d; is a Yes to a pre-vote that comes late counted as a vote?", i, now, term)
		}
	})
}
