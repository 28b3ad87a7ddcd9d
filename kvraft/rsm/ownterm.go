package rsm

import (
	"sync"

	"raftlab/kvapi"
)

// ownTerm is the last term in which this replica, as the leader, has committed an entry so as to learn what is
// committed. The zero value is ready.
type ownTerm struct {
	mu   sync.Mutex
	term int
}

// CommitOwnTerm has a leader commit an empty entry, once in each of its terms, and reports whether it just did; it
// blocks until then, for Config.Patience at most. At others it does nothing.
//
// A new leader does not know how much of its log is committed before it has committed something of its own (§5.4.2).
// Requests bring that about. What a replica does by itself, from what it has applied, must not wait for them: after
// all replicas have restarted nothing at all may have been applied, and what there is to do is not to be seen.
func (m *RSM[O, R]) CommitOwnTerm() bool {
	term, leads := m.raft.GetState()
	if !leads || !m.own.begins(term) {
		return false
	}
	if m.Read(kvapi.ReadLog, func() {}) != nil {
		m.own.failed()
		return false
	}
	return true
}

// begins notes that an entry is on its way in this term. false: there was one already.
func (o *ownTerm) begins(term int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if term <= o.term {
		return false
	}
	o.term = term
	return true
}

// failed has the next one try again.
func (o *ownTerm) failed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.term = 0
}
