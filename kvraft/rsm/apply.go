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

// maxRun is how many messages are consumed under one lock at most (raftapi.ApplyRuns).
const maxRun = 64

// consume brings the state forward by one message of the peer, or with ApplyRuns by all that are
// there: under one lock, and those who wait for an index are woken once. It stops where the log has
// to be cut.
func (m *RSM[O, R]) consume(msg raftapi.ApplyMsg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apply(msg)
	for n := 1; n < maxRun && m.on.runs && !m.needsCompaction(); n++ {
		select {
		case msg := <-m.applyCh:
			raftapi.Reached("several entries applied under one lock")
			m.apply(msg)
			continue
		default:
		}
		break
	}
	m.readers.applied(m.state.applied)
}

// apply brings the state forward by one message. The caller holds mu.
func (m *RSM[O, R]) apply(msg raftapi.ApplyMsg) {
	switch {
	case m.killed:
		return
	case msg.SnapshotValid:
		m.install(msg)
	case msg.CommandIndex <= m.state.applied:
		return // in the snapshot that this server started from
	case msg.CommandValid:
		c := m.decode(msg)
		out := m.state.apply(msg.CommandIndex, c)
		m.answerParts(c, out.parts)
		m.waiters.applied(c.id, out)
	default:
		m.state.skipTo(msg.CommandIndex)
		m.waiters.replaced(msg.CommandIndex)
	}
}

// decode reads the command of an entry. All entries were encoded by a replica, so what cannot be
// read was damaged by the peer; going on without it would part this replica from the others.
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

// needsCompaction says whether the peer's persisted state has grown large. The margin of a quarter
// is for entries that arrive while a snapshot is being taken.
func (m *RSM[O, R]) needsCompaction() bool {
	limit := m.config.MaxRaftState
	return limit > 0 && m.config.Persister.RaftStateSize() >= limit-limit/4
}

// compact takes a snapshot if it is time for one.
func (m *RSM[O, R]) compact() {
	if !m.needsCompaction() {
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
