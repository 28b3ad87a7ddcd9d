package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"raftlab/cluster/disk"
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
			s.commit()
		case <-s.done:
			return
		}
	}
}

// commit makes durable what has been applied.
func (s *Server) commit() {
	applied := s.c.Machine.Applied()
	s.must(s.c.Machine.Commit())
	s.c.Files.committed(applied)
	if err := s.c.Files.tidy(); err != nil {
		s.c.Logf("removing a snapshot that the database has passed: %v", err)
	}
}

// must ends the process if the database has failed.
func (s *Server) must(err error) {
	if err != nil {
		help := "what it has acknowledged is in its log"
		if disk.Full(err) {
			help = "the disk is full: free some space and start it again; " + help
		}
		s.c.Fatal(fmt.Errorf("%w. This member stops: %s", err, help))
		panic(err)
	}
}

// consume takes in a message of the peer, and those that are ready behind it.
func (s *Server) consume(msg raftapi.ApplyMsg) {
	defer s.wake()
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

// take brings the database forward by one message. An index that is missing is a broken promise of
// the peer, and going on would part this member from the others.
func (s *Server) take(msg raftapi.ApplyMsg) {
	if msg.SnapshotValid {
		s.install(msg)
		return
	}
	s.mu.Lock()
	s.delivered = max(s.delivered, msg.CommandIndex)
	s.mu.Unlock()
	switch applied := s.c.Machine.Applied(); {
	case msg.CommandIndex <= applied:
		// It is in the database already.
	case msg.CommandIndex > applied+1:
		panic(fmt.Sprintf("replica: the peer delivered the entry %d after %d: those between them are missing", msg.CommandIndex, applied))
	case msg.CommandValid:
		s.apply(msg)
	default: // an entry of the peer's own
		s.c.Machine.Apply(msg.CommandIndex, nil, false)
		s.resolve(msg.CommandIndex, 0, nil)
	}
}

// apply executes an entry.
func (s *Server) apply(msg raftapi.ApplyMsg) {
	text, ok := msg.Command.(string)
	if !ok {
		panic(fmt.Sprintf("replica: the peer delivered a %T at index %d, where strings were proposed", msg.Command, msg.CommandIndex))
	}
	b, err := decodeBatch(text)
	if err != nil {
		panic(fmt.Sprintf("replica: the entry %d cannot be read: %v", msg.CommandIndex, err))
	}
	s.mu.Lock()
	wanted := s.waiters.byID[b.id] != nil
	s.mu.Unlock()
	s.follow(b.ops, "the peer delivers entry %d: it is committed", msg.CommandIndex)
	results := s.c.Machine.Apply(msg.CommandIndex, b.ops, wanted)
	s.seeIn(b.ops, func(op []byte) bool { return s.c.Trace.Applied(op, msg.CommandIndex) })
	s.resolve(msg.CommandIndex, b.id, results)
}

func (s *Server) resolve(index int, id uint64, results [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters.applied(index, id, results)
}

// install replaces the database by the file that has come for a snapshot. It may be newer than what
// the peer speaks of.
func (s *Server) install(msg raftapi.ApplyMsg) {
	s.mu.Lock()
	s.delivered = max(s.delivered, msg.SnapshotIndex)
	s.mu.Unlock()
	if msg.SnapshotIndex <= s.c.Machine.Applied() {
		return
	}
	index, err := s.c.Files.parse(msg.Snapshot)
	if err == nil && index != msg.SnapshotIndex {
		panic(fmt.Sprintf("replica: the peer delivered a snapshot for index %d that was taken at %d", msg.SnapshotIndex, index))
	}
	if err == nil {
		err = s.c.Files.install(s.c.Machine, index)
	}
	if err != nil {
		s.must(fmt.Errorf("taking in the snapshot of %d: %w", msg.SnapshotIndex, err))
	}
	applied := s.c.Machine.Applied()
	s.c.Logf("took in a snapshot: the peer's is of %d, the database that came for it of %d", index, applied)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters.covered(applied)
}

// compact takes a snapshot if the peer's state has grown large. The database is committed first:
// what it has not stored is in the log entries that the peer is about to drop. A peer that has not
// delivered all that the database holds cannot drop it yet.
func (s *Server) compact() {
	if s.c.Persister.RaftStateSize() < s.c.MaxLog {
		return
	}
	peer, ok := s.raft.(raftapi.Snapshotter)
	if !ok {
		return
	}
	index := s.c.Machine.Applied()
	s.mu.Lock()
	behind := s.delivered < index
	s.mu.Unlock()
	if behind {
		return
	}
	s.commit()
	peer.Snapshot(index, s.c.Files.manifest(index))
}

// awaits is somebody who waits until an index is applied here.
type awaits struct {
	index int
	done  chan struct{}
}

// wake ends the wait of those whose index is applied.
func (s *Server) wake() {
	applied := s.c.Machine.Applied()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited = slices.DeleteFunc(s.awaited, func(w awaits) bool {
		if w.index > applied {
			return false
		}
		close(w.done)
		return true
	})
}

var errLate = errors.New("this member is too far behind")

// AwaitApplied waits until the entry of an index is applied here, for as long as operations may
// wait.
func (s *Server) AwaitApplied(ctx context.Context, index int) error {
	w := awaits{index, make(chan struct{})}
	s.mu.Lock()
	if s.c.Machine.Applied() >= index {
		s.mu.Unlock()
		return nil
	}
	s.awaited = append(s.awaited, w)
	s.mu.Unlock()
	patience := time.NewTimer(s.c.Patience)
	defer patience.Stop()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
	case <-patience.C:
	case <-s.done:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited = slices.DeleteFunc(s.awaited, func(other awaits) bool { return other.done == w.done })
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("waiting for the entry %d: %w", index, errLate)
}
