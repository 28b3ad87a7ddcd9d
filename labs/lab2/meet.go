package lab2

import (
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Cases of part 2G in which extensions meet: each may keep its rules alone, and break another's.

func extensionsMeet() []tester.Case {
	return []tester.Case{
		{Part: "2G", Name: "PromisesTogether", Points: 6, Section: "Figure 2", Run: promisesTogether,
			Checks: "terms, votes and entries are written together: a crash in such a write, or behind it, leaves what was said"},
		{Part: "2G", Name: "ReplacedInLine", Points: 8, Section: "§10.2.1", Run: replacedInLine,
			Checks: "entries that wait for the disk are replaced, and written together with the new ones: a crash leaves those"},
		{Part: "2G", Name: "OrderTogether", Points: 6, Section: "§7", Run: writesInOrderOf(raftapi.Batch), Limit: long,
			Reaches: []string{"log compacted", "snapshot installed"},
			Checks:  "snapshots come between writes that wait for the disk: what is written together has none in between"},
		{Part: "2G", Name: "SnapshotWritten", Points: 6, Section: "§7", Run: snapshotWritten,
			Reaches: []string{"snapshot installed"},
			Checks:  "a follower's disk takes long for a snapshot: it goes out once, and the follower hears its leader meanwhile"},
		{Part: "2G", Name: "FullOnThinLink", Points: 6, Section: "§10.2.2", Run: fullOnThinLink,
			Reaches: []string{"window full"},
			Checks:  "more comes in than the links carry, and the window is full all the time: nothing goes out twice for that"},
		{Part: "2G", Name: "AllTogether", Points: 6, Section: "§5.4.3", Run: allTogether, Limit: long,
			Checks: "clients write while peers crash and come back, with all of it: pipeline, news, slow disks, batches and runs"},
	}
}

// promisesTogether has crashes fall into writes of terms, votes and entries, and right behind votes.
func promisesTogether(e *tester.Env) {
	o := tester.Options{Fsync: 5 * time.Millisecond, Extensions: []string{raftapi.Disk, raftapi.Batch}}
	c := newCluster(e, 3, o)
	crashesInWrites(c)
	c.Shutdown()
	crashesAfterVotes(newCluster(e, 3, o), 10)
}

// replacedInLine has a follower's disk at one entry while others wait in line behind it, and those
// are replaced there. When the follower has confirmed the new ones it is the only one that is left
// of those who have them, and has to have them after a crash as well.
//
//	follower's disk    [========= x7 =========][= x8, and y9 in place of x9, x10 =]
//	comes in           x7 x8 | x9 x10 | y9      cut off with the old leader | a new leader
func replacedInLine(e *tester.Env) {
	const long, short = 3 * time.Second, 20 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 5, tester.Options{Extensions: []string{raftapi.Disk, raftapi.Batch}, FsyncOf: slow.fsync})
	for k := range 6 {
		c.agreeAll()
		old := c.Leader()
		rest := c.Shuffled(old)
		behind, a, b, away := rest[0], rest[1], rest[2], rest[3]
		slow.is(behind, long, short)
		c.trickle(old, k%3, 20*time.Millisecond) // all have these, but for its disk
		c.Partition([]int{old, behind}, []int{a, b, away})
		c.trickle(old, 3, 20*time.Millisecond)
		leader := c.LeaderAmong([]int{a, b, away})
		rest = c.Others(old, behind, leader)
		c.Partition([]int{leader, rest[0], behind}, []int{rest[1]}, []int{old})
		taken := c.propose(leader, 1)
		there := func() bool { return len(taken) > 0 && c.AppliedThrough(behind) >= taken[0].index }
		c.Until(2*long, there)
		slow.isWell()
		c.Crash(behind)
		c.HealAll()
		if k%2 == 0 {
			c.Crash(leader)
			c.Crash(rest[0])
		} else {
			c.Disconnect(leader, rest[0])
		}
		c.Restart(behind)
		c.agree(3)
		c.Mend()
	}
	c.recovers()
}

// snapshotWritten has a follower come back that lacks what its leader has dropped, and whose disk
// takes most of a second for the snapshot. Nothing is lost, so once is enough; and the leader goes
// on making itself heard.
func snapshotWritten(e *tester.Env) {
	const size, disk, rounds, slack = 300_000, 700 * time.Millisecond, 4, 100_000
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every, SnapshotBytes: size,
		Extensions: []string{raftapi.Pipeline, raftapi.Disk}, FsyncOf: slow.fsync})
	u := undisturbed{c: c}
	twice := 0
	for range rounds {
		c.agreeAll()
		u.by("a follower stored a snapshot, which took its disk a while", func(leader int) {
			away := c.any(leader)
			c.Crash(away) // and not disconnected: its term would rise
			for range 3 {
				c.batch(2)
			}
			before := c.Bytes()
			c.Restart(away)
			slow.is(away, disk, disk)
			e.Sleep(2 * disk)
			slow.isWell()
			if c.Bytes()-before > size+size/2+slack {
				twice++
			}
		})
	}
	if twice > 1 {
		c.fail(tester.RuleTooManyBytes, "§7", nil, "a snapshot of %d bytes takes the disk of its follower %v; %d times of %d, at least, it was sent again while it was being stored", size, disk, twice, rounds)
	}
	c.recovers()
}

// fullOnThinLink has more come in than the links carry. The window bounds what is on its way, so
// that heartbeats wait for an eighth of a second behind it; and what their answers allow is an
// append without entries.
func fullOnThinLink(e *tester.Env) {
	const link, size, gap, commands = 16 << 20, 100_000, 4 * time.Millisecond, 120
	c := newCluster(e, 3, with(raftapi.Pipeline))
	c.agreeAll()
	_, bytes, _, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Bandwidth(link)
		c.Network().Latency(time.Millisecond, time.Millisecond) // none overtakes another
		defer c.Network().Bandwidth(0)
		defer c.Network().Latency(0, 0)
		for k := range commands {
			c.Propose(leader, strings.Repeat(string(rune('a'+k%26)), size)+e.Now().String())
			e.Sleep(gap)
		}
		c.agreeWithin(tester.WaitLimit, 3)
	})
	if limit := int64(2*commands*size) * 3 / 2; ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "%d commands of %d bytes for two followers made %d bytes on links that carry %d a second and lose nothing; %d would be enough",
			commands, size, bytes, link, limit)
	}
	c.recovers()
}

func allTogether(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, LongReordering: true, SnapshotEvery: 15, Fsync: 3 * time.Millisecond,
		Extensions: []string{raftapi.Pipeline, raftapi.EagerCommit, raftapi.Disk, raftapi.Batch, raftapi.ApplyRuns, raftapi.UncommittedLimit}})
}
