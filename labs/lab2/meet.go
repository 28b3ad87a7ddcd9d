package lab2

import (
	"fmt"
	"slices"
	"strconv"
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
		{Part: "2G", Name: "OrderTogether", Points: 6, Section: "§7", Run: orderTogether, Limit: long,
			Reaches: []string{"log compacted", "snapshot installed"},
			Checks:  "snapshots come between writes that wait for the disk: what is written together has none in between"},
		{Part: "2G", Name: "SnapshotWritten", Points: 6, Section: "§7", Run: snapshotWritten,
			Reaches: []string{"snapshot installed"},
			Checks:  "a follower's disk takes long for a snapshot: it goes out once, and the follower hears its leader meanwhile"},
		{Part: "2G", Name: "FullOnThinLink", Points: 6, Section: "§10.2.2", Run: fullOnThinLink,
			Reaches: []string{"window full"},
			Checks:  "more comes in than the links carry, and the window is full all the time: nothing goes out twice for that"},
		{Part: "2G", Name: "RunsAreStored", Points: 6, Section: "§10.2.1", Run: runsAreStored,
			Checks: "the others have committed several entries, and the own disk is at the second: what is handed on as a run ends before it"},
		{Part: "2G", Name: "TailReplaced", Points: 6, Section: "§7", Run: tailReplaced,
			Reaches: []string{"snapshot installed"},
			Checks:  "a snapshot replaces a long tail that the disk has: it does not have what comes in its place"},
		{Part: "2G", Name: "RefusedTogether", Points: 4, Section: "§10.2.2", Run: refusedTogether,
			Checks: "of commands that come together some are too much: the others stand where their callers were told, and those nowhere"},
		{Part: "2G", Name: "VoteInLine", Points: 6, Section: "§5.2", Run: voteInLine,
			Reaches: []string{"snapshot installed"},
			Checks:  "a snapshot of the old term waits for the disk when a vote is asked for: a crash behind both leaves the vote"},
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
	c = newCluster(e, 3, o)
	crashesAfterVotes(c, 10)
	c.Shutdown()
	crashesInNews(newCluster(e, 3, o))
}

// crashesInNews crashes a peer while it stores a term of which it has just heard: in a message of the
// leader, or of a candidate that it refuses. Whatever it has answered, it is in that term after the
// crash, or has not said so.
func crashesInNews(c *cluster) {
	for k := range 8 {
		c.agreeAll()
		leader := c.Leader()
		away := c.any(leader)
		if k%2 == 1 { // it has an entry more than one of those who may stand
			c.loses(leader, c.Others(leader, away)[0], 20*time.Millisecond)
		}
		c.Pause(away)
		c.Restart(leader)
		c.LeaderAmong(c.Others(away))
		crashed := c.CrashInPersist(away, 1)
		c.Resume(away)
		if c.env.Await(crashed, time.Second) {
			c.Disconnect(c.Others(away)...)
			c.Restart(away)
			c.throughout(1200*time.Millisecond, func() { c.State(away) }) // before it stands in the next term, too
		}
		c.Mend()
	}
	c.recovers()
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

// tailReplaced has a leader that is cut off take many commands, and come back to a new one that
// sends it a snapshot, and what comes behind it. Its disk has had entries at all these indices, and
// not these.
//
//	cut off            1 2 x3 ... x32                 stored
//	the new leader     [  to 12  ] y13 y14            the crash falls into the next write, whatever is in it
func tailReplaced(e *tester.Env) {
	const long = 300 * time.Millisecond
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every, Extensions: []string{raftapi.Disk}, FsyncOf: slow.fsync})
	for k := range 8 {
		c.agreeAll()
		old := c.Leader()
		others := c.Others(old)
		c.Disconnect(old)
		c.propose(old, 3*every)
		leader := c.LeaderAmong(others)
		c.propose(leader, every+2)
		c.agree(2)
		away := c.Others(old, leader)[0]
		c.Partition([]int{old, leader}, []int{away})
		slow.is(old, long, long)
		if k%4 == 3 { // no crash: it hands on nothing before it has written
			before, through := c.Writes(old), c.AppliedThrough(old)+1
			c.Connect(old)
			c.handsOnWhatItWrote(old, through, before, 1)
			slow.isWell()
			c.Mend()
			continue
		}
		crashed := c.CrashInPersist(old, 1) // some write once for a message: by the second y may be there
		proposals := c.propose(leader, 1)
		c.Connect(old)
		if e.Await(crashed, tester.CommitLimit) {
			c.onDisk(old, proposals, "§10.2.1", "the only follower crashed before it had written it")
			slow.isWell()
			c.comesBack(old)
		}
		slow.isWell()
		c.Mend()
	}
	c.recovers()
}

// refusedTogether has users propose at once, more than a leader may take before some of it is
// committed.
func refusedTogether(e *tester.Env) {
	const users, size, rounds = 30, 200_000, 3
	c := newCluster(e, 3, tester.Options{Fsync: 5 * time.Millisecond, Extensions: []string{raftapi.Batch, raftapi.UncommittedLimit}})
	for range rounds {
		c.agreeAll()
		leader, term := c.leadership()
		c.burst(leader, term, users, size)
	}
	c.recovers()
}

// burst has users hand commands of a size to the leader at once. What it takes is applied where it
// said, and what it refuses nowhere, if it goes on leading.
func (c *cluster) burst(leader, term, users, size int) {
	texts, taken := make([]string, users), make([]int, users)
	for k := range users {
		texts[k] = strings.Repeat("b", size>>(k%3*5)) + c.env.Now().String() + " " + strconv.Itoa(k) // large ones and small ones
		c.env.Go(func() {
			if index, now, leads := c.Propose(leader, texts[k]); leads && now == term {
				taken[k] = index
			}
		})
	}
	c.env.Wait()
	last := c.agreeAll()
	if now, leads := c.State(leader); !leads || now != term {
		return
	}
	for k, index := range taken {
		if index == 0 {
			continue
		}
		if n, command := c.Applied(index); n == 0 || command != any(texts[k]) {
			c.fail(tester.RuleWrongIndex, "§5.3", []int{leader}, "peer %d took a command in term %d, which it still leads, and said that it would stand at index %d; another one does", leader, term, index)
		}
	}
	for index := max(1, last-2*users); index < last; index++ {
		_, command := c.Applied(index)
		if k := slices.Index(texts, fmt.Sprint(command)); k >= 0 && taken[k] == 0 {
			c.fail(tester.RuleHoards, "§5.3", []int{leader}, "peer %d refused a command in term %d, and it was applied at index %d", leader, term, index)
		}
	}
}

// snapshotWritten has a follower come back that lacks what its leader has dropped, and whose disk
// takes nine heartbeats of 50 ms for the snapshot. Nothing is lost, so once is enough; and the leader
// goes on making itself heard.
func snapshotWritten(e *tester.Env) {
	const size, disk, rounds, slack = 300_000, 450 * time.Millisecond, 8, 100_000
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
			c.Propose(leader, c.large(k, size))
			e.Sleep(gap)
		}
		c.agreeWithin(tester.WaitLimit, 3)
	})
	if limit := int64(2*commands*size) * 4; ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "%d commands of %d bytes for two followers made %d bytes on links that carry %d a second and lose nothing; %d are enough to send all of it four times",
			commands, size, bytes, link, limit)
	}
	c.recovers()
}

func allTogether(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, LongReordering: true, SnapshotEvery: 15, Fsync: 3 * time.Millisecond,
		Extensions: []string{raftapi.Pipeline, raftapi.EagerCommit, raftapi.Disk, raftapi.Batch, raftapi.ApplyRuns, raftapi.UncommittedLimit}})
}
