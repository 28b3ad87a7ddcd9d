package raft

import (
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Config says how a peer is to be built. The zero value of an optional field means its default.
// Extensions beyond the paper's Figure 2 and §7 are fields here, one each, off by default.
type Config struct {
	Peers     []*labrpc.ClientEnd   // one end per server of the cluster; Peers[Me] is not used
	Me        int                   // this peer's index in Peers
	Persister *raftapi.Persister    // what an earlier incarnation saved, or nothing
	ApplyCh   chan raftapi.ApplyMsg // where committed entries and snapshots go, in log order

	// ElectionTimeout is how long a follower waits at least for a leader or a candidate to make
	// itself heard; each wait is drawn between it and twice that. The paper's rule (§5.6) is
	//
	//	time of a broadcast  <<  election timeout  <<  time between crashes of a server
	//
	// and a few heartbeats should fit in, so that losing one does not depose a leader.
	// Default 300 ms.
	ElectionTimeout time.Duration

	// HeartbeatInterval is how long a leader lets a follower wait at most for an AppendEntries.
	// Default 100 ms: the labs allow about ten heartbeats per second.
	HeartbeatInterval time.Duration
}

const (
	// maxEntries is the number of entries in an AppendEntries at most. A follower that is far
	// behind gets them one batch after the other, and a lost message does not cost the whole log.
	maxEntries = 256

	// maxInFlight is the number of unanswered calls per follower at most. A call to a dead server
	// may take seconds to fail, and heartbeats do not wait for it. At ten per second this
	// bounds what a very slow network can pile up, and is not reached on a slow one.
	maxInFlight = 100
)

// withDefaults returns c with its optional fields filled in.
func (c Config) withDefaults() Config {
	if c.ElectionTimeout == 0 {
		c.ElectionTimeout = 300 * time.Millisecond
	}
	if c.HeartbeatInterval == 0 {
		c.HeartbeatInterval = 100 * time.Millisecond
	}
	return c
}
