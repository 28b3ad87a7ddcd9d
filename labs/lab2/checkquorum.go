package lab2

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2F: CheckQuorum (§6.2 of Ongaro's dissertation) and leader stickiness (§4.2.3). A leader
// that works stays, one that does not goes.

// leadershipLimit is how long a leader may stay leader without a majority: it looks once per
// election timeout, and may just have looked.
const leadershipLimit = 2*tester.ElectionTimeoutHigh + 500*time.Millisecond

// leaves fails if peer i leads anything after leadershipLimit. why says how few it reaches.
func (c *cluster) leaves(i int, why string) {
	if !c.Until(leadershipLimit, func() bool { _, leads := c.State(i); return !leads }) {
		term, _ := c.State(i)
		c.fail(tester.RuleUnwantedLeader, "§6.2", []int{i}, "peer %d still leads term %d, %v after %s; two election timeouts are enough to notice", i, term, leadershipLimit, why)
	}
}

func stepsDown(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.CheckQuorum))
	c.agreeAll()
	for range 3 {
		leader, term := c.leadership()
		c.Disconnect(leader)
		c.propose(leader, 2)
		c.leaves(leader, "it was cut off")
		if now, _ := c.State(leader); now == term {
			if taken := c.propose(leader, 1); len(taken) > 0 && taken[0].term == term {
				c.fail(tester.RuleUnwantedLeader, "§6.2", []int{leader}, "peer %d said that it leads no more, but takes a command in the same term %d", leader, term)
			}
		}
		c.agree(2)
		c.Connect(leader)
		c.agreeAll()
	}
	c.audit()
}

// halfIsNotEnough leaves a leader with one of three followers. When it has stepped down it is a
// follower like others, in its old term, and with an election timer: with the newest log it is the
// only one that can win when links to a majority are back.
func halfIsNotEnough(e *tester.Env) {
	c := newCluster(e, 4, with(raftapi.PreVote, raftapi.CheckQuorum))
	for range 3 {
		c.agreeAll()
		leader, term := c.leadership()
		rest := c.Shuffled(leader)
		c.Partition([]int{leader, rest[0]}, rest[1:])
		taken := c.propose(leader, 2)
		c.leaves(leader, "only one of three others reached it")
		c.NoLeader(2 * time.Second)
		if now, _ := c.State(leader); now != term && len(taken) > 0 {
			c.fail(tester.RuleTermChanged, "§6.2", []int{leader}, "peer %d led term %d, stepped down for want of a majority, and is in term %d now; it steps down within its term, and with PreVote stays there", leader, term, now)
		}
		c.Partition([]int{leader, rest[1], rest[2]})
		c.LeaderAmong([]int{leader, rest[1], rest[2]})
		c.HealAll()
	}
	c.recovers()
}

func keepsOffice(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.CheckQuorum))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 3 {
		u.by("two of five peers were away", func(leader int) {
			rest := c.Shuffled(leader)
			c.Crash(rest[0])
			c.mute(rest[1]) // it hears, and nobody hears it
			for range 5 {
				c.agree(3)
				e.Sleep(time.Second)
			}
			c.Restart(rest[0])
			c.HealAll()
			c.agreeAll()
		})
	}
	c.audit()
}

// deafLeaderGoes is DeafLeader of part 2B, in which nothing could be committed: the others heard
// the leader and were content. Now it notices that nobody answers.
func deafLeaderGoes(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.CheckQuorum))
	for range 3 {
		c.agreeAll()
		deaf := c.Leader()
		c.deafen(deaf)
		c.propose(deaf, 2)
		c.leaves(deaf, "it was made deaf")
		c.LeaderAmong(c.Others(deaf))
		c.agree(2)
		c.HealAll()
	}
	c.recovers()
}

// sticky breaks links between the leader and one follower, who has the same log as the others and
// asks them for their votes, in one newer term after the other.
func sticky(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.CheckQuorum))
	c.agreeAll()
	bothWays := e.Rand().IntN(2) == 0
	times := 0
	for range 3 {
		leader, term := c.leadership()
		disruptive := c.any(leader)
		c.Links(func(from, to int) bool {
			return !(from == leader && to == disruptive || bothWays && from == disruptive && to == leader)
		})
		e.Sleep(8 * time.Second)
		now, leads := c.State(leader)
		if !leads || now != term {
			times++
		}
		if times > 1 {
			c.fail(tester.RuleDisturbed, "§4.2.3", []int{leader, disruptive},
				"peer %d led term %d, and all but peer %d heard it; nevertheless it is deposed: who hears a leader ignores requests for votes, and their terms", leader, term, disruptive)
		}
		c.agree(4)
		c.HealAll()
		c.agreeAll()
	}
	c.audit()
}

// stuckIsFreed lets a peer go ahead in terms, ignored by all who hear their leader. When the leader
// reaches it again, its own AppendEntries is of an old term there; the answer deposes it, and
// an election brings them together. So everything is as it was, but for an election.
func stuckIsFreed(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.CheckQuorum))
	for range 3 {
		c.agreeAll()
		leader := c.Leader()
		stuck := c.any(leader)
		if e.Rand().IntN(2) == 0 {
			c.Disconnect(stuck)
		} else {
			c.Links(func(from, to int) bool { return !(from == leader && to == stuck || from == stuck && to == leader) })
		}
		e.Sleep(6 * time.Second)
		c.commit(2, 2)
		c.HealAll()
		c.Leader()
		c.Term()
	}
	c.recovers()
}

// quietRejoin is Rejoin for a peer that has missed nothing: its log is as good as the others', so
// only their hearing a leader speaks against it.
func quietRejoin(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.PreVote, raftapi.CheckQuorum))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 4 {
		u.by("a follower with the newest log came back after five seconds alone", func(leader int) {
			away := c.any(leader)
			e.Sleep(500 * time.Millisecond)
			c.Disconnect(away)
			e.Sleep(5 * time.Second)
			c.Connect(away)
			c.Cut(leader, away) // it can ask the others before it hears the leader
			e.Sleep(1500 * time.Millisecond)
			c.HealAll()
			e.Sleep(time.Second)
		})
	}
	c.recovers()
}

// bridgeCommits takes away from an old leader all but one follower, the bridge, which the majority
// needs:
//
//	a --- b
//	 \   /
//	 bridge --- old leader       e (alone)
//
// The bridge hears the old leader and has its newest entries, which are not committed. As long as
// the old one stays the bridge does not stand itself, and does not vote for a or b. With PreVote
// alone that is for ever.
func bridgeCommits(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote, raftapi.CheckQuorum))
	for range 3 {
		c.agreeAll()
		old := c.Leader()
		rest := c.Shuffled(old)
		middle, a, b := rest[0], rest[1], rest[2]
		c.propose(old, 1)
		c.Links(func(from, to int) bool {
			inside := func(i int) bool { return i == middle || i == a || i == b }
			return inside(from) && inside(to) || from == old && to == middle || from == middle && to == old
		})
		c.propose(old, 2)
		c.leaves(old, "it was left with one follower of four")
		c.LeaderAmong([]int{middle, a, b})
		c.commit(3, 3)
		c.HealAll()
	}
	c.recovers()
}

// chainCommits is the topology of Howard and others: the leader, 3, reaches all but 4, which
// reaches 2 only.
//
//	4 --- 2 --- 1
//	       \   /
//	         3 --- 5
//
// 4 has no leader and asks 2, again and again.
func chainCommits(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.PreVote, raftapi.CheckQuorum))
	c.agreeAll()
	u := undisturbed{c: c}
	for range 3 {
		u.by("one follower could only reach another follower", func(leader int) {
			rest := c.Shuffled(leader)
			one, two, four, five := rest[0], rest[1], rest[2], rest[3]
			linked := func(a, b int) bool {
				for _, l := range [][2]int{{one, two}, {one, leader}, {two, leader}, {two, four}, {leader, five}} {
					if l == [2]int{a, b} || l == [2]int{b, a} {
						return true
					}
				}
				return false
			}
			c.Links(linked)
			for range 5 {
				c.agree(4)
				e.Sleep(time.Second)
			}
			c.HealAll()
			c.agreeAll()
		})
	}
	c.audit()
}

func quorumChurn(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, Extensions: []string{raftapi.PreVote, raftapi.CheckQuorum}})
}

// voteKept has a leader step down, and then a peer ask for its vote that was down when the leader
// was elected: it stands in the same term. The leader has voted in that term, for itself.
//
//	away, term 4     down              | restarts |-- vote, term 5? -->|
//	leader           wins term 5   steps down                          no: one leader a term
//	third            votes             crashed
func voteKept(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.CheckQuorum))
	for range 10 {
		c.agreeAll()
		before := c.Term()
		away := c.any(c.Leader())
		c.Crash(away)
		c.Restart(c.Leader()) // so that there is an election, in the next term
		leader, term := c.leadership()
		if term == before+1 {
			c.Crash(c.Others(leader, away)[0])
			c.untilWithin(time.Millisecond, leadershipLimit, func() bool { _, leads := c.State(leader); return !leads })
			c.Restart(away)
			e.Sleep(1200 * time.Millisecond)
		}
		c.Mend()
	}
	c.recovers()
}
