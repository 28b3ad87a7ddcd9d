package rsm

import (
	"fmt"
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
)

// Reading without changing anything. Each read has two parts:
//
//	from what index on?     a read index: every operation that was complete when the read
//	                        began is at or before it
//	look                    once everything up to it has been applied here
//
// The paths differ in how the first is found:
//
//	path            read index                                        costs
//	--------------  ------------------------------------------------  ------------------------------
//	log             where an empty entry of the read comes to stand   a log entry, a round, fsyncs
//	index           the leader's commitIndex, confirmed by a round     a round of heartbeats, shared
//	                of heartbeats: nobody else leads (§6.4)
//	followerindex   the same, asked of the leader by the follower     the same, and a message
//	lease           the leader's commitIndex, while its lease says     nothing
//	                that nobody else can lead yet (§6.4.1)
//	local           0                                                 nothing, and it may be old
//
// §6.4 is that of Ongaro's dissertation.

// Read calls look when the state is at least as new as the path promises. look runs with the state
// at rest; it must not change it, block, or call the replica. If Read returns an error look
// was not called, and the caller may try again, here or elsewhere.
func (m *RSM[O, R]) Read(path kvapi.ReadPath, look func()) error {
	if path == kvapi.ReadLocal {
		return m.lookAt(0, look)
	}
	if err := m.admit(path != kvapi.ReadIndexFollower); err != nil {
		return err
	}
	index, err := m.readIndex(path)
	if err != nil {
		return err
	}
	return m.lookAt(index, look)
}

// readIndex finds a read index in the way of the path.
func (m *RSM[O, R]) readIndex(path kvapi.ReadPath) (int, error) {
	switch path {
	case kvapi.ReadLog:
		out := m.propose(command[O]{kind: barrier})
		return out.index, out.err
	case kvapi.ReadIndexFollower:
		return m.sharedReadIndex()
	case kvapi.ReadIndexLeader:
		return m.leadersReadIndex()
	case kvapi.ReadLease:
		if peer, ok := m.raft.(raftapi.LeaseReader); ok {
			if index, ok := peer.LeaseRead(); ok {
				return m.committed(index), nil
			}
		}
		// A new leader has no lease yet, and one whose heartbeats go unanswered has none any more.
		raftapi.Reached("read without a valid lease asked for a read index")
		return m.leadersReadIndex()
	}
	return 0, fmt.Errorf("rsm: unknown read path %q", path)
}

// leadersReadIndex refuses at followers: their leader is asked by the client itself.
func (m *RSM[O, R]) leadersReadIndex() (int, error) {
	if _, leads := m.raft.GetState(); !leads {
		return 0, ErrNotLeader
	}
	index, err := m.sharedReadIndex()
	if err != nil {
		if _, leads := m.raft.GetState(); !leads {
			raftapi.Reached("read refused: leadership lost")
		}
	}
	return index, err
}

func (m *RSM[O, R]) sharedReadIndex() (int, error) {
	index, ok := m.rounds.index(m.config.Patience, m.done)
	if !ok {
		return 0, ErrNotLeader
	}
	return m.committed(index), nil
}

// readIndexOfPeer asks the peer; see rounds.
func (m *RSM[O, R]) readIndexOfPeer() (int, bool) {
	peer, ok := m.raft.(raftapi.ReadIndexer)
	if !ok {
		return 0, false
	}
	return peer.ReadIndex()
}

// committed notes that index is known to be committed, and returns it.
func (m *RSM[O, R]) committed(index int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = max(m.known, index)
	return index
}

// lookAt waits until everything up to index has been applied, and calls look.
func (m *RSM[O, R]) lookAt(index int, look func()) error {
	reached := m.reaches(index)
	patience := time.NewTimer(m.config.Patience)
	defer patience.Stop()
	select {
	case <-reached:
	case <-patience.C:
		raftapi.Reached("patience ran out")
		return ErrNotLeader
	case <-m.done:
		return ErrUnknown
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	look()
	return nil
}

// reaches returns a channel that is closed when everything up to index has been applied.
func (m *RSM[O, R]) reaches(index int) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index > m.state.applied {
		raftapi.Reached("read waited for applied index")
	}
	return m.readers.wait(index, m.state.applied)
}

// readers are those who wait for an index to be applied. The zero value is ready.
type readers struct {
	at map[int]chan struct{} // by index; those who wait for the same index share a channel
}

// wait returns a channel that is closed when index is applied; applied is how far it is now.
func (r *readers) wait(index, applied int) <-chan struct{} {
	if index <= applied {
		already := make(chan struct{})
		close(already)
		return already
	}
	if r.at == nil {
		r.at = map[int]chan struct{}{}
	}
	if r.at[index] == nil {
		r.at[index] = make(chan struct{})
	}
	return r.at[index]
}

// applied wakes those who wait for an index up to this one. A restored snapshot moves it by many.
func (r *readers) applied(index int) {
	for i, c := range r.at {
		if i <= index {
			close(c)
			delete(r.at, i)
		}
	}
}
