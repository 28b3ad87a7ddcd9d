package lab2

import (
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Cases of part 2G about gaps: what was lost in the middle, what a disk has not, and what the leader
// has dropped meanwhile.

func gaps() []tester.Case {
	return []tester.Case{
		{Part: "2G", Name: "GapInWindow", Points: 6, Section: "§10.2.2", Run: gapInWindow,
			Checks: "the first of many messages on their way is lost: what follows is sent again once, and not for each refusal"},
		{Part: "2G", Name: "FullAndHeard", Points: 6, Section: "§10.2.2", Run: fullAndHeard,
			Reaches: []string{"window full"},
			Checks:  "a follower's disk is slow, and it answers heartbeats: with a full window these allow an append without entries"},
		{Part: "2G", Name: "SnapshotOutrun", Points: 6, Section: "§7", Run: snapshotOutrun, Limit: long,
			Reaches: []string{"snapshot installed"},
			Checks:  "the leader cuts its log again while a snapshot is on its way: the follower has what it was sent, and no more"},
		{Part: "2G", Name: "SnapshotUnwritten", Points: 6, Section: "§7", Run: snapshotUnwritten,
			Reaches: []string{"snapshot installed"},
			Checks:  "a crash falls into the write of a snapshot, or of entries that one covers: nobody was told that they are there"},
	}
}

// comesBack restarts peer i, which has to keep up again.
func (c *cluster) comesBack(i int) {
	c.HealAll()
	c.Restart(i)
	c.keepsUp(i)
}

// keepsUp gives peer i three seconds to have all that its leader has. No command comes meanwhile: a
// leader that takes it to have more than it has would be helped by the next cut of its log.
func (c *cluster) keepsUp(i int) {
	leader, term := c.leadership()
	through := c.AppliedThrough(leader)
	if c.Until(3*time.Second, func() bool { return c.AppliedThrough(i) >= through }) {
		return
	}
	if now, leads := c.State(leader); leads && now == term {
		c.fail(tester.RuleNoAgreement, "§5.3", []int{leader, i}, "peer %d leads term %d, and nothing is lost; after 3 s peer %d has applied up to index %d, and its leader has %d: does the leader take it to have what it has not?",
			leader, term, i, c.AppliedThrough(i), through)
	}
}

// gapInWindow has the first of some sixty messages lost, and nobody reports it. The others are all
// refused.
func gapInWindow(e *tester.Env) {
	const oneWay, commands, size, often = 30 * time.Millisecond, 50, 5000, 10
	c := newCluster(e, 3, with(raftapi.Pipeline))
	_, bytes, _, ok := c.measured(func() {
		c.agreeAll()
		leader := c.Leader()
		follower := c.any(leader)
		c.Network().LongDelays(true)
		c.Network().Latency(oneWay, oneWay)
		defer c.Network().Latency(0, 0)
		defer c.Network().LongDelays(false)
		c.Cut(leader, follower)
		for k := range commands {
			c.Propose(leader, c.large(k, size))
			e.Sleep(time.Millisecond)
			if k == 0 {
				c.Heal(leader, follower)
			}
		}
		c.agreeAll()
	})
	if limit := int64(2 * often * commands * size); ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "one message of %d to a follower was lost, and %d commands of %d bytes for two followers made %d bytes; %d would be enough for sending each %d times",
			commands, commands, size, bytes, limit, often)
	}
	c.recovers()
}

// fullAndHeard is windowInBytes with a follower that answers heartbeats, and nothing else for a
// while: its disk is slow.
func fullAndHeard(e *tester.Env) {
	const commands, size, slack, disk = 32, 200_000, 1 << 20, 1500 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{Extensions: []string{raftapi.Pipeline, raftapi.Disk}, FsyncOf: slow.fsync})
	_, bytes, _, ok := c.measured(func() {
		c.agreeAll()
		leader := c.Leader()
		slow.is(c.any(leader), disk, 0)
		for k := range commands {
			c.Propose(leader, strings.Repeat(string(rune('a'+k%26)), size)+time.Duration(k).String())
			e.Sleep(4 * time.Millisecond)
		}
		e.Sleep(disk * 3 / 4)
	})
	limit := int64(commands*size + windowBytes + messageBytes + slack)
	if ok && c.DisksTakeTime() && bytes > limit { // otherwise both had all of it
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "%d commands of %d bytes went to one follower, and another confirmed nothing, while it answered heartbeats: %d bytes were sent; with a window of %d bytes it is at most %d",
			commands, size, bytes, windowBytes, limit)
	}
	slow.isWell()
	c.recovers()
}

// snapshotOutrun has commands come, and the log cut, while a snapshot is on its way to a follower
// that lacks much.
func snapshotOutrun(e *tester.Env) {
	const oneWay = 40 * time.Millisecond
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 4, Extensions: []string{raftapi.Pipeline}})
	for range 6 {
		c.agreeAll()
		leader := c.Leader()
		behind := c.any(leader)
		c.Crash(behind)
		c.commit(9, 2)
		c.Network().Latency(oneWay, oneWay)
		c.Restart(behind)
		c.trickle(leader, 30, 11*time.Millisecond)
		c.agree(2)
		c.Network().Latency(0, 0)
		c.keepsUp(behind)
	}
	c.recovers()
}

// snapshotUnwritten crashes a follower while its disk is at a snapshot. In every second round it has
// the entries in memory that the snapshot covers, and its disk is at those.
func snapshotUnwritten(e *tester.Env) {
	const disk, late = 400 * time.Millisecond, 6
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every, SnapshotLag: late, Extensions: []string{raftapi.Disk}, FsyncOf: slow.fsync})
	for k := range 6 {
		c.agreeAll()
		leader := c.Leader()
		behind := c.any(leader)
		if k%2 == 0 {
			c.Crash(behind)
			c.propose(leader, 3*every)
			c.agree(2)
			slow.is(behind, disk, disk)
			c.Restart(behind)
		} else {
			slow.is(behind, 5*disk, disk)
			c.trickle(leader, 2*every+late, 25*time.Millisecond)
		}
		crashed := c.CrashInPersist(behind, 1)
		if e.Await(crashed, 8*disk) {
			slow.isWell()
			c.comesBack(behind)
		}
		slow.isWell()
		c.Mend()
	}
	c.recovers()
}
