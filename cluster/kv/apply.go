package kv

import (
	"fmt"
	"time"

	"raftlab/raftapi"
)

// drain is how many messages of the peer are taken in one go.
const drain = 1000

// runApplier is the goroutine that consumes the apply channel. It alone changes the database.
func (s *Server) runApplier() {
	tick := time.NewTicker(s.c.CommitEvery)
	defer tick.Stop()
	for {
		select {
		case msg := <-s.applyCh:
			s.consume(msg)
			s.compact()
		case <-tick.C:
			s.mu.Lock()
			s.must(s.store.commit())
			s.mu.Unlock()
		case <-s.done:
			return
		}
	}
}

// must ends the process if the database has failed.
func (s *Server) must(err error) {
	if err != nil {
		s.c.Fatal(fmt.Errorf("%w. This member stops; what it has acknowledged is in its log", err))
		panic(err)
	}
}

// consume takes in a message of the peer, and those that are ready behind it.
func (s *Server) consume(msg raftapi.ApplyMsg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range drain {
		s.take(msg)
		select {
		case msg = <-s.applyCh:
			continue
		default:
		}
		return
	}
	s.take(msg)
}

// take brings the database forward by one message. An index that is missing is a broken promise of the peer, and going on
// would part this member from the others.
func (s *Server) take(msg raftapi.ApplyMsg) {
	applied := s.store.applied
	switch {
	case msg.SnapshotValid:
		s.install(msg)
	case msg.CommandIndex <= applied:
		// It is in the database already.
	case msg.CommandIndex > applied+1:
		panic(fmt.Sprintf("kv: the peer delivered the entry %d after %d: those between them are missing", msg.CommandIndex, applied))
	case msg.CommandValid:
		text, ok := msg.Command.(string)
		if !ok {
			panic(fmt.Sprintf("kv: the peer delivered a %T at index %d, where strings were proposed", msg.Command, msg.CommandIndex))
		}
		b, err := decodeBatch(text)
		if err != nil {
			panic(fmt.Sprintf("kv: the entry %d cannot be read: %v", msg.CommandIndex, err))
		}
		s.waiters.applied(msg.CommandIndex, b.id, s.store.apply(msg.CommandIndex, b.ops))
	default: // an entry of the peer's own
		s.store.setApplied(msg.CommandIndex)
		s.waiters.applied(msg.CommandIndex, 0, nil)
	}
}

// install replaces the database by a snapshot that the peer got from its leader. The peer has it on its disk.
func (s *Server) install(msg raftapi.ApplyMsg) {
	if msg.SnapshotIndex <= s.store.applied {
		return
	}
	if err := s.store.restore(msg.Snapshot); err != nil {
		s.must(fmt.Errorf("restoring a snapshot from the leader: %w", err))
	}
	if s.store.applied != msg.SnapshotIndex {
		panic(fmt.Sprintf("kv: the peer delivered a snapshot for index %d that was taken at %d", msg.SnapshotIndex, s.store.applied))
	}
	s.c.Logf("took in the leader's snapshot of index %d", msg.SnapshotIndex)
	s.waiters.covered(msg.SnapshotIndex)
}

// compact takes a snapshot if the peer's state has grown large. The database is committed first: what it has
// not stored is in the log entries that the peer is about to drop.
func (s *Server) compact() {
	if s.c.Persister.RaftStateSize() < s.c.MaxLog {
		return
	}
	peer, ok := s.raft.(raftapi.Snapshotter)
	if !ok {
		return
	}
	s.mu.Lock()
	s.must(s.store.commit())
	index, snapshot := s.store.applied, s.store.snapshot()
	s.mu.Unlock()
	peer.Snapshot(index, snapshot)
}
