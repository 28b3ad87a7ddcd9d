package tester

import (
	"fmt"

	"raftlab/internal/record"
	"raftlab/raftapi"
)

// The service on each peer of a [Cluster], which is the tester: it takes what the peer applies, has
// it judged (package watch), and hands snapshots over. The services of [Servers] are the student's
// own.

// consume takes what the peer applies, for as long as the cluster exists: a zombie, too, may sit in
// a send and could not see that it was killed.
//
// A peer can send without end what nobody has a use for: it says nothing, or comes from a zombie.
func (l *life) consume(applyCh <-chan raftapi.ApplyMsg) {
	const most = 10_000
	useless := 0
	for {
		select {
		case m, ok := <-applyCh:
			if !ok {
				return
			}
			if !l.Alive() || !m.SnapshotValid && !m.CommandValid && m.CommandIndex <= 0 {
				useless++
			}
			if useless > most {
				l.c.checks.Refuse(&l.Life, Violation{Rule: RuleApplyOrder, Section: "§5.3", Message: fmt.Sprintf("peer %d has sent %d messages on its apply channel "+
					"with neither CommandValid nor SnapshotValid", l.Peer, useless), Peers: []int{l.Peer}})
				return
			}
			l.deliver(m)
		case <-l.gone:
			return
		}
	}
}

// deliver is the service on a peer: it takes a message from the apply channel, and asks for a
// snapshot when it is time. It runs on the goroutine that consumes the channel, as services do.
func (l *life) deliver(m raftapi.ApplyMsg) {
	k := l.c.checks
	switch {
	case m.SnapshotValid && m.CommandValid:
		k.Refuse(&l.Life, Violation{Rule: RuleApplyOrder, Section: "§5.3", Message: fmt.Sprintf("peer %d sent an ApplyMsg with both CommandValid and SnapshotValid", l.Peer), Peers: []int{l.Peer}})
	case m.SnapshotValid:
		k.Offers(&l.Life, m.Snapshot)
		if l.wantsSnapshot(m) {
			k.Install(&l.Life, m)
		}
		k.Answers(&l.Life)
	case m.CommandValid || m.CommandIndex > 0:
		applied := k.Apply(&l.Life, m, l.hint)
		if index := l.snapshotDue(m.CommandIndex); index > 0 && applied {
			l.takeSnapshot(index, k.SnapshotAt(index))
		}
	}
}

// takeSnapshot hands the service's state to the peer.
func (l *life) takeSnapshot(index int, snapshot []byte) {
	p := l.raft()
	if p == nil || !l.Alive() {
		return
	}
	peer, ok := p.(raftapi.Snapshotter)
	if !ok {
		l.c.checks.Refuse(&l.Life, Violation{Rule: RuleSnapshot, Section: "§7", Message: fmt.Sprintf("%T has no method Snapshot(index int, snapshot []byte)", p)})
		return
	}
	l.c.r.emit(record.Event{Kind: record.Snapshot, Peer: l.Peer, Other: record.None, Index: index, Text: "taken"}, "")
	l.TakesSnapshot()
	l.c.r.into("Snapshot", l.Peer, l.as(func() { peer.Snapshot(index, snapshot) }))
}

// snapshotEvery is how many entries peer i applies from one snapshot to the next; 0 means that it
// takes none.
func (o Options) snapshotEvery(i int) int {
	if o.SnapshotEveryOf != nil {
		return o.SnapshotEveryOf(i)
	}
	return o.SnapshotEvery
}

// snapshotDue says up to which index the service of a life, having applied the entry at applied,
// now hands a snapshot to its peer; 0 for none. A service that began from somebody's snapshot has
// never been in the states before it, and has nothing to write down of them.
func (l *life) snapshotDue(applied int) int {
	every, index := l.c.options.snapshotEvery(l.Peer), applied-l.c.options.SnapshotLag
	if every <= 0 || index <= l.Since() || index%every != 0 {
		return 0
	}
	return index
}

// catchUpBytes is no bound in practice: cases say how many entries are kept.
const catchUpBytes = 1 << 20

// keepCatchUp tells a new peer what to keep behind its snapshots, if that is no extension that it
// has (extend.go).
func (c *machines) keepCatchUp(l *life, peer raftapi.Raft) {
	keeper, ok := peer.(raftapi.CatchUpKeeper)
	if c.options.CatchUp == 0 || !ok || l.offers(peer, raftapi.CatchUp) {
		return
	}
	c.r.into("KeepCatchUp", l.Peer, l.as(func() { keeper.KeepCatchUp(c.options.CatchUp, catchUpBytes) }))
}

// conditional is what solutions of 2021 and 2022 have.
type conditional interface {
	CondInstallSnapshot(lastIncludedTerm, lastIncludedIndex int, snapshot []byte) bool
}

// wantsSnapshot asks the peer whether a snapshot that came up the channel is still wanted, where
// the contract has that.
func (l *life) wantsSnapshot(m raftapi.ApplyMsg) (wanted bool) {
	peer, ok := l.conditional()
	if !ok || !l.c.r.terms.AsksPeer {
		return true
	}
	l.c.r.into("CondInstallSnapshot", l.Peer, l.as(func() { wanted = peer.CondInstallSnapshot(m.SnapshotTerm, m.SnapshotIndex, m.Snapshot) }))
	return wanted
}

func (l *life) conditional() (peer conditional, ok bool) {
	if p := l.raft(); p != nil {
		peer, ok = p.(conditional)
	}
	return peer, ok
}

// hint is said with a violation that the contract of another year would forgive.
func (l *life) hint() string {
	if _, ok := l.conditional(); ok && l.c.r.terms.Year == "" {
		return "; it has CondInstallSnapshot: a solution of 2021 is judged by the contract of its year with --contract 2021"
	}
	return ""
}
