package tester

import (
	"fmt"

	"raftlab/raftapi"
)

// What the contract of a year (package contract) changes in the service on each peer. Everything here
// concerns a [Cluster], whose service is the tester; the services of [Servers] are the student's own.

// past is what a peer's service has of earlier lives, if it outlives them.
type past struct {
	applied   int  // the highest index applied
	snapshots bool // one was taken or installed
	offered   int  // the index of one that the peer was being asked about at the crash; 0: none
}

// remember keeps what a life that ends leaves to its service. mu is held.
func (k *checks) remember(l *life) {
	p := &k.pasts[l.peer]
	p.applied = max(p.applied, int(l.applied.Load()))
	p.snapshots = p.snapshots || l.snapshots.Load()
	p.offered = l.offered
}

// isOld reports whether the service skips a command because it has applied it already. It is still
// judged: a committed entry does not change. mu is held.
func (k *checks) isOld(l *life, index int, e entry) bool {
	old := k.r.terms.IgnoresOld && l.snapshots.Load() && index >= 1 && index <= int(l.applied.Load())
	if old {
		k.agrees(l, index, e)
	}
	return old
}

// goesOn lets a service that outlives crashes go on from where it was, in place of a snapshot that it
// cannot read. It returns a few words for the trace. mu is held.
func (k *checks) goesOn(l *life) string {
	p := k.pasts[l.peer]
	if !p.snapshots && p.offered == 0 {
		return ""
	}
	l.maybe = p.offered
	l.snapshots.Store(true)
	l.applied.Store(int64(p.applied))
	l.since = p.applied
	return fmt.Sprintf("the service goes on from %d", p.applied)
}

// previous is the index up to which the service has applied everything when a command for index comes. A
// peer that crashed while it was asked about a snapshot may have said yes or no: what it goes on with tells.
// mu is held.
func (l *life) previous(index int) int {
	last := int(l.applied.Load())
	if l.maybe > last && index == l.maybe+1 {
		return l.maybe
	}
	return last
}

// offers notes, while the peer is asked about a snapshot, that the service takes it if the answer is yes, even
// if the peer crashes before it is heard.
func (k *checks) offers(l *life, snapshot []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if index, problem := k.examine(snapshot); problem == "" && k.r.terms.OwnSnapshots && l.alive.Load() {
		l.offered = index
	}
}

// answers ends that.
func (k *checks) answers(l *life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.alive.Load() {
		l.offered = 0
	}
}

// conditional is what solutions of 2021 and 2022 have.
type conditional interface {
	CondInstallSnapshot(lastIncludedTerm, lastIncludedIndex int, snapshot []byte) bool
}

// wantsSnapshot asks the peer whether a snapshot that came up the channel is still wanted, where the
// contract has that.
func (l *life) wantsSnapshot(m raftapi.ApplyMsg) (wanted bool) {
	peer, ok := l.conditional()
	if !ok || !l.c.r.terms.AsksPeer {
		return true
	}
	l.c.r.into("CondInstallSnapshot", l.peer, l.as(func() { wanted = peer.CondInstallSnapshot(m.SnapshotTerm, m.SnapshotIndex, m.Snapshot) }))
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
