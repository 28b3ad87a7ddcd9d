package rsm

import (
	"sync"

	"raftlab/kvapi"
)

// ownTerm is the last term in which this replica, as the leader, has committed an entry so as to
// learn what is committed, or is about to.
type ownTerm struct {
	mu   sync.Mutex
	term int
}

// CommitInTerm has the leader of a term commit an empty entry, once in the term. A new leader does
// not know how much of its log is committed before it has committed something of its own (§5.4.2).
// If clients ask for nothing that may be never, and what the replica shows to those who only look,
// and what it does by itself, follows from an old state:
//
//	old leader    what there is to do: x     done: x is committed      crashes
//	new leader    the entry is in its log, and not known to be committed: it does x again, and again
//
// It blocks until the entry is committed, and returns at once if that has been done, or is being
// done. If it fails, the next call tries again.
func (m *RSM[O, R]) CommitInTerm(term int) {
	if !m.own.begin(term) {
		return
	}
	if m.Read(kvapi.ReadLog, func() {}) != nil {
		m.own.failed(term)
	}
}

// CommitsInTerm says whether CommitInTerm has nothing to do in this term, or in a later one.
func (m *RSM[O, R]) CommitsInTerm(term int) bool {
	m.own.mu.Lock()
	defer m.own.mu.Unlock()
	return m.own.term >= term
}

// begin notes that an entry is on its way in this term. false: there was one already.
func (o *ownTerm) begin(term int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if term <= o.term {
		return false
	}
	o.term = term
	return true
}

// failed has the next one try again.
func (o *ownTerm) failed(term int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.term == term {
		o.term = 0
	}
}
