package raftapi

import (
	"fmt"
	"sync"
)

// Persister keeps what a peer must not lose in a crash: its Raft state and its latest snapshot.
// It has the methods that 6.824 and 6.5840 students of all years know, over a [Storage], and
// besides them an incremental form, [Persister.Write] and [Persister.Read], for peers that do not
// want to write their whole log for each new entry. A peer uses one of the two forms.
//
// All methods are safe for concurrent use and none blocks, unless the storage models a disk.
//
// It is a handle: a copy of the struct stores to the same place, and belongs to the same life of a
// peer. What a peer still writes after its crash reaches neither its next life nor anybody else.
type Persister struct {
	p *persister
}

// persister is what a Persister stands for.
type persister struct {
	storage Storage
}

// MakePersister returns an empty persister in memory.
func MakePersister() *Persister { return NewPersister(NewMemory()) }

// NewPersister returns a persister over storage.
func NewPersister(storage Storage) *Persister { return &Persister{&persister{storage}} }

// Copy returns a new persister in memory that holds the same as p does now.
func (p *Persister) Copy() *Persister { return NewPersister(MemoryFrom(p.p.storage.Load())) }

// Save stores the Raft state and the snapshot together, as one atomic write. A nil snapshot
// clears the stored one. (Solutions of 2023 and later.)
func (p *Persister) Save(raftstate, snapshot []byte) {
	p.p.storage.Save(clone(raftstate), clone(snapshot))
}

// SaveStateAndSnapshot is the name that Save had until 2022.
func (p *Persister) SaveStateAndSnapshot(state, snapshot []byte) { p.Save(state, snapshot) }

// SaveRaftState stores the Raft state and keeps the snapshot. (Solutions until 2022.)
func (p *Persister) SaveRaftState(state []byte) {
	p.p.storage.Save(clone(state), p.p.storage.Load().Snapshot)
}

// ReadRaftState returns the state that the last Save stored, or an empty slice.
func (p *Persister) ReadRaftState() []byte { return clone(p.p.storage.Load().State) }

// RaftStateSize returns the size of the Raft state in bytes, in whichever form it was stored.
func (p *Persister) RaftStateSize() int { return p.p.storage.StateSize() }

// ReadSnapshot returns the stored snapshot, or an empty slice.
func (p *Persister) ReadSnapshot() []byte { return clone(p.p.storage.Load().Snapshot) }

// SnapshotSize returns the size of the snapshot in bytes.
func (p *Persister) SnapshotSize() int { return p.p.storage.SnapshotSize() }

// Write stores an incremental update as one atomic write. Its cost does not depend on the length
// of the log. The bytes are copied: who changes them later has not changed what is stored.
func (p *Persister) Write(u Update) {
	u.Header, u.Snapshot, u.Entries = copied(u.Header), copied(u.Snapshot), copies(u.Entries)
	p.p.storage.Write(u)
}

// Read returns a copy of what has been stored.
func (p *Persister) Read() Stored {
	s := p.p.storage.Load()
	s.State, s.Header, s.Snapshot, s.Entries = copied(s.State), copied(s.Header), copied(s.Snapshot), copies(s.Entries)
	return s
}

// copied is clone, but leaves nil as it is: in an [Update] it means something.
func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

func copies(list [][]byte) [][]byte {
	if list == nil {
		return nil
	}
	own := make([][]byte, len(list))
	for i, b := range list {
		own[i] = copied(b)
	}
	return own
}

// clone copies b. Where nothing was stored it returns an empty slice and not nil, as the course's
// persister does: there are solutions that take nil for a sign that nothing was stored at all.
func clone(b []byte) []byte { return append([]byte{}, b...) }

// Memory is a [Storage] that lives as long as the process.
type Memory struct {
	mu     sync.Mutex
	stored Stored
	size   int // of everything but the snapshot, kept so that asking costs nothing
}

// NewMemory returns an empty storage.
func NewMemory() *Memory { return &Memory{} }

// MemoryFrom returns a storage that holds what s does.
func MemoryFrom(s Stored) *Memory {
	s.Entries = append([][]byte(nil), s.Entries...)
	return &Memory{stored: s, size: s.StateSize()}
}

// Save implements [Storage].
func (m *Memory) Save(state, snapshot []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored = Stored{State: state, Snapshot: snapshot}
	m.size = len(state)
}

// Write implements [Storage]. It panics where u leaves a hole in the log: the peer's idea of what
// it has stored is broken, and so is everything that it would read back.
func (m *Memory) Write(u Update) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.stored
	if u.Header != nil {
		m.size += len(u.Header) - len(s.Header)
		s.Header = u.Header
	}
	if u.SnapshotIndex != 0 {
		// Going back leaves a hole before the entries that stay, unless none does.
		if u.SnapshotIndex < s.SnapshotIndex && len(s.Entries) > 0 && u.From != u.SnapshotIndex+1 {
			panic(fmt.Sprintf("raftapi: Persister.Write of a snapshot up to index %d, before entries that begin at %d",
				u.SnapshotIndex, s.SnapshotIndex+1))
		}
		m.dropThrough(u.SnapshotIndex)
		s.SnapshotIndex, s.Snapshot = u.SnapshotIndex, u.Snapshot
	}
	if u.From != 0 {
		keep := u.From - s.SnapshotIndex - 1
		if keep < 0 || keep > len(s.Entries) {
			panic(holeError(u.From, s.SnapshotIndex, len(s.Entries)))
		}
		for _, e := range s.Entries[keep:] {
			m.size -= len(e)
		}
		s.Entries = append(s.Entries[:keep], u.Entries...) // Load copies, so overwriting is safe
		for _, e := range u.Entries {
			m.size += len(e)
		}
	}
}

func holeError(from, snapshot, entries int) string {
	return fmt.Sprintf("raftapi: Persister.Write from index %d, but what is stored is a snapshot up to %d and %d entries after it",
		from, snapshot, entries)
}

// dropThrough forgets the entries up to and including index.
func (m *Memory) dropThrough(index int) {
	s := &m.stored
	n := min(max(index-s.SnapshotIndex, 0), len(s.Entries))
	for _, e := range s.Entries[:n] {
		m.size -= len(e)
	}
	s.Entries = append([][]byte(nil), s.Entries[n:]...)
}

// Load implements [Storage].
func (m *Memory) Load() Stored {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stored
	s.Entries = append([][]byte(nil), s.Entries...)
	return s
}

// StateSize implements [Storage].
func (m *Memory) StateSize() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.size
}

// SnapshotSize implements [Storage].
func (m *Memory) SnapshotSize() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.stored.Snapshot)
}
