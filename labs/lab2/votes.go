package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2A: whose vote counts, and when.

// staleVotes makes votes arrive when the election that they were given in is over.
//
//	a                 b              the third peer is cut off
//	|--- vote, term 5? -->|          b has handled the request: cut a -> b
//	|                     X
//	| timeout: term 6     |          nobody can hear a in term 6
//	|<---- yes, term 5 ---|          too late: it says nothing about term 6
//
// From the cut on, a can still win the term it is in, but no later one.
func staleVotes(e *tester.Env) {
	const rounds = 8
	c := newCluster(e, 3, tester.Options{})
	for range rounds {
		c.HealAll()
		leader := c.Leader()
		newest := c.Term()
		c.Network().LongReordering(true)
		c.Disconnect(leader)

		rest := c.Shuffled(leader)
		a, b := rest[0], rest[1]
		asked := c.Until(5*time.Second, func() bool {
			atA, _ := c.State(a)
			atB, _ := c.State(b)
			return atA > newest && atA == atB // one of them asked, and the other one knows
		})
		c.Cut(a, b)
		if asked {
			c.winsNoMore(a, 2500*time.Millisecond, "nobody can hear it; are votes of an earlier term counted?")
		}
		c.Network().LongReordering(false)
	}
	c.recoversElection()
}

// winsNoMore fails if peer i, which cannot win an election any more, comes to lead a term that is
// newer than the one it is in now. If it has just won that one, it may go on to lead it.
func (c *cluster) winsNoMore(i int, d time.Duration, why string) {
	last, _ := c.State(i)
	c.throughout(d, func() {
		if term, leads := c.State(i); leads && term > last {
			c.fail(tester.RuleUnwantedLeader, "§5.2", []int{i}, "peer %d leads term %d, but since term %d %s", i, term, last, why)
		}
	})
}

// recoversElection heals everything; a leader has to emerge and stay.
func (c *cluster) recoversElection() {
	c.Mend()
	c.Leader()
	c.Term()
	c.staysQuiet()
}

// fewVoters leaves one pair of five connected, with replies that come late and out of order. All
// the votes that the two can gather, over any number of terms, are two per term.
func fewVoters(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{LongReordering: true, Duplicates: true})
	order := c.Shuffled()
	c.Disconnect(order[2:]...)
	c.throughout(10*time.Second, func() {
		for _, i := range order[:2] {
			if term, leads := c.State(i); leads {
				c.fail(tester.RuleUnwantedLeader, "§5.2", []int{i}, "peer %d of 5 leads term %d, but only one other peer can vote for it", i, term)
			}
		}
	})
	c.recoversElection()
}

// deposedByNews cuts off a follower until it has gone through several terms alone, and lets it
// back. Its term is newer than the leader's: the others have to take it over, and settle on one
// again.
func deposedByNews(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	for range 3 {
		lonely := c.any(c.Leader())
		c.Disconnect(lonely)
		e.Sleep(5 * time.Second)
		c.Connect(lonely)
		reached, _ := c.State(lonely)
		c.sharesTerm(reached)
	}
	c.staysQuiet()
}

// sharesTerm waits until all peers are in one term, which is not older than least, and one leads.
func (c *cluster) sharesTerm(least int) {
	ok := c.Until(tester.ElectionLimit, func() bool {
		leaders, term := 0, -1
		for i := range c.N() {
			now, leads := c.State(i)
			if term >= 0 && now != term || now < least {
				return false
			}
			term = now
			if leads {
				leaders++
			}
		}
		return leaders == 1
	})
	if !ok {
		c.fail(tester.RuleTermsDiffer, "§5.1", nil, "a peer had reached term %d and can talk to all others, but they do not come together in one term with a leader", least)
	}
}

// muteLeader takes away a leader's voice: it hears everyone, nobody hears it. The others elect a
// new leader, whose heartbeats reach the old one; hearing is enough to step down.
func muteLeader(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	old, term := c.leadership()
	c.mute(old)
	c.LeaderAmong(c.Others(old))
	c.waitUntilDeposed(old, term)
	c.recoversElection()
}

// deposedHeartbeats keeps a deposed leader ignorant: it can speak but hears nothing, so it goes on
// sending heartbeats of its old term. They must not hold up the next election.
//
//	old leader, deaf     |--t--|--t--|--t--|--t--|--t-->     heartbeats of term t
//	second leader        elected in term t+1, and cut off
//	three of five        have heard of t+1: term t is nothing to them
func deposedHeartbeats(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	old := c.Leader()
	c.Disconnect(old)
	second := c.Leader()
	c.Term() // all but the old one know the newer term
	c.Disconnect(second)
	c.Connect(old)
	c.deafen(old)
	c.LeaderAmong(c.Others(old, second))
	c.recoversElection()
}

// deafFollower can speak but hears nothing, so it stands for election again and again. Its
// requests depose leaders (that is Raft without PreVote), but no vote ever reaches it.
func deafFollower(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	deaf := c.any(c.Leader())
	c.deafen(deaf)
	c.winsNoMore(deaf, 5*time.Second, "no vote can have reached it")
	c.recoversElection()
}

// mute cuts everything that peer i sends.
func (c *cluster) mute(i int) {
	for _, j := range c.Others(i) {
		c.Cut(i, j)
	}
}

// deafen cuts everything that is sent to peer i.
func (c *cluster) deafen(i int) {
	for _, j := range c.Others(i) {
		c.Cut(j, i)
	}
}
