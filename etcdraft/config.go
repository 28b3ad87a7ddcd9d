package etcdraft

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.etcd.io/raft/v3"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Config says how to build a peer. The zero value of an optional field means its default.
type Config struct {
	Peers     []*labrpc.ClientEnd   // one end per server of the cluster; Peers[Me] is not used
	Me        int                   // this peer's index in Peers
	Persister *raftapi.Persister    // what an earlier incarnation saved, or nothing
	ApplyCh   chan raftapi.ApplyMsg // where committed entries and snapshots go, in log order

	// Tick is the library's unit of time. Default 20 ms.
	Tick time.Duration
	// ElectionTicks is how long a follower waits at least for its leader; the library draws each
	// wait between it and twice that. Default 15: 300 to 580 ms, within the bounds of
	// docs/timing.md.
	ElectionTicks int
	// HeartbeatTicks is the time between heartbeats. Default 5: 100 ms.
	HeartbeatTicks int

	PreVote     bool // raft.Config.PreVote, dissertation §9.6
	CheckQuorum bool // raft.Config.CheckQuorum, §6.2 and §4.2.3

	// UnsafeLease is raft.ReadOnlyLeaseBased: ReadIndex on the leader answers without asking
	// anybody. It needs CheckQuorum. The name says what it is: the library's lease has no bound on
	// clock drift, and is not even safe with perfect clocks. A leader notices up to two election
	// timeouts late that it has lost its majority, while the others may elect another after one;
	// and nothing ends the lease before a leadership transfer (etcd-io/raft issue 166). It is here
	// to be compared and broken. The reference has the lease of the dissertation's §6.4.1.
	UnsafeLease bool

	// CatchUpEntries and CatchUpBytes say how many entries that the snapshot covers stay in memory:
	// as many of the newest as are within both. Default none; etcd's server keeps 5000 entries
	// (DefaultSnapshotCatchUpEntries).
	CatchUpEntries, CatchUpBytes int

	// MaxInflightMessages and MaxInflightBytes bound what is on its way to a follower
	// (raft.Config.MaxInflightMsgs, MaxInflightBytes). Defaults 512, as in etcd's server, and no
	// limit in bytes, which it does not set.
	MaxInflightMessages, MaxInflightBytes int

	// UncommittedLimit is raft.Config.MaxUncommittedEntriesSize. Default no limit, as in etcd's
	// server.
	UncommittedLimit int
}

func (c Config) withDefaults() Config {
	if c.Tick == 0 {
		c.Tick = 20 * time.Millisecond
	}
	if c.ElectionTicks == 0 {
		c.ElectionTicks = 15
	}
	if c.HeartbeatTicks == 0 {
		c.HeartbeatTicks = 5
	}
	if c.MaxInflightMessages == 0 {
		c.MaxInflightMessages = maxInflightMessages
	}
	return c
}

// The values of etcd's server (server/etcdserver/raft.go).
const (
	maxInflightMessages = 512     // MsgApps to a follower without an answer
	maxSizePerMessage   = 1 << 20 // bytes of entries in a MsgApp
)

// newNode creates the library's state machine over what is in store. applied is the index that the
// service has seen already; the library delivers what is committed behind it.
func (c Config) newNode(store raft.Storage, applied uint64) *raft.RawNode {
	reads := raft.ReadOnlySafe
	if c.UnsafeLease {
		reads = raft.ReadOnlyLeaseBased
	}
	node, err := raft.NewRawNode(&raft.Config{
		ID:              idOf(c.Me),
		ElectionTick:    c.ElectionTicks,
		HeartbeatTick:   c.HeartbeatTicks,
		Storage:         store,
		Applied:         applied, // else entries that the service has seen would be applied again
		MaxSizePerMsg:   maxSizePerMessage,
		MaxInflightMsgs: c.MaxInflightMessages,
		// 0 is no limit, here and below.
		MaxUncommittedEntriesSize: uint64(c.UncommittedLimit),
		MaxInflightBytes:          uint64(c.MaxInflightBytes),
		// Of what one Ready applies; the default would be MaxSizePerMsg, which etcd's server takes
		// too.
		MaxCommittedSizePerReady: math.MaxUint64,
		PreVote:                  c.PreVote,
		CheckQuorum:              c.CheckQuorum,
		ReadOnlyOption:           reads,
		Logger:                   quiet{},
		// Start is to say at which index the command will stand. For a proposal that a follower
		// passes on nobody could.
		DisableProposalForwarding: true,
	})
	if err != nil {
		panic(fmt.Sprintf("etcdraft: a configuration that the library refuses: %v", err))
	}
	return node
}

// idOf is the library's name for a peer. Its 0 (raft.None) means nobody, so ids begin at 1.
func idOf(peer int) uint64 { return uint64(peer) + 1 }

// peerOf is the inverse of idOf.
func peerOf(id uint64) int { return int(id) - 1 }

// Extend implements [raftapi.Extendable]. The library has no safe lease, so [raftapi.Lease] is
// refused; see Config.UnsafeLease.
func (p *Peer) Extend(names ...string) error {
	p.mu.Lock()
	config := p.config
	p.mu.Unlock()
	for _, name := range names {
		x, err := raftapi.ParseExtension(name)
		if err != nil {
			return fmt.Errorf("etcdraft: %w", err)
		}
		switch x.Name {
		case raftapi.PreVote:
			config.PreVote = true
		case raftapi.CheckQuorum:
			config.CheckQuorum = true
		case raftapi.ReadIndex, raftapi.Transfer:
			// Always there.
		case raftapi.EagerCommit:
			// Always there.
		case raftapi.Disk, raftapi.Batch, raftapi.ApplyRuns:
			// Always there, as far as etcd's server has it (loop.go): the leader sends while it
			// writes, what gathers meanwhile is one Ready, and what it has committed is handed on
			// together. AsyncStorageWrites goes further, and is not used here.
		case raftapi.UncommittedLimit:
			config.UncommittedLimit = x.Parameter("bytes", 1<<20)
		case raftapi.Pipeline:
			// Always there, too; these are the bounds of lab 2G.
			config.MaxInflightMessages, config.MaxInflightBytes = x.Parameter("messages", 64), x.Parameter("bytes", 2<<20)
		case raftapi.CatchUp:
			config.CatchUpEntries, config.CatchUpBytes = x.Parameter("entries", 5000), x.Parameter("bytes", 4<<20)
		case raftapi.Lease:
			return &raftapi.Unavailable{Extension: raftapi.Lease,
				Why: "go.etcd.io/raft has no lease with a bound on clock drift; use readindex (its own unsafe variant is etcdraft.Config.UnsafeLease)"}
		default:
			return fmt.Errorf("etcdraft knows no extension %q", name)
		}
	}
	// The library takes its configuration once, so it is started again over the same storage.
	// Between two turns of the loop there is nothing in it that storage does not hold.
	p.betweenTurns(func() {
		p.config = config
		p.node = config.newNode(p.store, p.applied)
	})
	return nil
}

// HasExtension implements [raftapi.Extensible].
func (p *Peer) HasExtension(name string) bool {
	return name != raftapi.Lease && slices.Contains(raftapi.Extensions, name)
}

// DriftClock makes this peer's clock run at rate: a second of its takes 1/rate seconds. The library
// has no clock of its own, it counts ticks.
func (p *Peer) DriftClock(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ticker.Reset(time.Duration(float64(p.config.Tick) / rate))
}

// quiet is a raft.Logger that drops everything but panics: the trace of a run tells more.
type quiet struct{}

func (quiet) Debug(...any)            {}
func (quiet) Debugf(string, ...any)   {}
func (quiet) Info(...any)             {}
func (quiet) Infof(string, ...any)    {}
func (quiet) Warning(...any)          {}
func (quiet) Warningf(string, ...any) {}
func (quiet) Error(...any)            {}
func (quiet) Errorf(string, ...any)   {}

func (quiet) Fatal(v ...any)                 { panic("go.etcd.io/raft: " + fmt.Sprint(v...)) }
func (quiet) Fatalf(format string, v ...any) { panic("go.etcd.io/raft: " + fmt.Sprintf(format, v...)) }
func (quiet) Panic(v ...any)                 { panic("go.etcd.io/raft: " + fmt.Sprint(v...)) }
func (quiet) Panicf(format string, v ...any) { panic("go.etcd.io/raft: " + fmt.Sprintf(format, v...)) }
