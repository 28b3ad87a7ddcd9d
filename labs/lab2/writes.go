package lab2

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2G, the disk: writes beside the mutex, and what is written together (§10.2.1 and §10.2.2 of
// Ongaro's dissertation). Each case stands for one rule of raft/disk.go.

func diskWrites() []tester.Case {
	return []tester.Case{
		{Part: "2G", Name: "SendsWhileItWrites", Points: 8, Section: "§10.2.1", Run: sendsWhileItWrites,
			Checks: "a leader sends while its disk is at work: from a command to its commitment, one disk's time and not two"},
		{Part: "2G", Name: "PromisesAreStored", Points: 8, Section: "Figure 2", Run: unsyncedWritesOf(raftapi.Disk),
			Reaches: []string{"reply waited for a term or a vote to be stored"},
			Checks:  "crashes fall into writes of terms, votes and entries that go on in the background: nobody has been told of them"},
		{Part: "2G", Name: "CountsItsOwnDisk", Points: 8, Section: "§10.2.1", Run: countsItsOwnDisk,
			Reaches: []string{"reply waited for entries to be stored"},
			Checks:  "one of two disks is slow, the leader's or the follower's: nothing is committed before both have it, sent twice or not"},
		{Part: "2G", Name: "OldWriteEnds", Points: 8, Section: "§10.2.1", Run: oldWriteEnds,
			Checks: "a write ends when its entry has been replaced: it says nothing of the entry that stands there now"},
		{Part: "2G", Name: "WritesInOrder", Points: 8, Section: "§7", Run: writesInOrder,
			Reaches: []string{"log compacted", "snapshot installed"},
			Checks:  "snapshots and truncations come while entries wait for the disk: what a crash leaves is a log without holes"},
		{Part: "2G", Name: "AppliesWhatItHas", Points: 8, Section: "§10.2.1", Run: appliesWhatItHas,
			Checks: "the others have committed what the leader's own disk is still at: its service is not given it yet"},
		{Part: "2G", Name: "OneServer", Points: 6, Section: "§10.2.1", Run: oneServer,
			Checks: "a cluster of one leads, and commits, when its disk says so: a crash in the write takes nothing back"},
		{Part: "2G", Name: "WrittenTogether", Points: 8, Section: "§10.2.2", Run: writtenTogether,
			Reaches: []string{"several commands in one write"},
			Checks:  "commands that come while the disk is at work are written, and sent, together: a fraction of the writes"},
	}
}

// sendsWhileItWrites measures how long a command takes where each disk takes as long as a message's
// way and back.
func sendsWhileItWrites(e *tester.Env) {
	const fsync, oneWay, commands, gap = 40 * time.Millisecond, 20 * time.Millisecond, 12, 150 * time.Millisecond
	c := newCluster(e, 3, tester.Options{Fsync: fsync, Extensions: []string{raftapi.Disk}})
	c.agreeAll()
	var mean time.Duration
	_, _, _, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Latency(oneWay, oneWay+oneWay/20)
		defer c.Network().Latency(0, 0)
		mean = c.meanLatency(leader, commands, gap)
	})
	const limit = 2*oneWay + 3*fsync/2
	if ok && mean > limit {
		c.fail(tester.RuleTooSlow, "§10.2.1", nil, "a message takes %v and a write %v; from a command to its commitment it takes %v on average. Leader and followers can write at the same time, so it is about %v, and may be %v",
			oneWay, fsync, mean, 2*oneWay+fsync, limit)
	}
	c.recovers()
}

// countsItsOwnDisk is slowDisk where also the leader's disk takes so long that its heartbeats tell
// what it has committed.
func countsItsOwnDisk(e *tester.Env) { oneDiskIsSlow(e, 300*time.Millisecond, raftapi.Disk) }

// oldWriteEnds has a follower's disk at the entry of one leader when another leader's entry comes
// to the same index. In some rounds the old leader's next entry waits in line as well, and in some
// the disk has all that it has sent.
//
//	index 7    old leader's x     [=============== write x ===============]
//	           new leader's y          |-- y -->| queued                   [==== write y ==X
//	                                                                       yes? its disk has x
func oldWriteEnds(e *tester.Env) {
	const long, short = 4 * time.Second, 400 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 5, tester.Options{Extensions: []string{raftapi.Disk}, FsyncOf: slow.fsync})
	for k := range 6 {
		c.agreeAll()
		old := c.Leader()
		rest := c.Shuffled(old)
		slow1, a, b, away := rest[0], rest[1], rest[2], rest[3]
		c.Partition([]int{old, slow1}, []int{a, b, away})
		first, inLine := long, k%3/2 // writes of x beside the first one
		if k%3 == 1 {
			first = time.Millisecond
		}
		slow.is(slow1, first, short)
		c.trickle(old, 1+inLine, 20*time.Millisecond)
		e.Sleep(50 * time.Millisecond)
		leader := c.LeaderAmong([]int{a, b, away})
		other := c.Others(leader, old, slow1)[0]
		crashed := (<-chan struct{})(nil)
		if first < long {
			crashed = c.CrashInPersist(slow1, 2) // the new term, and y
		}
		c.Partition([]int{leader, other, slow1}, []int{old}, c.Others(leader, other, slow1, old))
		proposals := c.propose(leader, 1)
		if first == long {
			e.Sleep(long / 2) // the crash is not to fall into the first write
			crashed = c.CrashInPersist(slow1, 2+inLine)
		}
		if e.Await(crashed, long) {
			c.onDisk(slow1, proposals, "§10.2.1", "two of five have it, and the third crashed while it wrote it")
		}
		slow.isWell()
		c.Crash(other)
		c.Restart(slow1)
		c.HealAll()
		c.Mend()
	}
	c.recovers()
}

// onDisk fails if proposals were applied although peer i has crashed before it had stored them: it
// has been counted.
func (c *cluster) onDisk(i int, proposals []proposal, section, why string) {
	c.env.Sleep(100 * time.Millisecond)
	if c.Running(i) {
		return
	}
	c.neverApplied(proposals, section, why)
}

// writesInOrder has the leader's snapshot come to a follower whose disk is still at the entries
// that it replaces.
//
//	follower's disk    [==== 7 ====][==== 8, 9 ====][==== snapshot to 15 ====]
//	comes in           7    8, 9      15
func writesInOrder(e *tester.Env) { snapshotsInLine(e, raftapi.Disk) }

// orderTogether is writesInOrder for peers that write together what waits.
func orderTogether(e *tester.Env) { snapshotsInLine(e, raftapi.Batch, raftapi.Disk) }

func snapshotsInLine(e *tester.Env, extensions ...string) {
	const long, gap = 250 * time.Millisecond, 120 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 8, Extensions: extensions, FsyncOf: slow.fsync})
	for k := range 6 {
		c.agreeAll()
		leader := c.Leader()
		behind := c.any(leader)
		slow.is(behind, long, long)
		c.trickle(leader, 3, gap) // each in a write of its own, and all in line
		if k%3 < 2 {
			c.Disconnect(behind)
		} // else the snapshot brings nothing, but for the disk
		c.propose(leader, 9)
		e.Sleep(20 * time.Millisecond)
		crashed := c.CrashInPersist(behind, 1+k)
		c.Connect(behind)
		e.Await(crashed, 6*long)
		slow.isWell()
		c.Mend()
	}
	c.recovers()
}

// appliesWhatItHas looks at the instant when a peer with a slow disk hands on an entry that the
// others have committed: the leader; a follower, which hears of it with the next heartbeat; and one
// that is sent it in a snapshot.
func appliesWhatItHas(e *tester.Env) { handsOnWithASlowDisk(e, raftapi.Disk) }

// runsAreStored is appliesWhatItHas for peers that hand on entries in runs.
func runsAreStored(e *tester.Env) { handsOnWithASlowDisk(e, raftapi.ApplyRuns, raftapi.Disk) }

func handsOnWithASlowDisk(e *tester.Env, extensions ...string) {
	const long = 250 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every, Extensions: extensions, FsyncOf: slow.fsync})
	for k := range 9 {
		c.agreeAll()
		c.Idle(200 * time.Millisecond)
		leader := c.Leader()
		writes := leader
		if k%3 > 0 {
			writes = c.any(leader)
		}
		taken := []proposal{}
		if k%3 == 2 {
			c.Crash(writes)
			taken = c.propose(leader, 2*every)
			c.agree(2)
		}
		before := c.Writes(writes)
		slow.is(writes, long, long)
		if k%3 == 2 {
			c.Restart(writes)
		} else {
			taken = c.trickle(leader, 2, 20*time.Millisecond)
		}
		if len(taken) > 0 {
			c.handsOnWhatItWrote(writes, taken[0].index, before, 1)
		}
		if k%3 == 0 && len(taken) > 1 {
			c.handsOnWhatItWrote(writes, taken[1].index, before, 2)
		}
		slow.isWell()
	}
	c.recovers()
}

// handsOnWhatItWrote waits until peer i hands index to its service, which it had not before. By then
// it has written so many times at least.
func (c *cluster) handsOnWhatItWrote(i, index, before, times int) {
	applies := func() bool { return c.AppliedThrough(i) >= index }
	if c.untilWithin(time.Millisecond, tester.CommitLimit, applies); applies() && c.Writes(i) < before+times {
		c.fail(tester.RuleUnwantedCommit, "§10.2.1", []int{i}, "peer %d hands index %d to its service, and its disk is still at it; after a crash the service would know an entry that the log has not", i, index)
	}
}

// oneServer crashes a cluster of one in its writes.
func oneServer(e *tester.Env) {
	c := newCluster(e, 1, tester.Options{Fsync: 20 * time.Millisecond, Extensions: []string{raftapi.Disk}})
	for range 6 {
		leader := c.Leader()
		c.agree(1)
		crashed := c.CrashInPersist(leader, 1)
		proposals := c.propose(leader, 1)
		if e.Await(crashed, tester.CommitLimit) {
			c.neverApplied(proposals, "§10.2.1", "the only server crashed while it stored it")
		}
		c.Restart(leader)
	}
	c.recovers()
}

// writtenTogether has thirty users propose at once, again and again, and counts what that costs
// disk and network.
func writtenTogether(e *tester.Env) {
	const users, rounds, fsync = 30, 5, 5 * time.Millisecond
	c := newCluster(e, 3, tester.Options{Fsync: fsync, Extensions: []string{raftapi.Batch}})
	c.agreeAll()
	writes := 0
	rpcs, _, _, ok := c.measured(func() {
		leader := c.Leader()
		before := c.Writes(leader)
		for range rounds {
			c.startTogether(leader, users)
			c.agree(2)
		}
		writes = c.Writes(leader) - before
	})
	ok = ok && c.DisksTakeTime()
	const most, mostRPCs = rounds * users / 3, 2 * rounds * users / 2
	if ok && writes > most {
		c.fail(tester.RuleTooSlow, "§10.2.2", nil, "%d times %d commands came together, and the leader wrote %d times; what comes while the disk is at work is one write, so %d are enough", rounds, users, writes, most)
	}
	if ok && rpcs > mostRPCs {
		c.fail(tester.RuleTooManyRPCs, "§10.2.2", nil, "%d times %d commands came together, and made %d messages; what is written together is sent together, so %d are enough", rounds, users, rpcs, mostRPCs)
	}
	c.recovers()
}
