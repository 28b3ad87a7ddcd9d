package watch

import "fmt"

// What the contract of a year (package contract) changes in the service on each peer. Everything
// here concerns a cluster of bare peers, whose service is the tester; the services of servers are
// the student's own.

// past is what a peer's service has of earlier lives, if it outlives them.
type past struct {
	applied   int  // the highest index applied
	snapshots bool // one was taken or installed
	offered   int  // the index of one that the peer was being asked about at the crash; 0: none
}

// remember keeps what a life that ends leaves to its service. mu is held.
func (k *Checks) remember(l *Life) {
	p := &k.pasts[l.Peer]
	p.applied = max(p.applied, int(l.applied.Load()))
	p.snapshots = p.snapshots || l.snapshots.Load()
	p.offered = l.offered
}

// isOld reports whether the service skips a command because it has applied it already. It is still
// judged: a committed entry does not change. mu is held.
func (k *Checks) isOld(l *Life, index int, e entry) bool {
	old := k.terms.IgnoresOld && l.snapshots.Load() && index >= 1 && index <= int(l.applied.Load())
	if old {
		k.agrees(l, index, e)
	}
	return old
}

// goesOn lets a service that outlives crashes go on from where it was, in place of a snapshot that
// it cannot read. It returns a few words for the trace. mu is held.
func (k *Checks) goesOn(l *Life) string {
	p := k.pasts[l.Peer]
	if !p.snapshots && p.offered == 0 {
		return ""
	}
	l.maybe = p.offered
	l.snapshots.Store(true)
	l.applied.Store(int64(p.applied))
	l.since = p.applied
	return fmt.Sprintf("the service goes on from %d", p.applied)
}

// previous is the index up to which the service has applied everything when a command for index
// comes. A peer that crashed while it was asked about a snapshot may have said yes or no: what it
// goes on with tells. mu is held.
func (l *Life) previous(index int) int {
	last := int(l.applied.Load())
	if l.maybe > last && index == l.maybe+1 {
		return l.maybe
	}
	return last
}

// Offers notes, while the peer is asked about a snapshot, that the service takes it if the answer
// is yes, even if the peer crashes before it is heard.
func (k *Checks) Offers(l *Life, snapshot []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if index, problem := k.examine(snapshot); problem == "" && k.terms.OwnSnapshots && l.Alive() {
		l.offered = index
	}
}

// Answers ends that.
func (k *Checks) Answers(l *Life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.Alive() {
		l.offered = 0
	}
}
