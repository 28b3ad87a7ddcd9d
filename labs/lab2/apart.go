package lab2

import "raftlab/tester"

// Part 2D: peers whose logs begin at different indices.

// snapshotsApart has each peer take its snapshots at other indices than the others, and late:
// services look at the size of their own logs, and write in the background. A follower hears all
// and is heard by none, so that the leader goes on sending it what it has, until the leader cuts
// its log: then comes a snapshot that ends in the middle of what the follower has committed and
// applied.
//
//	leader     [   snapshot to 30   ] 31 32 33 ... 45       nextIndex of the follower is still 17
//	follower   1 2 3 ... 29 30 31 32 33 ... 44              commitIndex 44: it brings nothing
func snapshotsApart(e *tester.Env) {
	const late = 15
	intervals := []int{30, 50, 70}
	e.Rand().Shuffle(len(intervals), func(i, j int) { intervals[i], intervals[j] = intervals[j], intervals[i] })
	c := newCluster(e, 3, tester.Options{
		SnapshotEveryOf: func(i int) int { return intervals[i] },
		SnapshotLag:     late,
	})
	c.agreeAll()
	for range 3 {
		leader := c.Leader()
		c.mute(c.any(leader))
		for range 12 {
			c.propose(leader, 4)
			c.agree(2)
		}
		c.HealAll()
		c.agreeAll()
		c.Disconnect(c.Leader()) // another one leads next
		c.agree(2)
		c.HealAll()
		c.agreeAll()
	}
	c.recovers()
}

// aLittleBehind cuts the log right behind the newest entry, again and again, while some lack many
// entries and get the snapshot, and others a few. Whoever can keep some entries in memory for the
// latter (raftapi.CatchUpKeeper) is asked to; others send a snapshot. The one that was far behind,
// and got entries only from where its snapshot ends, leads next, for no one else can: it has to
// know what it does not have.
//
//	leader, one more    1 2 3 ... 24 25 26 27 28 29 30      then away
//	far behind          [     to 24    ] 25 26 ... 29 30    has to lead
//	a little behind     1 2 3 ... 24 25 26
//	more than a little  1 2 3 ... 20
func aLittleBehind(e *tester.Env) {
	const kept = 16
	c := newCluster(e, 5, tester.Options{SnapshotEvery: 4, CatchUp: kept})
	c.agreeAll()
	for round := range 6 {
		far := c.any(c.Leader())
		c.Disconnect(far)
		c.propose(c.Leader(), kept+4)
		c.agree(4)
		more := c.any(c.Leader(), far)
		c.Disconnect(more)
		c.propose(c.Leader(), 1+e.Rand().IntN(kept/2))
		c.agree(3)
		c.Connect(far)
		c.agree(4)

		leader := c.Leader()
		little := c.any(leader, far, more)
		c.Disconnect(little)
		c.propose(leader, 4)
		c.agree(3)
		c.Disconnect(c.Others(far, little, more)...)
		c.Connect(little, more)
		c.agree(3)
		c.logShort(stateLimit)
		c.HealAll()
		c.agreeAll()
		if round%2 == 1 {
			c.Restart(c.any()) // it has kept nothing
		}
	}
	c.recovers()
}

// atTheBorder has a follower's log end right before the last entry that the others have put into
// their snapshots, at it, and right behind it. One entry more or less decides whether it needs the
// snapshot, and what stands in front of the entries that it is sent.
//
//	others      [   snapshot to 8   ] 9 10
//	follower    1 2 ... 6 7                       the snapshot: nobody has entry 8 any more
//	            1 2 ... 6 7 8                     entries behind the snapshot: 8 is in it
//	            1 2 ... 6 7 8 9                   entries
func atTheBorder(e *tester.Env) {
	const every = 4
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	for round := range 3 * every {
		for index := c.agreeAll(); index%every != (every-1+round%3)%every; index = c.agreeAll() {
		}
		leader := c.Leader()
		rest := c.Shuffled(leader)
		c.Disconnect(rest[0])
		for range every - round%3 {
			c.agree(2)
		}
		c.Connect(rest[0])
		c.Disconnect(rest[1]) // the follower is needed
		c.agree(2)
		c.Connect(rest[1])
	}
	c.recovers()
}
