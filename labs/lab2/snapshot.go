package lab2

import (
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2D: the log is cut short, and nobody notices but those who look at its size.

const (
	// every is how many entries the service applies between two snapshots, where a case has no
	// reason for another number.
	every = 10

	// stateLimit is how many bytes a peer may persist beside its snapshot, if it takes a snapshot
	// each ten entries of a few bytes. A log of some thirty entries fits in, in any encoding.
	stateLimit = 2000
)

// batch hands the leader some commands in one go, and waits until want peers have applied them and
// one more. The service takes a snapshot or two meanwhile.
func (c *cluster) batch(want int) {
	c.propose(c.Leader(), every/2+c.env.Rand().IntN(every))
	c.agree(want)
}

// logShort fails if a peer has persisted more than limit bytes of Raft state, at any time.
func (c *cluster) logShort(limit int) {
	if size := c.MaxPersistedSize(); size > limit {
		c.fail(tester.RuleLogTooLarge, "§7", nil, "a peer persisted %d bytes of Raft state beside its snapshot, at most %d are needed; is the log cut when the service calls Snapshot?", size, limit)
	}
}

// snapshots takes snapshots while nothing is wrong.
func snapshots(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	for range 8 {
		c.batch(3)
		c.logShort(stateLimit)
	}
	c.audit()
}

// logStaysShort uses large commands, and has one follower down: the leader must not keep the log
// for it.
func logStaysShort(e *tester.Env) {
	const size, limit = 400, 16_000 // forty commands; the case sends three times as many
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	away := c.any(c.Leader())
	c.Crash(away)
	for k := range 12 {
		leader := c.Leader()
		for range every - 1 {
			c.command()
			c.Propose(leader, strings.Repeat(string(rune('a'+k)), size))
		}
		c.agree(2)
		c.logShort(limit)
	}
	c.Restart(away)
	c.agreeAll()
	if !raftapi.HasExtension(e.With(), raftapi.CatchUp) { // or it is brought all the entries at once
		c.logShort(limit)
	}
	c.audit()
}

// missing takes a peer away while the others take snapshots, and lets it back: again and again,
// sometimes a follower, sometimes the leader.
func missing(o tester.Options, crash bool) func(*tester.Env) {
	o.SnapshotEvery = every
	return func(e *tester.Env) {
		c := newCluster(e, 3, o)
		c.agreeAll()
		for k := range 9 {
			leader := c.Leader()
			away := leader
			if k%3 != 1 {
				away = c.any(leader)
			}
			if crash {
				c.Crash(away)
			} else {
				c.Disconnect(away)
			}
			c.batch(2)
			c.batch(2)
			if crash {
				c.Restart(away)
			} else {
				c.Connect(away)
			}
			c.agreeAll()
			c.logShort(stateLimit)
		}
		c.recovers()
	}
}

// farBehind keeps a follower down from the start, and lets it back when its first entry has long
// gone everywhere. Meanwhile the others go on.
func farBehind(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{SnapshotEvery: every})
	away := c.any(c.Leader())
	c.Crash(away)
	for range 6 {
		c.batch(4)
	}
	c.Restart(away)
	for range 2 {
		c.batch(4)
	}
	c.agreeAll()
	c.logShort(stateLimit)
	c.audit()
}

// everyoneRestartsFromSnapshot crashes all peers at once, several times: some entries are in the
// snapshot, some in the log, and the next command gets the next index.
func everyoneRestartsFromSnapshot(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	last := 0
	for range 5 {
		c.batch(3)
		index := c.agreeAll()
		if index <= last {
			c.fail(tester.RuleWrongIndex, "§7", nil, "after all peers had restarted a command was committed at index %d, although index %d had been committed before", index, last)
		}
		last = index
		c.restartAll()
	}
	c.recovers()
}

// snapshotKept restarts everyone twice, without a new snapshot in between. Whoever persists its log
// after the first restart, and forgets the snapshot over it, has nothing to begin with after the
// second; and nothing to send to a peer that was down before the snapshot was taken.
func snapshotKept(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every})
	c.agreeAll()
	away := c.any()
	c.Crash(away)
	c.fillSnapshot(2)
	for range 2 {
		for _, i := range c.Shuffled(away) {
			c.Restart(i)
		}
		c.agree(2)
		c.agree(2)
	}
	c.Restart(away)
	c.agreeAll()
	c.restartAll()
	c.batch(3)
	c.recovers()
}

// fillSnapshot commits commands until the last one stands at an index where the service takes a
// snapshot.
func (c *cluster) fillSnapshot(want int) {
	for c.agree(want)%every != 0 {
	}
}

// emptyLog takes a snapshot after each single entry, so that logs are empty most of the time. All
// that is known about the last entry, for votes and for the next AppendEntries, is what is
// remembered of the snapshot.
func emptyLog(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 1})
	c.commit(4, 3)
	c.shortLogLoses()

	// The same with a voter that has just restarted.
	for range 2 {
		behind := c.any(c.Leader())
		c.Disconnect(behind)
		c.commit(2, 2)
		leader := c.Leader()
		complete := c.Others(leader, behind)[0]
		c.Restart(complete)
		c.Disconnect(leader)
		c.Connect(behind)
		c.mustLead(complete, behind, "it lacks committed entries")
		c.HealAll()
		c.agreeAll()
	}

	for range 2 {
		c.Restart(c.Leader())
		c.agreeAll()
	}
	c.restartAll()
	c.commit(2, 3)
	c.Disconnect(c.Leader())
	c.agree(2)
	c.recovers()
}

// snapshotsWhileApplying lets the service fall into taking snapshots all the time, on a log that
// grows by dozens of entries at once. Snapshot is called from the loop that consumes the
// apply channel: whoever holds a lock over the send waits for ever.
func snapshotsWhileApplying(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 2})
	for range 4 {
		c.propose(c.Leader(), 25)
		c.Idle(20 * time.Millisecond)
		c.propose(c.Leader(), 5)
		c.agreeAll()
	}
	c.audit()
}
