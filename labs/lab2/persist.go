package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2C: what a peer has promised it still knows after a crash.

// everyoneRestarts crashes all peers at once, several times. What was committed must be found
// again, at the same indices, and new commands come after it.
func everyoneRestarts(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	last := 0
	for range 4 {
		c.commit(2, 3)
		index := c.agreeAll()
		if index <= last {
			c.fail(tester.RuleWrongIndex, "Figure 2", nil, "after all peers had restarted a command was committed at index %d, although index %d had been committed before", index, last)
		}
		last = index
		c.restartAll()
	}
	c.recovers()
}

// restartAll crashes all peers, and then starts them again.
func (c *cluster) restartAll() {
	for _, i := range c.Shuffled() {
		c.Crash(i)
	}
	for _, i := range c.Shuffled() {
		c.Restart(i)
	}
}

// oneRestarts crashes the leader, then a follower, and lets the others go on without them.
func oneRestarts(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for _, pick := range []func(leader int) int{
		func(leader int) int { return leader },
		func(leader int) int { return c.any(leader) },
	} {
		i := pick(c.Leader())
		c.Crash(i)
		c.commit(2, 2)
		c.Restart(i)
		c.agreeAll()
		c.Restart(i) // without missing anything
		c.agreeAll()
	}
	c.audit()
}

// majoritiesRotate commits with three of five, and has the next majority share one peer with the
// last one. Only that peer knows what was committed, and only from its persister.
func majoritiesRotate(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	for range 5 {
		order := c.Shuffled()
		behind, link, others := order[:2], order[2], order[3:]
		for _, i := range behind {
			c.Crash(i)
		}
		c.commit(2, 3)
		for _, i := range order[2:] {
			c.Crash(i)
		}
		for _, i := range order[:3] {
			c.Restart(i)
		}
		if leader := c.Leader(); leader != link {
			c.fail(tester.RuleLostCommit, "§5.4.1", []int{leader, link}, "peer %d was elected although it lacks entries that were committed while it was down; peer %d had them before it crashed", leader, link)
		}
		c.agree(3)
		for _, i := range others {
			c.Restart(i)
		}
		c.agreeAll()
	}
	c.audit()
}

// termFromReply has a deposed leader hear of the newest term in replies only. It acknowledges entries
// of that term, crashes, and meets a leader of a term in between, whose own entries are at the same
// indices. It must know in which term it was.
//
//	old    leads 1       reply: 3    stores an entry of 3   crashes   hears from stale
//	stale                leads 2, alone, with entries                 must be refused
//	newest                           leads 3, commits
func termFromReply(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	for range 3 {
		old := c.Leader()
		rest := c.Others(old)
		c.Partition([]int{old}, rest)
		stale := c.LeaderAmong(rest)
		c.Partition([]int{old}, []int{stale}, c.Others(old, stale))
		c.propose(stale, 2)
		newest := c.LeaderAmong(c.Others(old, stale))
		voters := c.Others(old, stale, newest)
		c.Links(func(from, to int) bool { // the newest leader does not reach the old one
			return from != stale && to != stale && (from != newest || to != old) && (from != old || to != newest)
		})
		e.Sleep(150 * time.Millisecond)
		c.Partition([]int{old, newest, voters[0]}, []int{stale}, []int{voters[1]})
		c.commit(1, 3)
		c.Crash(old)
		c.Partition([]int{old, stale})
		c.Restart(old)
		e.Sleep(400 * time.Millisecond)
		c.Partition([]int{old, stale, voters[1]})
		c.agree(3)
		c.HealAll()
		c.agreeAll()
	}
	c.audit()
}

// partitionThenCrash has a follower miss an entry, crashes those who have it, and brings back one
// of them.
func partitionThenCrash(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range 3 {
		leader := c.Leader()
		behind := c.any(leader)
		other := c.Others(leader, behind)[0]
		c.Disconnect(behind)
		c.commit(2, 2)
		c.Crash(leader)
		c.Crash(other)
		c.Connect(behind)
		c.Restart(leader)
		c.mustLead(leader, behind, "it lacks committed entries")
		c.agree(2)
		c.Restart(other)
		c.agreeAll()
	}
	c.audit()
}

// slowRejoin keeps a peer down for a long time and lets it back into a network that loses messages,
// while the others go on.
func slowRejoin(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	away := c.any(c.Leader())
	c.Crash(away)
	for range 4 {
		c.propose(c.Leader(), 10)
		c.agree(2)
	}
	c.Network().Reliable(false)
	c.Restart(away)
	for range 5 {
		c.writeToAnyLeader(1)
		c.agree(2)
	}
	c.recovers()
}

// restartStorm crashes some or all of five peers again and again, sometimes before they have found
// a leader, while clients write.
func restartStorm(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	for k := range 20 {
		c.writeToAnyLeader(1)
		down := c.Shuffled()[:1+e.Rand().IntN(c.N())]
		for _, i := range down {
			c.Crash(i)
		}
		c.Idle(100 * time.Millisecond)
		for _, i := range down {
			c.Restart(i)
		}
		c.Idle(400 * time.Millisecond)
		if k%5 == 4 {
			c.agreeAll()
		}
	}
	c.recovers()
}

// voteSurvives crashes a peer as soon as it has voted, brings it back at once, and has another
// candidate ask for its vote in the same term. The peer is the voter of the candidate that has just
// won or, as a candidate votes for itself, that candidate.
//
//	old leader, term 4      voter               winner
//	crashes                   |<-- vote, term 5? -->|
//	                          X  crash, restart     |  leads term 5
//	restarts in term 4        |                     |  is cut off
//	|--- vote, term 5? ------>|
//	|<-------- no ------------|    or there are two leaders in term 5
func voteSurvives(e *tester.Env) { crashesAfterVotes(newCluster(e, 3, tester.Options{}), 14) }

// crashesAfterVotes is voteSurvives on any cluster of three.
func crashesAfterVotes(c *cluster, rounds int) {
	for k := range rounds {
		c.Mend()
		old := c.Leader()
		before := c.Term()
		c.Crash(old)
		winner := c.firstWinner(c.Others(old))
		if term, leads := c.State(winner); !leads || term != before+1 {
			continue // the vote was split, old would not be in the term before
		}
		asked, other := c.Others(old, winner)[0], winner
		if k%2 == 1 {
			asked, other = other, asked
		}
		c.Disconnect(other)
		c.Restart(asked)
		c.Restart(old)
		c.env.Sleep(1200 * time.Millisecond)
	}
	c.recovers()
}

// votesPileUp has requests for votes of several terms wait at a voter's door, and crashes the voter
// when it has answered them all at one moment. What it has stored last must be what it said last.
//
//	candidate   |-- vote, term 5? --|-- 6? --|-- 7? --|
//	voter         busy                                 yes (5), yes (6), yes (7), X    restarts alone: stands in 8
func votesPileUp(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range 8 {
		leader := c.Leader()
		voter := c.any(leader)
		c.Pause(voter)
		c.Disconnect(leader)
		e.Sleep(2500 * time.Millisecond)
		c.Resume(voter)
		c.Idle(20 * time.Millisecond)
		c.Crash(voter)
		c.Disconnect(c.Others(voter)...)
		c.Restart(voter)
		e.Sleep(1200 * time.Millisecond)
		c.HealAll()
		c.agree(2)
	}
	c.recovers()
}

// firstWinner waits until one of the peers leads, and returns it at once.
func (c *cluster) firstWinner(peers []int) int {
	for end := c.env.Now() + tester.ElectionLimit; c.env.Now() < end; c.env.Sleep(time.Millisecond) {
		for _, i := range peers {
			if _, leads := c.State(i); leads {
				return i
			}
		}
	}
	return c.LeaderAmong(peers) // says what is wrong
}

// commitThenCrash crashes both of the two peers that have just committed an entry, and brings one
// of them back to one that never saw it. A leader may count itself only for what it has stored, and
// a follower may say yes only to what it has stored.
func commitThenCrash(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for k := range 6 {
		leader := c.Leader()
		follower := c.any(leader)
		away := c.Others(leader, follower)[0]
		c.Disconnect(away)
		proposals := c.propose(leader, 2)
		if len(proposals) == 0 {
			c.HealAll()
			continue
		}
		last := proposals[len(proposals)-1]
		c.Until(tester.CommitLimit, func() bool { return c.applied(last) })
		committed := c.applied(last)
		c.Crash(leader)
		c.Crash(follower)
		c.Connect(away)
		survivor := []int{leader, follower}[k%2]
		c.Restart(survivor)
		if committed {
			c.ledger[last.index] = last.command
			c.mustLead(survivor, away, "it lacks an entry that had been committed before the crash")
		}
		c.agree(2)
		c.Mend()
		c.agreeAll()
		c.audit()
	}
}

// appendThenCrash crashes a follower between the write that stores an entry and the reply. The
// leader has had no answer, so nothing is committed; the follower, once back, has the entry.
func appendThenCrash(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range 4 {
		leader := c.Leader()
		follower := c.any(leader)
		away := c.Others(leader, follower)[0]
		c.Disconnect(away)
		crashed := c.CrashAtPersist(follower, 1)
		proposals := c.propose(leader, 1)
		if e.Await(crashed, tester.CommitLimit) {
			e.Sleep(500 * time.Millisecond)
			c.neverApplied(proposals, "§5.3", "the follower that would have made a majority crashed before it could answer")
		} else if len(proposals) > 0 && c.AppliedThrough(leader) >= proposals[0].index && c.applied(proposals[0]) {
			c.fail(tester.RuleLostCommit, "Figure 2", []int{follower}, "peer %d helped to commit index %d without a single write to its persister", follower, proposals[0].index)
		}
		c.Restart(follower)
		c.agree(2)

		// Whoever takes over must come from those two.
		if leads := c.Leader(); leads != leader {
			leader, follower = leads, leader
		}
		c.Crash(leader)
		c.Connect(away)
		c.mustLead(follower, away, "it lacks committed entries")
		c.Restart(leader)
		c.agreeAll()
	}
	c.audit()
}

// crashAtWrites crashes peers exactly after one of their next writes, whichever it is: a vote, a
// term, an entry. What must be stored together must be written together.
func crashAtWrites(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for range 12 {
		i := c.any()
		crashed := c.CrashAtPersist(i, 1+e.Rand().IntN(3))
		if e.Rand().IntN(2) == 0 {
			c.Disconnect(c.Leader()) // have them vote
		}
		c.writeToAnyLeader(1)
		e.Await(crashed, 1500*time.Millisecond)
		c.HealAll()
		c.writeToAnyLeader(1)
		c.Restart(i)
		c.agree(2)
	}
	c.recovers()
}

// unreliableAgreement has several clients write at once while a tenth of all messages is lost each
// way.
func unreliableAgreement(e *tester.Env) {
	const rounds, clients = 12, 4
	c := newCluster(e, 5, tester.Options{Unreliable: true})
	for range rounds {
		commands := make([]int, clients)
		indices := make([]int, clients)
		for k := range commands {
			commands[k] = c.command()
			e.Go(func() { indices[k] = c.One(commands[k], 1, true) })
		}
		e.Wait()
		for k, index := range indices {
			c.ledger[index] = commands[k]
		}
	}
	c.recovers()
}
