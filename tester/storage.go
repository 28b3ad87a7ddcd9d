package tester

import (
	"sync"
	"sync/atomic"

	"raftlab/internal/scenario"
	"raftlab/raftapi"
)

// storage is what a peer's persister writes to: memory, with three additions. A write takes the
// time of a disk, if there is one (disk.go). It remembers what was stored at the instant of a
// crash, whatever the zombie writes later, and it can crash the peer right after a certain write,
// or in it.
type storage struct {
	*raftapi.Memory
	l        *life
	disk     disk
	unsynced atomic.Int32 // writes that have begun, and are not stored

	// mu is held while a write takes effect, so that a crash falls before it or after it. The
	// peer's locks may be held around it.
	mu          sync.Mutex
	crashAfter  int             // crash after so many more writes; 0: never
	crashWithin int             // crash in the middle of the so-many-th write from now; 0: never
	crashKey    scenario.Key    // of that crash
	passes      bool            // the scenario leaves it out
	crashed     []chan struct{} // closed when the peer has crashed and was killed
}

func newStorage(l *life, s raftapi.Stored) *storage {
	return &storage{Memory: raftapi.MemoryFrom(s), l: l, disk: newDisk(l.c.r, l.c.options, l.Peer)}
}

// Save implements raftapi.Storage.
func (s *storage) Save(state, snapshot []byte) {
	s.write(len(state)+len(snapshot), func() { s.Memory.Save(state, snapshot) })
}

// Write implements raftapi.Storage.
func (s *storage) Write(u raftapi.Update) {
	bytes := len(u.Header) + len(u.Snapshot)
	for _, e := range u.Entries {
		bytes += len(e)
	}
	s.write(bytes, func() { s.Memory.Write(u) })
}

// write lets a write of so many bytes take effect when it is synced.
func (s *storage) write(bytes int, effect func()) {
	s.unsynced.Add(1)
	takes := s.disk.begin(bytes)
	defer s.disk.end()
	spin(takes)
	s.midway()
	spin(takes)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsynced.Add(-1)
	effect()
	if !s.l.Alive() {
		return
	}
	s.l.c.noteWrite(s.l.Peer, bytes, s.Memory.StateSize())
	if due(&s.crashAfter) {
		s.l.c.crashInWrite(s.l, "after a write")
	}
}

// midway is where a write is neither begun nor over.
func (s *storage) midway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.l.Alive() && due(&s.crashWithin) {
		s.l.c.crashInWrite(s.l, "in a write")
	}
}

// due counts n down, and says whether it has come to 0 now.
func due(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return *n == 0
}

// freeze returns what is stored at this instant. The caller holds mu.
func (s *storage) freeze() raftapi.Stored { return s.Memory.Load() }

// noteWrite counts a write, and remembers the largest size of a persisted state.
func (c *machines) noteWrite(i, bytes, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes[i]++
	c.written[i] += int64(bytes)
	c.maxState = max(c.maxState, size)
}

// Writes returns how often peer i has written to its persister since the cluster began. Each write
// is one fsync.
func (c *machines) Writes(i int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes[i]
}

// WrittenBytes returns how many bytes peer i has written to its persister since the cluster began:
// with raftapi.Persister.Save the whole state and the snapshot each time, with Write what is new.
func (c *machines) WrittenBytes(i int) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written[i]
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
