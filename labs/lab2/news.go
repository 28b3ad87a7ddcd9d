package lab2

import (
	"time"

	"raftlab/tester"
)

// Cases about what a reply says besides yes and no: the term of who sent it (§5.1, Figure 2: "if
// RPC request or response contains term T > currentTerm"). Peers hear of new terms by requests,
// too, and soon; so these cases look at the time between two elections of the peer that is ahead,
// when it has sent nothing but replies.
//
//	leader, term 2   |-- heartbeat, 2 -->|  -- heartbeat, 2 -->|
//	                 |<------- no, 9 ----|<------- no, 9 ------|
//	ahead, term 9    ^ has just stood, and is let back         ^ looked at here     stands again: term 10

// answered is long enough for a heartbeat and its answer, also where a call that was lost has to
// come back first.
const answered = 400 * time.Millisecond

// ear counts how often a peer has had time to hear of a newer term in a reply, and how often it has
// not.
type ear struct{ judged, deaf int }

// newsInReplies has a leader learn in replies that it is behind. Of candidates nothing is asked
// here: a peer may leave the request of an older term without an answer, as etcd's does, and then
// there is no news in it.
func newsInReplies(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	var asLeader ear
	for round := 0; round < 12 && asLeader.judged < 3; round++ {
		leader, term := c.leadership()
		ahead := c.any(leader)
		c.Disconnect(ahead)
		e.Sleep(2 * time.Second)
		c.leaderHears(&asLeader, leader, term, ahead)
		c.HealAll()
	}
	e.Note("judged: %d times", asLeader.judged)
	c.recoversElection()
}

// leaderHears lets a peer that is ahead back as soon as it has stood once more, and fails if the
// leader of an older term goes on until the peer stands again.
func (c *cluster) leaderHears(ear *ear, leader, term, ahead int) {
	if !c.untilStands(ahead) {
		return
	}
	newer, _ := c.State(ahead)
	if now, leads := c.State(leader); !leads || now != term || newer <= term {
		return
	}
	c.HealAll()
	learned := c.Until(answered, func() bool { now, leads := c.State(leader); return !leads || now > term })
	if now, _ := c.State(ahead); now != newer {
		return // it may have said so in a request
	}
	ear.judged++
	if !learned {
		ear.deaf++
	}
	if ear.deaf > 1 {
		c.fail(tester.RuleUnwantedLeader, "§5.1", []int{leader, ahead}, "peer %d leads term %d, and has been told of term %d by peer %d for %v, in the replies to all it sent there; it still leads, as another leader did before", leader, term, newer, ahead, answered)
	}
}

// untilStands waits until peer i, which is cut off, begins its next election: from then on there is
// an election timeout in which it sends no request.
func (c *cluster) untilStands(i int) bool {
	before, _ := c.State(i)
	return c.untilWithin(time.Millisecond, 3*time.Second, func() bool { now, _ := c.State(i); return now > before })
}

// untilWithin is until, with another interval between two looks.
func (c *cluster) untilWithin(interval, d time.Duration, what func() bool) bool {
	for end := c.env.Now() + d; c.env.Now() < end; c.env.Sleep(interval) {
		if what() {
			return true
		}
	}
	return what()
}

// raisesTerms finds out whether a peer that is alone gets ahead in terms, as in the paper. With
// PreVote, asked for or not, it does not.
func (c *cluster) raisesTerms() bool {
	alone := c.any(c.Leader())
	c.Disconnect(alone)
	defer c.Connect(alone)
	return c.untilStands(alone)
}

// leapAhead has the term grow by a dozen, and leaves peer away cut off in one of the first of them:
// another peer is alone for some time, and comes back. The leader takes commands when peer away is
// cut off already.
func (c *cluster) leapAhead(away, commands int) (leader, term int) {
	old := c.Leader()
	alone := c.any(old, away)
	c.Disconnect(alone)
	c.env.Sleep(10 * time.Second)
	c.Disconnect(away)
	c.propose(old, commands)
	c.Connect(alone)
	return c.leadership()
}

// onlyRefusals lets a follower hear its leader, and refuse whatever comes: it lacks the entry
// before, and since nobody hears its answers, the leader does not go back. That is a leader it
// hears from (§5.2), so it does not stand.
//
//	leader     1 2 3    nextIndex 4: what is behind 3? ... what is behind 3? ...
//	follower   1        no ... no ...                            nobody hears it
func onlyRefusals(e *tester.Env) {
	const rounds, forgiven = 5, 1
	c := newCluster(e, 3, tester.Options{})
	stood := 0
	for range rounds {
		c.agreeAll()
		away := c.any(c.Leader())
		c.leapAhead(away, 2) // whoever has these wins, and takes the others to have them
		c.agree(2)
		leader, term := c.leadership()
		c.mute(away)
		c.Connect(away)
		e.Sleep(answered)
		if before, _ := c.State(away); before == term {
			e.Sleep(4 * time.Second)
			now, leads := c.State(leader)
			if after, _ := c.State(away); after > before && leads && now == term {
				stood++
			}
		}
		if stood > forgiven {
			c.fail(tester.RuleTermChanged, "§5.2", []int{away}, "peer %d heard from the leader of its term %d all the time, and stood for election nevertheless, as it had before; does an AppendEntries that is refused for a missing entry set the election timer back?", away, term)
		}
		c.HealAll()
	}
	c.recovers()
}

// writesMeetVotes has the leader commit something at the very moment when a voter decides. The
// candidate does not hear the leader; the voter hears both.
//
//	leader      |--- new entry --->|             |<-- yes --| committed
//	voter       |  is asked, looks at its log,   |  votes?
//	candidate   |--- vote? --->|                                  lacks the entry
func writesMeetVotes(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	for range 10 {
		c.agreeAll()
		leader, term := c.leadership()
		stands := c.any(leader)
		c.Cut(leader, stands)
		c.untilWithin(time.Millisecond, 3*time.Second, func() bool { now, _ := c.State(stands); return now > term })
		for range 5 {
			c.propose(leader, 1)
			e.Sleep(time.Millisecond)
		}
		e.Sleep(200 * time.Millisecond)
		c.HealAll()
	}
	c.recovers()
}

// deadPeer takes one of four peers away, on a network where a call to it takes seconds to fail.
// Nobody else may have to wait for that call.
func deadPeer(e *tester.Env) {
	c := newCluster(e, 4, tester.Options{LongDelays: true})
	for range 3 {
		c.Disconnect(c.any(c.Leader()))
		c.staysQuiet()
		c.HealAll()
	}
	c.Network().LongDelays(false)
	c.recoversElection()
}

// lateNews holds back the replies of a peer that is ahead until all have gone much further. An old
// reply is news only to those who are behind it: terms never go back.
//
//	leader, term 2   |-- heartbeat, 2 -->| one, term 6
//	                 |                   |                  another, term 15, comes back: all follow it
//	term 16          |<---- no, 6 -------|  late
func lateNews(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	for range 5 {
		rest := c.Shuffled(c.Leader())
		one, another := rest[0], rest[1]
		c.Disconnect(another)
		e.Sleep(5 * time.Second)
		c.Disconnect(one)
		e.Sleep(1500 * time.Millisecond)
		c.untilStands(one)
		c.Network().LongReordering(true)
		c.Connect(one)
		e.Sleep(250 * time.Millisecond)
		c.Connect(another)
		c.termsGrow(3 * time.Second)
		c.Network().LongReordering(false)
		c.HealAll()
	}
	c.recoversElection()
}

// termsGrow fails if a peer says an older term than it has said before. Nobody restarts meanwhile.
func (c *cluster) termsGrow(d time.Duration) {
	said := make([]int, c.N())
	for end := c.env.Now() + d; c.env.Now() < end; c.env.Sleep(10 * time.Millisecond) {
		for i := range said {
			now, _ := c.State(i)
			if now < said[i] {
				c.fail(tester.RuleTermsDiffer, "§5.1", []int{i}, "peer %d was in term %d, and is in term %d now, without a restart; the current term never goes back, however old a reply is", i, said[i], now)
			}
			said[i] = now
		}
	}
}

// deposedKeeps has a leader deposed before it knows what is committed: it was elected with an entry
// that its predecessor had committed, and nobody has told it so. The entry stays in its log. In
// some rounds a's first entries are faster than the cut: b may win then, and the case says nothing
// of who leads. What was applied once must stay: all servers show that.
//
//	first    1 [2]      committed: first and a have it          away
//	a        1 [2]      wins the next term with b's vote         deposed by b, must win again
//	b        1          gets nothing of a, stands: deposes a     has to be refused
func deposedKeeps(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	for range 5 {
		c.agreeAll()
		first := c.Leader()
		rest := c.Shuffled(first)
		a, b := rest[0], rest[1]
		c.Disconnect(b)
		taken := c.propose(first, 1)
		committed := func() bool { return len(taken) > 0 && c.applied(taken[0]) }
		c.untilWithin(time.Millisecond, tester.CommitLimit, committed)
		c.Disconnect(first)
		if committed() {
			c.remember(taken)
			c.Connect(b)
			leads := func() bool { _, leads := c.State(a); return leads }
			c.untilWithin(time.Millisecond, 10*time.Second, leads)
			c.Cut(a, b)
			term, _ := c.State(a)
			c.Until(3*time.Second, func() bool { now, _ := c.State(a); return now > term })
			c.Heal(a, b)
			c.agree(2)
		}
		c.HealAll()
	}
	c.recovers()
}
