package raftapi

import (
	"errors"
	"time"
)

// The extensions of a peer, by name. Each is off unless [Extendable] or the peer's own constructor
// switches it on.
const (
	PreVote     = "prevote"     // dissertation §9.6: ask before raising the term
	CheckQuorum = "checkquorum" // §6.2: a leader that hears from no majority steps down; §4.2.3: stickiness
	ReadIndex   = "readindex"   // §6.4: linearizable reads without log entries
	Lease       = "lease"       // §6.4.1: linearizable reads without messages, given bounded clock drift
	Transfer    = "transfer"    // §3.10: leadership transfer
	Pipeline    = "pipeline"    // §10.2.2: entries are sent before earlier ones are answered
	EagerCommit = "eagercommit" // etcd: followers where somebody waits hear at once of what is committed

	UncommittedLimit = "uncommittedlimit" // etcd: a leader takes only so much that it cannot commit

	Disk      = "disk"      // §10.2.1, etcd: writes beside the mutex; what is said is durable by then
	Batch     = "batch"     // §10.2.2: what is proposed meanwhile is one write and one message; in services, one entry
	ApplyRuns = "applyruns" // etcd: entries are applied in runs, under one lock
	CatchUp   = "catchup"   // etcd: entries that the snapshot covers stay in memory for those who are nearly there
)

// Extensions lists them all.
var Extensions = []string{
	PreVote, CheckQuorum, ReadIndex, Lease, Transfer, Pipeline, EagerCommit, UncommittedLimit, Disk, Batch, ApplyRuns,
	CatchUp,
}

// Extendable is a peer whose extensions can be switched on by name.
type Extendable interface {
	// Extend switches extensions on. Some have parameters, as [ParseExtension] reads them. It is
	// called at most once, right after Make and before any other peer can reach this one. The error
	// names an extension that the peer does not have, or says what is wrong with a parameter.
	Extend(names ...string) error
}

// Why a [Proposer] does not take a command.
var (
	// ErrNotLeader: the peer does not lead, or is handing its leadership over.
	ErrNotLeader = errors.New("not the leader")
	// ErrUncommitted: the peer leads, and too much of what it has taken is not committed. Another
	// server cannot do better.
	ErrUncommitted = errors.New("too much that is not committed")
)

// Proposer is a peer that says why it does not take a command.
type Proposer interface {
	// Propose is [Raft.Start], but for its last result: nil, [ErrNotLeader], or [ErrUncommitted]
	// from a peer with the extension [UncommittedLimit].
	Propose(command any) (index, term int, err error)
}

// ReadIndexer is a peer with the extension [ReadIndex].
type ReadIndexer interface {
	// ReadIndex returns an index such that a service which has applied everything up to it has seen
	// every operation that was complete before the call (Ongaro's dissertation, §6.4). It blocks
	// for about one round of heartbeats. ok is false if that could not be confirmed: no leader is
	// known, the leader changed meanwhile, a message was lost, or the peer was killed; the caller
	// tries again, here or elsewhere.
	//
	// Any peer can be asked. One that does not lead asks its leader.
	ReadIndex() (index int, ok bool)
}

// LeaseReader is a peer with the extension [Lease].
type LeaseReader interface {
	// LeaseRead is ReadIndex without messages and without blocking: it answers from the leader's
	// lease (dissertation §6.4.1). ok is false without a valid lease.
	LeaseRead() (index int, ok bool)
}

// LeadershipTransferrer is a peer with the extension [Transfer].
type LeadershipTransferrer interface {
	// TransferLeadership asks the leader to hand its leadership to peer to (dissertation §3.10). It
	// blocks until the other peer leads a newer term, or for about an election timeout, and says
	// whether the leadership was handed over. false on a peer that does not lead.
	TransferLeadership(to int) bool
}

// CommitIndexer is a peer that tells how far its log is known to be committed. A service compares
// that with what it has applied, and refuses requests while it is too far behind.
type CommitIndexer interface {
	// CommitIndex returns the commitIndex of Figure 2: the highest index known to be committed, 0
	// at first. It does not block.
	CommitIndex() int
}

// CatchUpKeeper is a peer that can keep entries in memory which its snapshot covers already, so
// that a follower which is only slightly behind gets entries and not the whole snapshot (etcd's
// SnapshotCatchUpEntries).
//
// Deprecated: it is the extension [CatchUp] of an [Extensible] peer now. Peers that have only this
// method are still asked by it.
type CatchUpKeeper interface {
	// KeepCatchUp says how much to keep behind each later snapshot: as many of the newest
	// entries as stay within both limits; bytes are those of the encoded entries. What is persisted
	// does not grow by it, and a restarted peer has none. 0 entries, the default, keeps nothing.
	// It is called once, right after Make.
	KeepCatchUp(entries, bytes int)
}

// ClockDrifter is a peer whose clock a test can have run at another rate than the real one, to see
// what leases make of it.
type ClockDrifter interface {
	// DriftClock lets the peer's clock go on at rate times the real time: 1.1 is fast by 10%. It
	// concerns all durations by which the peer makes or keeps promises: election timeouts, how long
	// it stands by a leader, leases. A restarted peer begins at rate 1.
	DriftClock(rate float64)
}

// LeaderTeller is a peer that tells which peer it takes for the leader, so that a service need not
// ask them all.
type LeaderTeller interface {
	// Leader returns the index of the leader among the peers. It is a hint, which may be old; known
	// is false if there is none, during an election for example. It does not block.
	Leader() (peer int, known bool)
}

// Timed is a peer whose timing can be set. The labs' bounds suit a simulated network; a busy
// machine with a real disk needs more.
type Timed interface {
	// SetTiming sets the interval of heartbeats, and the least time that a follower waits for its
	// leader; it draws each wait between that and twice as much. It is called at most once, right
	// after Make. The error says what is wrong with the two, and nothing has changed then.
	SetTiming(heartbeat, election time.Duration) error
}
