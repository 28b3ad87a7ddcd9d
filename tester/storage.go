package tester

import (
	"sync"

	"raftlab/raftapi"
)

// storage is what a peer's persister writes to: memory, with two additions. It remembers what was
// stored at the instant of a crash, whatever the zombie writes later, and it can crash the peer
// right after a certain write.
type storage struct {
	*raftapi.Memory
	l *life

	// mu is held for the whole of a write, so that a crash falls between two writes. The peer's
	// locks may be held around it.
	mu      sync.Mutex
	crashIn int             // crash after so many more writes; 0: never
	crashed []chan struct{} // closed when the peer has crashed and was killed
}

func newStorage(l *life, s raftapi.Stored) *storage {
	return &storage{Memory: raftapi.MemoryFrom(s), l: l}
}

// Save implements raftapi.Storage.
func (s *storage) Save(state, snapshot []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Memory.Save(state, snapshot)
	s.written()
}

// Write implements raftapi.Storage.
func (s *storage) Write(u raftapi.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Memory.Write(u)
	s.written()
}

// written follows every write.
func (s *storage) written() {
	if !s.l.alive.Load() {
		return
	}
	s.l.c.noteWrite(s.l.peer, s.Memory.StateSize())
	if s.crashIn == 0 {
		return
	}
	if s.crashIn--; s.crashIn == 0 {
		s.l.c.crashInWrite(s.l)
	}
}

// freeze returns what is stored at this instant. The caller holds mu.
func (s *storage) freeze() raftapi.Stored { return s.Memory.Load() }

// noteWrite counts a write, and remembers the largest size of a persisted state.
func (c *machines) noteWrite(i, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes[i]++
	c.maxState = max(c.maxState, size)
}

// Writes returns how often peer i has written to its persister since the cluster began.
func (c *machines) Writes(i int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes[i]
}

// PersistedSize returns the size in bytes of peer i's persisted Raft state, without its snapshot.
func (c *machines) PersistedSize(i int) int { return c.persister(i).RaftStateSize() }

// MaxPersistedSize returns the largest persisted Raft state that any peer has had since the cluster
// began, in bytes.
func (c *machines) MaxPersistedSize() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.maxState
}

// SnapshotSize returns the size in bytes of peer i's persisted snapshot.
func (c *machines) SnapshotSize(i int) int { return c.persister(i).SnapshotSize() }

// CopyPersisted returns a copy of what peer i has persisted.
func (c *machines) CopyPersisted(i int) *raftapi.Persister { return c.persister(i).Copy() }

// persister returns what peer i writes to, or what is left of it after a crash.
func (c *machines) persister(i int) *raftapi.Persister {
	if l := c.running(i); l != nil {
		return raftapi.NewPersister(l.store.Memory)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return raftapi.NewPersister(raftapi.MemoryFrom(c.stored[i]))
}
