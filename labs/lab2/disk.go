package lab2

import (
	"sync/atomic"
	"time"

	"raftlab/tester"
)

// unsyncedWrites gives each peer a disk that takes its time, and crashes one in the middle of a
// write: a vote or a term, an entry. What was not on the disk is lost, and so nobody may have been
// told of it. A peer that has its writes done in the background, to be quicker, has promised by
// then what it does not know any more.
//
//	leader    |-- entry -->|               |<-- yes (too early) --|  commits, crashes
//	follower               [==== write ====X                         restarts without the entry
//	away                                                             comes back: a majority without it
func unsyncedWrites(e *tester.Env) { unsyncedWritesOf()(e) }

// unsyncedWritesOf is unsyncedWrites for peers with extensions.
func unsyncedWritesOf(extensions ...string) func(e *tester.Env) {
	return func(e *tester.Env) {
		crashesInWrites(newCluster(e, 3, tester.Options{Fsync: 5 * time.Millisecond, Extensions: extensions}))
	}
}

func crashesInWrites(c *cluster) {
	c.agreeAll()
	for k := range 12 {
		switch k % 3 {
		case 0:
			c.crashInVote()
		case 1:
			c.crashInAppend()
		case 2:
			c.crashInCandidacy()
		}
		c.agree(2)
		c.Mend()
		c.agreeAll()
	}
	c.audit()
}

// crashInVote crashes a peer while it stores a vote or a new term. Back, and alone, it stands for
// election itself, in the first term of which it does not know.
func (c *cluster) crashInVote() {
	leader := c.Leader()
	voter := c.any(leader)
	crashed := c.CrashInPersist(voter, 1+c.env.Rand().IntN(2))
	c.Disconnect(leader)
	c.env.Await(crashed, 1500*time.Millisecond)
	c.Restart(voter)
	c.Disconnect(voter)
	c.env.Sleep(1200 * time.Millisecond)
	c.HealAll()
}

// crashInCandidacy crashes a peer while it stores a new term, in which it may be a candidate, and
// brings it back to the leader of the term before, with nobody else there. If it has asked for
// votes already, then it has forgotten a term in which it acted.
func (c *cluster) crashInCandidacy() {
	leader := c.Leader()
	stands := c.any(leader)
	crashed := c.CrashInPersist(stands, 1)
	c.Disconnect(leader)
	if c.env.Await(crashed, 1500*time.Millisecond) {
		c.Disconnect(c.Others(leader, stands)...)
		c.Restart(stands)
		c.Connect(leader)
		c.env.Sleep(600 * time.Millisecond)
	}
	c.HealAll()
}

// crashInAppend crashes a follower while it stores an entry that would be committed with it, and
// then the leader. The two that are left know nothing of the entry.
func (c *cluster) crashInAppend() {
	leader := c.Leader()
	follower := c.any(leader)
	away := c.Others(leader, follower)[0]
	c.Disconnect(away)
	crashed := c.CrashInPersist(follower, 1)
	proposals := c.propose(leader, 1)
	if c.env.Await(crashed, tester.CommitLimit) {
		c.env.Sleep(100 * time.Millisecond)
		c.neverApplied(proposals, "§5.3", "the follower that would have made a majority crashed while it stored it")
	}
	c.Crash(leader)
	c.Restart(follower)
	c.Connect(away)
}

// lameDisk is the disk of one peer at a time; writes of the others take no time. At first it is
// nobody's.
type lameDisk struct {
	owner        atomic.Int64 // the peer and 1, so that 0 is nobody
	first, later atomic.Int64 // what its next write takes, and what those after it take
}

// is says whose it is, and how long its next write takes and those after it.
func (d *lameDisk) is(peer int, first, later time.Duration) {
	d.first.Store(int64(first))
	d.later.Store(int64(later))
	d.owner.Store(int64(peer) + 1)
}

// isWell says that no disk is slow any more.
func (d *lameDisk) isWell() { d.owner.Store(0) }

// fsync is for [tester.Options.FsyncOf].
func (d *lameDisk) fsync(peer int) time.Duration {
	if d.owner.Load() != int64(peer)+1 {
		return 0
	}
	return time.Duration(d.first.Swap(d.later.Load()))
}

// slowDisk slows one disk of three down, that of the leader or that of its only follower, and
// crashes the peer in the middle of the write of an entry. While it writes, others may have done
// all their part; it may not count as one that has stored the entry, for its own sake or another's,
// whatever it has in memory.
//
//	leader    [======== write =X            counts itself?      |-- entry -->|        |-- entry, again -->|
//	follower  |-- yes -->|                                                   [=========== write ===X
//	                                                                         yes? it has it in memory
func slowDisk(e *tester.Env) { oneDiskIsSlow(e, 20*time.Millisecond) }

// oneDiskIsSlow is slowDisk where the leader's disk takes so long.
func oneDiskIsSlow(e *tester.Env, leaders time.Duration, extensions ...string) {
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{Extensions: extensions, FsyncOf: slow.fsync})
	for k := range 8 {
		c.agreeAll()
		leader := c.Leader()
		follower := c.any(leader)
		away := c.Others(leader, follower)[0]
		writes, other, d := leader, follower, leaders
		if k%2 == 1 {
			writes, other, d = follower, leader, 300*time.Millisecond // heartbeats repeat the entry meanwhile
		}
		c.Disconnect(away)
		slow.is(writes, d, d)
		crashed := c.CrashInPersist(writes, 1)
		proposals := c.propose(leader, 1)
		if e.Await(crashed, tester.CommitLimit) {
			c.neverApplied(proposals, "§5.3", "one of the two that would have made a majority crashed while it stored it")
		}
		slow.isWell()
		c.Crash(other)
		c.Restart(writes)
		c.Connect(away)
		c.agree(2)
		c.Mend()
	}
	c.recovers()
}
