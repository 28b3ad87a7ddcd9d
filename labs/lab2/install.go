package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2D: snapshots on their way to a follower, and what they meet there.

// tailMeetsSnapshot gives an old leader a long tail of entries that were never committed, and lets
// it back to a leader that has only a snapshot left for those indices. The tail conflicts with the
// snapshot, or reaches beyond it; none of it may survive.
//
//	old leader   1 2 3 x x x x x x x x x x x x
//	others       [   snapshot to 15    ] 16
func tailMeetsSnapshot(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	c.agreeAll()
	for _, tail := range []int{4, 20, 40} {
		old := c.Leader()
		c.Disconnect(old)
		lost := c.propose(old, tail)
		for range 3 {
			c.propose(c.Leader(), 5)
			c.agree(2)
		}
		c.Connect(old)
		c.agreeAll()
		c.commit(2, 3)
		c.neverApplied(lost, "§7", "a majority committed other commands there")
	}
	c.audit()
}

// conflictAtSnapshot cuts off a leader right after a snapshot, with a tail of its own behind it,
// and brings it back to a leader that has entries of a newer term at those indices, and no snapshot
// that covers them. The search for the point where the logs agree ends at the snapshot.
func conflictAtSnapshot(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	for range 3 {
		c.fillSnapshot(3)
		c.oldLeaderRejoins()
	}
	c.recovers()
}

// suffixKept has replies held back while a burst of commands crosses a snapshot: the leader, which
// has not heard that a follower has them all, compacts its log and sends the snapshot. The
// follower's entries behind it must stay, since the reply that confirms them is on its way.
//
//	follower     1 2 3 ... 20 21 22 23 24 25     success (25) is late
//	leader       [ snapshot to 20 ] 21 ... 25    sends the snapshot
//	follower     [ snapshot to 20 ] 21 ... 25
func suffixKept(e *tester.Env) {
	const most, behind = 20, 5
	c := newCluster(e, 3, tester.Options{SnapshotEvery: most})
	last := c.agreeAll()
	for range 6 {
		c.Network().LongReordering(true)
		burst := most - last%most + behind
		c.propose(c.Leader(), burst)
		e.Sleep(2500 * time.Millisecond)
		c.Network().LongReordering(false)
		// A follower with holes may be lucky when the next snapshot comes, so this is not to take
		// longer than any peer needs.
		last = c.agreeWithin(tester.ElectionLimit+tester.ApplyLimit+time.Duration(burst)*tester.CatchUp, 3)
	}
	c.audit()
}

// snapshotsMeetAppends lets one follower come and go, every fraction of a second, while the leader
// takes commands and snapshots all the time: the follower gets entries and snapshots in turn, late
// and twice, and must never go back.
func snapshotsMeetAppends(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 3, Unreliable: true, Duplicates: true})
	c.agree(2)
	comesAndGoes := c.any(c.Leader())
	for k := range 40 {
		c.writeToAnyLeader(2)
		if k%2 == 0 {
			c.Disconnect(comesAndGoes)
		} else {
			c.Connect(comesAndGoes)
		}
		c.Idle(150 * time.Millisecond)
		if k%8 == 7 {
			c.agree(2)
		}
	}
	c.recovers()
}

// oldSnapshots holds replies back for a second or so, so that the leader sends its snapshot more
// than once, and the replies to old ones come when newer ones have been installed.
func oldSnapshots(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 4, Unreliable: true, LongReordering: true, Duplicates: true})
	for range 6 {
		away := c.any(c.Leader())
		c.Disconnect(away)
		c.writeToAnyLeader(6)
		c.agree(2)
		c.Connect(away)
		for range 5 {
			c.writeToAnyLeader(2)
			c.Idle(100 * time.Millisecond)
		}
		c.agree(2)
	}
	c.recovers()
}

// crashWhileInstalling crashes a follower exactly after a write while it is being sent a snapshot:
// the snapshot, and the log that goes with it, must be stored in one piece.
func crashWhileInstalling(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	c.agreeAll()
	for k := range 6 {
		away := c.any(c.Leader())
		c.Disconnect(away)
		c.batch(2)
		c.batch(2)
		crashed := c.CrashAtPersist(away, 1+k%3)
		c.Connect(away)
		c.writeToAnyLeader(1)
		e.Await(crashed, 2*time.Second)
		c.Restart(away)
		c.agreeAll()
	}
	c.audit()
}

// lostSnapshots has the leader send snapshots to a follower that is down. They are lost, so when
// the follower is back, in the term that it left, it needs one all the same. In some rounds the
// leader cuts its log once more while the snapshot is on its way: the reply is about the one that
// was sent. No new command comes to anybody's help.
//
//	leader     [ snapshot to 20 ] 21 22    |-- snapshot -->X    |-- ...?
//	follower   1 ... 5                     down                 back
func lostSnapshots(e *tester.Env) {
	const limit, slow = tester.ApplyLimit + 10*tester.CatchUp, 40 * time.Millisecond
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	c.agreeAll()
	judged := 0
	for k := range 6 {
		away := c.any(c.Leader())
		c.Crash(away)
		c.batch(2)
		c.batch(2)
		leader, term := c.leadership()
		e.Sleep(answered)
		if k%2 == 1 {
			c.Network().Latency(slow, slow+slow/4)
		}
		c.Restart(away)
		if k%2 == 1 {
			c.writeSteadily(leader, slow/2, 15*slow)
			e.Sleep(5 * slow)
			c.Network().Latency(0, 0)
		}
		through := c.AppliedThrough(leader)
		brought := c.Until(limit, func() bool { return c.AppliedThrough(away) >= through })
		now, leads := c.State(leader)
		if stayed := leads && now == term; !brought && stayed {
			c.fail(tester.RuleNoAgreement, "§7", []int{leader, away}, "peer %d is back for %v, and leader %d of term %d has not brought it further than index %d of %d; does a snapshot whose call came to nothing, or an older one, count as the one it needs?",
				away, limit, leader, term, c.AppliedThrough(away), through)
		} else if stayed {
			judged++
		}
		c.agreeAll()
	}
	e.Note("judged: %d times", judged)
	c.audit()
}

// senderFails lets a follower hear of a snapshot, and crashes the leader that sends it within
// milliseconds. The snapshot that its successor sends is older than its term. This is the one case
// that looks at the term with which peers deliver snapshots: only a peer's own CondInstallSnapshot
// has a use for it.
func senderFails(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5, SnapshotTerms: true})
	c.agreeAll()
	for range 6 {
		leader := c.Leader()
		away := c.any(leader)
		c.Disconnect(away)
		c.batch(2)
		c.batch(2)
		leader = c.Leader()
		c.Connect(away)
		c.Idle(120 * time.Millisecond)
		c.Crash(leader)
		c.agree(2)
		c.Restart(leader)
		c.agreeAll()
	}
	c.audit()
}

// snapshotChurn lets clients write while peers that take snapshots crash and come back.
func snapshotChurn(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, SnapshotEvery: 4})
}

// snapshotsRefused pauses a follower while snapshots are on their way to it, until it has stood for
// election. Meanwhile the leader hears of a newer term, from a peer that was alone for long, and is
// elected again. When the follower goes on it refuses what was sent in the earlier term. Its term
// is no news to the leader by now, so nothing in the replies says that they are refusals.
//
//	leader, term 1   InstallSnapshot --.   term 12, elected in 13     is it installed?
//	follower         paused: ...........:...... stands in 2, 3, 4    goes on: "term 4" --^
func snapshotsRefused(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 30})
	for range 6 {
		c.agreeAll()
		leader := c.Leader()
		rest := c.Shuffled(leader)
		away, other := rest[0], rest[1]
		c.Crash(away) // so that its term stays what it is
		c.commit(32, 2)
		c.Disconnect(other)
		e.Sleep(5 * time.Second)
		c.Restart(away)
		c.Pause(away)
		e.Sleep(250 * time.Millisecond) // a few snapshots
		c.Connect(other)
		for range 3 {
			if c.LeaderAmong([]int{leader, other}) == leader {
				break
			}
			c.Links(func(from, to int) bool { return from == away || to == away })
			e.Sleep(time.Second)
			c.HealAll()
		}
		c.Resume(away)
	}
	c.recovers()
}
