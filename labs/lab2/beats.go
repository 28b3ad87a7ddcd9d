package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2D: snapshots in place of heartbeats. A follower that is far behind gets nothing but
// InstallSnapshot for a while, so all that an AppendEntries does besides entries an InstallSnapshot
// has to do as well: it sets the timer back, it deposes candidates and leaders, it is refused if
// its term is old, and the term in its reply counts.

// onlySnapshots lets a follower hear nothing but snapshots: it is behind, and since nobody hears
// its answers the leader sends it the same one with each heartbeat. That is a leader it hears from
// (§5.2), so it does not stand.
func onlySnapshots(e *tester.Env) {
	const rounds, forgiven = 6, 1
	// Long enough for a first message to come, and shorter than most first timeouts are.
	const first = 250 * time.Millisecond
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	c.agreeAll()
	stood := 0
	for range rounds {
		leader, term := c.leadership()
		away := c.any(leader)
		c.Crash(away)
		c.batch(2)
		c.batch(2)
		c.mute(away)
		c.Restart(away)
		e.Sleep(first)
		before, _ := c.State(away)
		if now, leads := c.State(leader); leads && now == term && before == term {
			e.Sleep(4 * time.Second)
			if after, _ := c.State(away); after > before {
				stood++
			}
		}
		c.HealAll()
		c.agreeAll()
		if stood > forgiven {
			c.fail(tester.RuleTermChanged, "§5.2", []int{away}, "peer %d was sent snapshots by the leader of its term %d all the time, and stood for election nevertheless, as it had before; does InstallSnapshot set the election timer back?", away, before)
		}
	}
	c.audit()
}

// snapshotsToCandidate has a candidate of an old term hear nothing but snapshots of a leader of a
// much newer one, and nobody hears the candidate. The first snapshot takes it to the leader's term.
func snapshotsToCandidate(e *tester.Env) {
	const rounds, forgiven = 4, 1
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	missed := 0
	for range rounds {
		c.agreeAll()
		away := c.any(c.Leader())
		c.leapAhead(away, 0)
		c.batch(2)
		c.batch(2)
		leader, term := c.leadership()
		c.mute(away)
		if at, _ := c.State(away); at+8 > term {
			c.HealAll()
			continue // with its own elections it might get there as well
		}
		c.Connect(away)
		taken := c.Until(time.Second, func() bool { now, _ := c.State(away); return now >= term })
		if now, leads := c.State(leader); !taken && leads && now == term {
			missed++
		}
		if missed > forgiven {
			at, _ := c.State(away)
			c.fail(tester.RuleTermsDiffer, "§5.2", []int{away, leader}, "peer %d, a candidate in term %d, has been sent snapshots by the leader of term %d for a second, and is still in an older term, as another one was before; who obeys AppendEntries obeys InstallSnapshot", away, at, term)
		}
		c.HealAll()
	}
	c.recovers()
}

// deposedSnapshots keeps a deposed leader ignorant: it can speak to one peer and hears nothing, so
// it goes on sending that one the snapshot that it lacked, in its old term. That must not keep the
// peer from standing.
//
//	old leader, deaf    |-- snapshot, t -->|-- snapshot, t -->|-- snapshot, t -->
//	behind                t    votes: t+1     caught up               stands: t+2
//	third, leads t+1           asks           brings entries    cut off
func deposedSnapshots(e *tester.Env) {
	const rounds, forgiven = 5, 1
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	raises, held := c.raisesTerms(), 0
	for range rounds {
		c.agreeAll()
		old, term := c.leadership()
		behind := c.any(old)
		third := c.Others(old, behind)[0]
		c.Crash(behind)
		c.batch(2)
		c.batch(2)
		c.deafen(old)
		c.Cut(old, third)
		c.Restart(behind)
		won := c.Until(5*time.Second, func() bool {
			led, leads := c.State(third)
			at, _ := c.State(behind)
			return leads && led > term && at == led
		})
		e.Sleep(answered)
		c.Disconnect(third)
		at, _ := c.State(behind)
		stands := c.Until(5*time.Second, func() bool { now, _ := c.State(behind); return now > at })
		if now, leads := c.State(old); won && leads && now == term && at > term && raises && !stands {
			held++
		}
		if held > forgiven {
			c.fail(tester.RuleNoLeader, "Figure 13", []int{behind, old}, "peer %d is in term %d and for 5 s has heard nothing but snapshots of the leader of term %d, which is over, but does not stand for election, as another one did not before; reply false if term < currentTerm", behind, at, term)
		}
		c.HealAll()
	}
	c.recovers()
}

// newsInSnapshotReplies has a leader learn in replies to InstallSnapshot that it is behind.
func newsInSnapshotReplies(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 5})
	var asLeader ear
	for round := 0; round < 12 && asLeader.judged < 3; round++ {
		c.agreeAll()
		leader, term := c.leadership()
		ahead := c.any(leader)
		c.Disconnect(ahead)
		c.batch(2)
		c.batch(2)
		e.Sleep(2 * time.Second)
		c.leaderHears(&asLeader, leader, term, ahead)
		c.HealAll()
	}
	e.Note("judged: %d times", asLeader.judged)
	c.recovers()
}

// votesOnceBeforeSnapshot has a peer stand in a term in which it is then sent a snapshot by the
// leader, and asked for its vote by another candidate:
//
//	old leader, term t   hears nobody, and keeps second quiet
//	first     hears it no more, stands in t+1, and wins by the votes of three
//	voter     was down, is behind, and stands in t+1 itself; nobody hears it
//	voter     hears first, which has to send it a snapshot: first leads the term
//	second    hears the old leader no more either, stands in t+1, and asks voter and the three
//
// Nothing is asserted here but what the harness always does: nobody votes twice.
func votesOnceBeforeSnapshot(e *tester.Env) {
	c := newCluster(e, 7, tester.Options{SnapshotEvery: 5})
	judged := 0
	for range 5 {
		c.agreeAll()
		if c.asksAfterSnapshot() {
			judged++
		}
		c.HealAll()
	}
	e.Note("judged: %d times", judged)
	c.recovers()
}

// asksAfterSnapshot is one round of votesOnceBeforeSnapshot; it says whether it came to its end.
func (c *cluster) asksAfterSnapshot() bool {
	old := c.Leader()
	order := c.Shuffled(old)
	first, voter, second := order[0], order[1], order[2]
	c.Crash(voter)
	c.batch(6)
	c.batch(6)
	c.env.Sleep(answered) // all have everything
	led, term := c.leadership()
	c.Links(func(from, to int) bool {
		switch {
		case from == voter, to == voter, to == old, from == old && to == first:
			return false
		case to == second:
			return from == old
		case from == second:
			return to != first
		}
		return true
	})
	within := func(i int, what func(now int, leads bool) bool) bool {
		return c.untilWithin(time.Millisecond, 3*time.Second, func() bool { return what(c.State(i)) })
	}
	won := led == old && within(first, func(now int, leads bool) bool { return leads && now == term+1 })
	c.Restart(voter)
	if !won || !within(voter, func(now int, _ bool) bool { return now > term }) {
		return false
	}
	c.Heal(first, voter)
	c.Heal(voter, first)
	c.env.Sleep(answered)
	of := func(i int) int { now, _ := c.State(i); return now }
	if of(voter) != term+1 || of(second) != term {
		return false
	}
	c.Heal(second, voter)
	c.Cut(old, second)
	if !within(second, func(now int, _ bool) bool { return now > term }) {
		return false
	}
	c.env.Sleep(50 * time.Millisecond)
	return true
}
