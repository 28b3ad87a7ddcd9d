package raft

import (
	"fmt"

	"raftlab/raftapi"
)

// Persistence (Figure 2: "Persistent state on all servers, updated on stable storage before
// responding to RPCs").
//
// Whoever changes currentTerm, votedFor, log or snapshot calls one of the three functions below
// before letting go of the mutex, so nobody outside can see a state that a crash would undo. (With
// Config.Disk they only order the write, and whoever would show the state waits: disk.go.) What is
// written is what has changed: a new entry costs the same at the end of a log of ten entries and of
// ten thousand.
//
//	            +--------------------------------+----------+---+---+---+
//	stored      | header: term, vote, baseTerm   | snapshot | e | e | e |
//	            +--------------------------------+----------+---+---+---+
//	                 ^ persistHeader                  ^       ^ persistEntries(from)
//	                                             persistSnapshot
//
// commitIndex and lastApplied are not stored. A restarted server knows that its snapshot was
// committed, and learns the rest from the leader.

// persistHeader stores currentTerm and votedFor.
func (rf *Raft) persistHeader() {
	rf.store(raftapi.Update{Header: rf.header()}, 0)
}

// persistEntries stores the entries at from and beyond, in place of what was stored there.
func (rf *Raft) persistEntries(from int) {
	entries := rf.log.slice(from, rf.log.lastIndex())
	encoded := make([][]byte, len(entries))
	for i, e := range entries {
		encoded[i] = appendEntry(rf.spare.take(), e)
	}
	rf.store(raftapi.Update{From: from, Entries: encoded}, rf.log.lastIndex())
}

// persistSnapshot stores the snapshot in place of the entries up to log.base. A log without entries
// has stored ones removed as well: they may be beyond log.base, and conflict with the snapshot.
func (rf *Raft) persistSnapshot() {
	u := raftapi.Update{Header: rf.header(), SnapshotIndex: rf.log.base, Snapshot: rf.snapshot}
	if len(rf.log.entries) == 0 {
		u.From = rf.log.base + 1
	}
	rf.store(u, rf.log.base)
}

func (rf *Raft) header() []byte {
	return encodeHeader(header{currentTerm: rf.currentTerm, votedFor: rf.votedFor, baseTerm: rf.log.baseTerm})
}

// readPersist restores what an earlier incarnation of this server has stored. It panics on
// anything else: a peer that goes on with half of its memory may vote twice.
func (rf *Raft) readPersist() {
	stored := rf.persister.Read()
	if len(stored.Header) == 0 {
		return // the first start
	}
	h, err := decodeHeader(stored.Header)
	if err != nil {
		panic(fmt.Sprintf("raft: peer %d cannot read the header it had stored: %v", rf.me, err))
	}
	rf.currentTerm, rf.votedFor = h.currentTerm, h.votedFor
	rf.snapshot = stored.Snapshot
	rf.log.reset(stored.SnapshotIndex, h.baseTerm)
	for i, b := range stored.Entries {
		e, err := decodeEntry(b)
		if err != nil {
			panic(fmt.Sprintf("raft: peer %d cannot read the log entry %d it had stored: %v", rf.me, rf.log.base+1+i, err))
		}
		rf.log.append(e)
	}
	rf.probeRestart()
}
