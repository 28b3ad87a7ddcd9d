package lab2

import (
	"time"

	"raftlab/tester"
)

// unsyncedWrites gives each peer a disk that takes its time, and crashes one in the midst of a write: a vote
// or a term, an entry. What was not on the disk is lost, and so nobody may have been told of it. A
// peer that has its writes done in the background, to be quicker, has promised by then what it does
// not know any more.
//
//	leader    |-- entry -->|               |<-- yes (too early) --|  commits, crashes
//	follower               [==== write ====X                         restarts without the entry
//	away                                                             comes back: a majority without it
func unsyncedWrites(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{Fsync: 5 * time.Millisecond})
	c.agreeAll()
	for k := range 10 {
		if k%2 == 0 {
			c.crashInVote()
		} else {
			c.crashInAppend()
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

// crashInAppend crashes a follower while it stores an entry that would be committed with it, and
// then the leader. The two that are left know nothing of the entry.
func (c *cluster) crashInAppend() {
	leader := c.Leader()
	follower := c.any(leader)
	away := c.all(leader, follower)[0]
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
