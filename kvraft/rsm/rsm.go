package rsm

import (
	"strings"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Config says how to build a replica. Fields without a default have to be set.
type Config[O, R any] struct {
	Servers   []*labrpc.ClientEnd // one end per replica; Servers[Me] is its own
	Me        int
	Persister *raftapi.Persister
	Make      raftapi.MakeFunc // makes the Raft peer
	Machine   Machine[O, R]    // in its first state

	// Codec writes operations into the log. Default GobCodec.
	Codec Codec[O]

	// MaxRaftState is how many bytes the peer's persisted state may have, beside its snapshot. A
	// snapshot is taken when three quarters are reached. What is not yet applied cannot be
	// dropped, so a burst of large commands may pass it for a moment. 0 or less: no limit.
	MaxRaftState int

	// Extensions of the peer that are switched on; see raftapi.Extendable.
	Extensions []string

	// CatchUp has the peer keep entries in memory after a snapshot, if it can: at most
	// catchUpEntries, and catchUpBytes.
	CatchUp bool

	// MaxSessions bounds the session table; see sessions.go. Default 10,000.
	MaxSessions int

	// MaxBehind is how many entries may be committed and not yet applied before the replica refuses
	// requests. Default 5000, as etcd's maxGapBetweenApplyAndCommitIndex (etcdserver/v3_server.go).
	MaxBehind int

	// Patience is how long a request waits at most. The answer usually comes much earlier,
	// also when leadership is lost; but a leader that is cut off need not know for a long time
	// that it leads nobody, and its clients shall try elsewhere. Default 2 s.
	Patience time.Duration
}

const (
	// catchUpEntries is etcd's DefaultSnapshotCatchUpEntries (etcdserver/server.go).
	catchUpEntries = 5000
	catchUpBytes   = 4 << 20

	// watchInterval is the time between two looks at the peer's state, while requests wait.
	// raftapi.Raft has no way to tell of a change by itself.
	watchInterval = 10 * time.Millisecond
)

// RSM is a replica: one of several copies of a state machine, kept the same by Raft. See the
// package's documentation. All methods are safe for concurrent use.
type RSM[O, R any] struct {
	config  Config[O, R]
	raft    raftapi.Raft
	applyCh chan raftapi.ApplyMsg
	done    chan struct{} // closed by Kill
	watch   chan struct{} // holds a token when somebody began to wait
	rounds  *rounds       // shares ReadIndex requests
	own     ownTerm       // what the leader has committed by itself
	on      switches

	together gathering[O, R] // shares entries (batch.go); its parts are guarded by mu

	// mu guards everything below. It is never held across a call of the peer, so a peer
	// that blocks in Start (on a disk, perhaps) does not hold up reads.
	mu      sync.Mutex
	state   state[O, R] // changed by the applier only, which may therefore read it without mu
	waiters *waiters[R]
	readers readers
	known   int // an index that is known to be committed
	killed  bool
}

// switches are the extensions of the peer that matter here, too.
type switches struct{ batches, runs, limited bool }

func switchesOf(extensions []string) switches {
	return switches{
		batches: raftapi.HasExtension(extensions, raftapi.Batch),
		runs:    raftapi.HasExtension(extensions, raftapi.ApplyRuns),
		limited: raftapi.HasExtension(extensions, raftapi.UncommittedLimit),
	}
}

// New restores a replica from what its persister holds, makes its Raft peer, and starts its
// goroutines. It does not block. It panics with a *kvapi.MissingExtension if the peer does not have
// one of the extensions asked for, and if the persister holds a broken snapshot.
func New[O, R any](config Config[O, R]) *RSM[O, R] {
	config = config.withDefaults()
	m := &RSM[O, R]{
		config:  config,
		applyCh: make(chan raftapi.ApplyMsg),
		done:    make(chan struct{}),
		watch:   make(chan struct{}, 1),
		state:   state[O, R]{machine: config.Machine, sessions: newSessions[R](config.MaxSessions)},
		waiters: newWaiters[R](),
		on:      switchesOf(config.Extensions),
	}
	if snapshot := config.Persister.ReadSnapshot(); len(snapshot) > 0 {
		// The peer sends only what comes after it.
		raftapi.Reached("service restarted from its snapshot")
		m.state.restore(snapshot)
	}
	m.together.wake = make(chan struct{}, 1)
	if m.on.runs {
		m.applyCh = make(chan raftapi.ApplyMsg, maxRun)
	}
	m.raft = config.Make(config.Servers, config.Me, config.Persister, m.applyCh)
	m.extend()
	m.rounds = newRounds(m.readIndexOfPeer)
	go m.runApplier()
	go m.runWatch()
	go m.rounds.run(m.done)
	if m.on.batches {
		go m.runGathering()
	}
	return m
}

func (c Config[O, R]) withDefaults() Config[O, R] {
	if c.Codec.Append == nil {
		c.Codec = GobCodec[O]()
	}
	if c.MaxSessions == 0 {
		c.MaxSessions = 10_000
	}
	if c.MaxBehind == 0 {
		c.MaxBehind = 5000
	}
	if c.Patience == 0 {
		c.Patience = 2 * time.Second
	}
	return c
}

// extend switches on what the peer is to do beyond the paper's Figure 2.
func (m *RSM[O, R]) extend() {
	extensions := m.config.Extensions
	keeper, keeps := m.raft.(raftapi.CatchUpKeeper)
	if m.config.CatchUp && raftapi.Offers(m.raft, raftapi.CatchUp) {
		extensions, keeps = raftapi.AddExtensions(extensions, raftapi.KeepEntries(catchUpEntries, catchUpBytes)), false
	}
	if missing := extendPeer(m.raft, extensions); missing != nil {
		m.raft.Kill()
		panic(missing)
	}
	if keeps && m.config.CatchUp {
		keeper.KeepCatchUp(catchUpEntries, catchUpBytes)
	}
}

// extendPeer switches extensions of a peer on, and checks that it has those that reads need.
func extendPeer(peer raftapi.Raft, names []string) *kvapi.MissingExtension {
	if len(names) == 0 {
		return nil
	}
	e, ok := peer.(raftapi.Extendable)
	if !ok {
		return &kvapi.MissingExtension{Extension: names[0], Write: "Extend, as raftapi.Extendable describes it"}
	}
	if err := e.Extend(names...); err != nil {
		return &kvapi.MissingExtension{Extension: strings.Join(names, ", "), Write: "what its Extend misses: " + err.Error(), Cause: err}
	}
	_, asks := peer.(raftapi.ReadIndexer)
	_, leases := peer.(raftapi.LeaseReader)
	switch {
	case raftapi.HasExtension(names, raftapi.ReadIndex) && !asks:
		return &kvapi.MissingExtension{Extension: raftapi.ReadIndex, Write: "ReadIndex, as raftapi.ReadIndexer describes it"}
	case raftapi.HasExtension(names, raftapi.Lease) && !leases:
		return &kvapi.MissingExtension{Extension: raftapi.Lease, Write: "LeaseRead, as raftapi.LeaseReader describes it"}
	}
	return nil
}

// Raft returns the peer.
func (m *RSM[O, R]) Raft() raftapi.Raft { return m.raft }

// Applied returns the index of the last entry that went into the state.
func (m *RSM[O, R]) Applied() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.applied
}

// Kill ends the replica and its peer. Requests that wait are answered with ErrUnknown at once; Kill
// does not wait for them, nor for the goroutines, which end soon.
func (m *RSM[O, R]) Kill() {
	if m.stop() {
		m.raft.Kill()
	}
}

// stop ends what is this replica's own. It returns false if that has happened before.
func (m *RSM[O, R]) stop() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.killed {
		return false
	}
	m.killed = true
	close(m.done) // ends the goroutines, and reads that wait
	if len(m.waiters.byID) > 0 {
		raftapi.Reached("killed while requests waited")
	}
	m.waiters.endAll(ErrUnknown)
	return true
}

// admit refuses a request if the replica is too far behind with applying. Serving it would make the
// client wait for long, and its repetitions would make the queue longer. Who wants the leader
// is told first whether this is the leader: there is no point in waiting for another one.
func (m *RSM[O, R]) admit(leaderOnly bool) error {
	if m.behind() <= m.config.MaxBehind {
		return nil
	}
	if leaderOnly {
		if _, leads := m.raft.GetState(); !leads {
			return ErrNotLeader
		}
	}
	raftapi.Reached("overload refused")
	return ErrTooManyRequests
}

// behind returns how many entries are known to be committed, and not applied here.
func (m *RSM[O, R]) behind() int {
	commit := 0
	if c, ok := m.raft.(raftapi.CommitIndexer); ok {
		commit = c.CommitIndex()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = max(m.known, commit)
	return m.known - m.state.applied
}
