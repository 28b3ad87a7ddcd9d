package rsm

import (
	"fmt"

	"raftlab/raftapi"
)

// runApplier is the goroutine that consumes the apply channel. It is the only one that changes the
// state.
func (m *RSM[O, R]) runApplier() {
	for {
		select {
		case msg := <-m.applyCh:
			m.consume(msg)
			m.compact()
		case <-m.done:
			return
		}
	}
}

// consume brings the state forward by one message of the peer.
func (m *RSM[O, R]) consume(msg raftapi.ApplyMsg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.killed:
		return
	case msg.SnapshotValid:
		m.install(msg)
	case msg.CommandIndex <= m.state.applied:
		return // in the snapshot that this server started from
	case msg.CommandValid:
		c := m.decode(msg)
		m.waiters.applied(c.id, m.state.apply(msg.CommandIndex, c))
	default:
		m.state.skipTo(msg.CommandIndex)
		m.waiters.replaced(msg.CommandIndex)
	}
	m.readers.applied(m.state.applied)
}

// decode reads the command of an entry. All entries were encoded by a replica, so what cannot be read
// was damaged by the peer; going on without it would part this replica from the others.
func (m *RSM[O, R]) decode(msg raftapi.ApplyMsg) command[O] {
	text, ok := msg.Command.(string)
	if !ok {
		panic(fmt.Sprintf("rsm: the Raft peer delivered a %T at index %d, where strings were proposed", msg.Command, msg.CommandIndex))
	}
	c, err := decode(text, m.config.Codec)
	if err != nil {
		panic(fmt.Sprintf("rsm: cannot read the entry %d, %q: %v", msg.CommandIndex, text, err))
	}
	return c
}

// install replaces the state by a snapshot that the peer got from its leader.
func (m *RSM[O, R]) install(msg raftapi.ApplyMsg) {
	if msg.SnapshotIndex <= m.state.applied {
		raftapi.Reached("stale snapshot of the peer ignored")
		return
	}
	raftapi.Reached("state replaced by the leader's snapshot")
	m.state.restore(msg.Snapshot)
	if m.state.applied != msg.SnapshotIndex {
		panic(fmt.Sprintf("rsm: the Raft peer delivered a snapshot for index %d that was taken at index %d",
			msg.SnapshotIndex, m.state.applied))
	}
	if len(m.readers.at) > 0 {
		raftapi.Reached("snapshot restored while a read waited")
	}
	m.waiters.restored(m.state.applied, m.state.sessions.earlier)
}

// compact takes a snapshot if the peer's persisted state has grown large. The margin of a quarter
// is for entries that arrive while it is being taken.
func (m *RSM[O, R]) compact() {
	limit := m.config.MaxRaftState
	if limit <= 0 || m.config.Persister.RaftStateSize() < limit-limit/4 {
		return
	}
	peer, ok := m.raft.(raftapi.Snapshotter)
	if !ok {
		return
	}
	raftapi.Reached("service took a snapshot")
	// Without mu: nobody else changes the state, and readers may go on.
	peer.Snapshot(m.state.applied, m.state.snapshot())
}
