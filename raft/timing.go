package raft

import (
	"fmt"
	"time"

	"raftlab/raftapi"
)

var (
	_ raftapi.LeaderTeller = (*Raft)(nil)
	_ raftapi.Timed        = (*Raft)(nil)
)

// Leader tells whose AppendEntries this server follows, or that it leads itself; see
// [raftapi.LeaderTeller].
func (rf *Raft) Leader() (peer int, known bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.leaderId, rf.leaderId != nobody
}

// SetTiming does what New does with the two fields of [Config]; see [raftapi.Timed].
func (rf *Raft) SetTiming(heartbeat, election time.Duration) error {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	c := rf.config
	c.HeartbeatInterval, c.ElectionTimeout = heartbeat, election
	if err := c.validate(); err != nil {
		return fmt.Errorf("raft: SetTiming: %w", err)
	}
	rf.config = c
	if rf.state != leader {
		rf.resetElectionTimer()
	}
	return nil
}
