package raft

import (
	"errors"
	"fmt"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Config says how to build a peer. The zero value of an optional field means its default.
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

	// PreVote has this server ask whether it could win before it raises its term (dissertation
	// §9.6, prevote.go). On by default in etcd.
	PreVote bool

	// CheckQuorum has this server step down as a leader that no majority answers (§6.2), and ignore
	// candidates as a follower that hears its leader (§4.2.3); see checkquorum.go. On in etcd.
	CheckQuorum bool

	// ReadIndex lets Raft.ReadIndex work (§6.4, readindex.go). A leader begins its term with a
	// NoOp then. Goes well with CheckQuorum, without which the readers of a leader that is cut off
	// wait until it hears of another. Always on in etcd.
	ReadIndex bool

	// LeaseRead lets Raft.LeaseRead work (§6.4.1, lease.go), and implies CheckQuorum. All servers
	// of a cluster must have it, and the same ElectionTimeout and LeaseDriftBound. Not in etcd,
	// whose leases do not allow for drift.
	LeaseRead bool

	// LeaseDriftBound is what leases assume about clocks: none runs more than so many times as fast
	// as another, for as long as an election timeout. 1 would mean that clocks do not drift. The
	// greater it is the shorter are leases: ElectionTimeout/LeaseDriftBound, which has to be longer
	// than a HeartbeatInterval and a round trip, or there are gaps. Default 1.25, far more than the
	// clocks of real machines differ by.
	LeaseDriftBound float64

	// Transfer lets Raft.TransferLeadership work (§3.10, transfer.go). Always on in etcd.
	Transfer bool

	// Pipeline has this server as a leader send entries before earlier ones are answered (§10.2.2,
	// pipeline.go), and as a follower wait for appends that were overtaken (early.go). Always on in
	// etcd.
	Pipeline bool

	// MaxInflightMessages and MaxInflightBytes are the window of the pipeline: how many appends
	// with entries, and about how many bytes of them, may be on their way to a follower and not
	// confirmed. One append is always allowed. Defaults 64 and 2 MiB; etcd's server takes 512
	// (maxInflightMsgs) and no limit in bytes.
	MaxInflightMessages, MaxInflightBytes int

	// EagerCommit has this server as a leader tell followers at once of what is committed, where
	// somebody waits for it (eager.go). Always on in etcd, for all followers.
	EagerCommit bool

	// UncommittedLimit is about how many bytes of commands this server takes as a leader that are
	// not committed (uncommitted.go). 0, the default, is no limit. etcd's library has one
	// (MaxUncommittedEntriesSize), and its server does not set it.
	UncommittedLimit int

	// Disk has this server write beside its mutex, in order, and answer when what it says is
	// durable (§10.2.1, disk.go). etcd's leader sends while it writes; the rest is etcd's
	// AsyncStorageWrites, which its server does not use.
	Disk bool

	// Batch has commands that are proposed while a write is under way go into one write, and one
	// message (batch.go). Always so in etcd.
	Batch bool

	// ApplyRuns has the applier take all that may be applied at once (applyruns.go). Always so in
	// etcd.
	ApplyRuns bool

	// CatchUpEntries and CatchUpBytes say how many entries that the snapshot covers stay in memory:
	// as many of the newest as are within both (catchup.go). Default none; etcd's server keeps 5000
	// entries (DefaultSnapshotCatchUpEntries).
	CatchUpEntries, CatchUpBytes int

	// Now is this server's clock, for leases and for the memory of having heard from a leader.
	// Default time.Now. Timers are always package time's; see also Raft.DriftClock.
	Now func() time.Time
}

const (
	// maxEntries is the number of entries in an AppendEntries at most. A follower that is far
	// behind gets them one batch after the other, and a lost message does not cost the whole log.
	maxEntries = 256

	// maxBytes is how many bytes of entries are in an AppendEntries at most, or it is a single
	// entry. As in etcd's server (maxSizePerMsg).
	maxBytes = 1 << 20

	// defaultUncommitted is the UncommittedLimit of a server whose extension is switched on by
	// name.
	defaultUncommitted = 1 << 20

	// defaultCatchUpEntries and defaultCatchUpBytes are those of a server that is only told to keep
	// some: etcd's DefaultSnapshotCatchUpEntries, and a bound that etcd does not have.
	defaultCatchUpEntries, defaultCatchUpBytes = 5000, 4 << 20

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
	if c.LeaseDriftBound == 0 {
		c.LeaseDriftBound = 1.25
	}
	if c.MaxInflightMessages == 0 {
		c.MaxInflightMessages = 64
	}
	if c.MaxInflightBytes == 0 {
		c.MaxInflightBytes = 2 << 20
	}
	return c.withImplied()
}

// withImplied returns c with what its extensions need: leases count on voters that stick to their
// leader.
func (c Config) withImplied() Config {
	c.CheckQuorum = c.CheckQuorum || c.LeaseRead
	return c
}

// validate says what is wrong with c, as it was given: without its defaults.
func (c Config) validate() error {
	switch {
	case len(c.Peers) == 0:
		return errors.New("there are no Peers; give one end per server of the cluster, its own included")
	case c.Me < 0 || c.Me >= len(c.Peers):
		return fmt.Errorf("server %d is Me, and there are %d Peers, counted from 0", c.Me, len(c.Peers))
	case c.Persister == nil:
		return errors.New("there is no Persister; a first start takes raftapi.MakePersister()")
	case c.ApplyCh == nil:
		return errors.New("there is no ApplyCh; without it nobody learns what is committed")
	case c.ElectionTimeout < 0 || c.HeartbeatInterval < 0:
		return fmt.Errorf("an ElectionTimeout of %v and a HeartbeatInterval of %v; neither can be negative", c.ElectionTimeout, c.HeartbeatInterval)
	case c.ElectionTimeout > 0 && c.HeartbeatInterval >= c.ElectionTimeout:
		return fmt.Errorf("HeartbeatInterval is %v and ElectionTimeout %v: followers would depose a leader between two heartbeats", c.HeartbeatInterval, c.ElectionTimeout)
	case c.LeaseDriftBound != 0 && c.LeaseDriftBound < 1:
		return fmt.Errorf("LeaseDriftBound is %v: a bound below 1 would let leases outlast the promises they rest on; 1 means no drift", c.LeaseDriftBound)
	case c.MaxInflightMessages < 0 || c.MaxInflightBytes < 0:
		return fmt.Errorf("MaxInflightMessages is %d and MaxInflightBytes %d; a window has room for one message at least", c.MaxInflightMessages, c.MaxInflightBytes)
	case c.UncommittedLimit < 0:
		return fmt.Errorf("UncommittedLimit is %d bytes; 0 means none", c.UncommittedLimit)
	case c.CatchUpEntries < 0 || c.CatchUpBytes < 0:
		return fmt.Errorf("CatchUpEntries is %d and CatchUpBytes %d; neither can be negative", c.CatchUpEntries, c.CatchUpBytes)
	case (c.CatchUpEntries > 0) != (c.CatchUpBytes > 0):
		return fmt.Errorf("CatchUpEntries is %d and CatchUpBytes %d: what is kept is within both, so nothing would be; set both or none", c.CatchUpEntries, c.CatchUpBytes)
	}
	return nil
}
