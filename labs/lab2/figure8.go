package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2C, §5.4.2: an entry of an older term is not committed because a majority stores it.

// figure8 plays Figure 8 of the paper, with five peers, crashes and cut links. S1 to S5 are whoever
// takes the role: a case cannot tell a correct peer when to win an election, but it can leave
// it only the right voters.
//
//	index      1  2     1  2     1  2     1  2          1  2
//	S1         1  2     1 [2]    1 [2] 4  1 [2] 4       1  2  4
//	S2         1  2     1  2     1 [2]    1  3          1  2  4
//	S3         1        1        1 [2]    1  3          1  2  4
//	S4         1        1        1        1  3          1
//	S5         1        1 [3]    1  3     1  3          1  3
//	          (a)      (b)      (c)      (d) without   (e) with an entry of term 4
//
// In (c) the entry of term 2 is on a majority. A leader that commits it for that loses it in (d).
// It does not help that the leader has an entry of term 4 by then, as it has in the paper: nobody
// else has it.
func figure8(e *tester.Env) {
	for _, own := range []entryOfFour{noEntry, ownEntry, ownEntry, ownEntry, sharedEntry} {
		c := newCluster(e, 5, tester.Options{})
		c.figure8(own)
		c.recovers()
		c.Shutdown()
	}
}

// entryOfFour says how far the entry of term 4 gets in (c).
type entryOfFour int

const (
	noEntry     entryOfFour = iota // there is none
	ownEntry                       // at the leader alone
	sharedEntry                    // on a majority
)

func (c *cluster) figure8(four entryOfFour) {
	current := four == sharedEntry
	c.agreeAll()

	// (a) S1 leads term 2 and gives its entry to S2 alone.
	s1 := c.Leader()
	s2 := c.any(s1)
	c.Partition([]int{s1, s2})
	two := c.propose(s1, 1)
	c.env.Sleep(reachFollower)
	c.Crash(s1)

	// (b) S5 wins term 3 with the votes of S3 and S4, and takes another entry for the same index,
	// which nobody else sees.
	rest := c.Others(s1, s2)
	c.HealAll()
	c.Disconnect(s2)
	s5 := c.firstWinner(rest)
	c.Disconnect(s5)
	c.propose(s5, 1)
	c.Crash(s5)
	s3, s4 := c.Others(s1, s2, s5)[0], c.Others(s1, s2, s5)[1]

	// (c) S1 is back, wins with the votes of S2 and S3, and goes on copying: its entry of term 2 is
	// now on three of five.
	c.HealAll()
	c.Disconnect(s4)
	c.Restart(s1)
	leader := c.LeaderAmong([]int{s1, s2, s3})
	if current {
		c.agree(3) // (e) an entry of term 4 on the same three; that commits both
	}
	c.env.Sleep(reachFollower)
	if current {
		c.remember(two)
	}
	if four == ownEntry {
		// Confirmations of what the others have are still on their way when the leader takes it.
		c.Network().LongReordering(true)
		c.env.Sleep(400 * time.Millisecond)
		c.mute(leader)
		c.propose(leader, 1)
		c.env.Sleep(200 * time.Millisecond)
		c.Network().LongReordering(false)
	}
	c.env.Note("S1=%d S2=%d S3=%d S4=%d S5=%d, leader of (c): %d", s1, s2, s3, s4, s5, leader)

	// (d) or (e) S1 and S3 crash, S5 is back. Of S2, S4 and S5 it is S5 that wins (d), since its
	//     last
	// term is 3 and that of S2 is 2; and S2 that wins (e), since its last term is 4. (S2 may be the
	// leader of (c). If it still were, it could bring S5 up to date, and then S5 might win as
	// well.)
	c.Crash(s1)
	c.Crash(s3)
	c.Restart(s2)
	c.HealAll()
	c.Restart(s5)
	if current {
		if now := c.Leader(); now != s2 {
			c.fail(tester.RuleLostCommit, "§5.4.1", []int{now, s2}, "peer %d was elected although it lacks committed entries that peer %d has", now, s2)
		}
	}
	c.agree(3)
}

// reachFollower is long enough for a leader to bring one or two entries to a follower that lacks
// them, in any style of replication.
const reachFollower = 2 * tester.CatchUp

// figure8Random looks for the same with luck: leaders crash soon after they have taken a command,
// and others come back when too few are left.
func figure8Random(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	for range 80 {
		if leader := c.writeToSomeLeader(); leader >= 0 && e.Rand().IntN(2) == 0 {
			c.Crash(leader)
		}
		if down := c.where(func(i int) bool { return !c.Running(i) }); len(down) > 2 {
			c.Restart(down[e.Rand().IntN(len(down))])
		}
	}
	c.recovers()
}

// figure8Unreliable cuts leaders off instead, on a network that loses messages and, later on, holds
// back replies for a long time. Many logs with many different tails meet in the end.
func figure8Unreliable(e *tester.Env) {
	const steps, reorderFrom = 60, 20
	c := newCluster(e, 5, tester.Options{Unreliable: true})
	c.agree(3)
	for k := range steps {
		if k == reorderFrom {
			c.Network().LongReordering(true)
		}
		if leader := c.writeToSomeLeader(); leader >= 0 && e.Rand().IntN(2) == 0 {
			c.Disconnect(leader)
		}
		if cut := c.where(func(i int) bool { return !c.Connected(i) }); len(cut) > 2 {
			c.Connect(cut[e.Rand().IntN(len(cut))])
		}
	}
	c.recovers()
}

// writeToSomeLeader gives one command to everyone who says that it leads, lets the command get more
// or less far, and returns a connected one of those, or -1. It waits for one to turn up, but not
// for long.
func (c *cluster) writeToSomeLeader() int {
	leader := -1
	c.Until(800*time.Millisecond, func() bool {
		for _, i := range c.Shuffled() {
			if c.Running(i) && len(c.propose(i, 1)) > 0 && c.Connected(i) {
				leader = i
			}
		}
		return leader >= 0
	})
	if c.env.Rand().IntN(5) == 0 {
		c.Idle(500 * time.Millisecond)
	} else {
		c.Idle(15 * time.Millisecond)
	}
	return leader
}

// where returns the peers of which something is true.
func (c *cluster) where(is func(i int) bool) []int {
	var peers []int
	for i := range c.N() {
		if is(i) {
			peers = append(peers, i)
		}
	}
	return peers
}
