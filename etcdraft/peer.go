package etcdraft

import (
	"sync"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Peer is one peer of a cluster whose Raft is etcd's.
type Peer struct {
	me        int
	ends      []*labrpc.ClientEnd
	persister *raftapi.Persister
	applyCh   chan raftapi.ApplyMsg
	store     *raft.MemoryStorage // the log as the library reads it; has a lock of its own
	ticker    *time.Ticker

	done     chan struct{} // closed by Kill
	work     chan struct{} // holds one token if the loop may find something to do
	requests chan request  // work to do between two turns of the loop
	disk     record        // the header to be written next; the loop's alone

	// mu guards everything below, and the library's node, which takes one call at a time. It is
	// never held across an RPC, a write to the persister, or a send on applyCh.
	mu      sync.Mutex
	config  Config
	node    *raft.RawNode
	index   indices // of all entries that the loop has seen
	applied uint64  // raft index through which everything is in queue, or was
	killed  bool

	// What other goroutines are told: the state as of the last turn, which is on stable storage.
	// Until then a term or a vote does not exist.
	term    int
	lead    uint64 // raft.None: not known
	leads   bool
	commit  uint64
	changed chan struct{} // closed and made anew when term or lead changes

	// A leader promises indices of its own term: startTerm is the newest term in which the loop has
	// seen this peer lead, and promised the command index of the last command in its log.
	startTerm uint64
	promised  int

	callers []caller           // RPCs whose answers are to leave with the next turn
	queue   []raftapi.ApplyMsg // for the applier
	toApply *sync.Cond         // on mu; signalled when queue grows, and by Kill
	reads   reads
}

// Make creates a peer in the form that the labs expect; see [raftapi.MakeFunc].
func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Peer {
	return New(Config{Peers: peers, Me: me, Persister: persister, ApplyCh: applyCh})
}

// New creates a peer from what its persister holds, and starts its goroutines. It does not block.
// It panics if the persister holds something that this package has not written.
//
// A restarted service reads its snapshot from the persister, and gets what was committed behind it
// at once: unlike Figure 2, the library remembers commitIndex.
func New(config Config) *Peer {
	config = config.withDefaults()
	p := &Peer{
		me:        config.Me,
		ends:      config.Peers,
		persister: config.Persister,
		applyCh:   config.ApplyCh,
		store:     raft.NewMemoryStorage(),
		ticker:    time.NewTicker(config.Tick),
		done:      make(chan struct{}),
		work:      make(chan struct{}, 1),
		requests:  make(chan request),
		config:    config,
		changed:   make(chan struct{}),
	}
	p.toApply = sync.NewCond(&p.mu)
	p.reads.init()
	p.restore()
	p.node = config.newNode(p.store, p.applied)
	go p.run()
	go p.runApplier()
	return p
}

// Start implements [raftapi.Raft]. It does not wait, not even for this peer's own disk: the loop
// writes and sends in one go what came in since its last turn.
func (p *Peer) Start(command any) (index, term int, isLeader bool) {
	data := encodeCommand(command)
	p.mu.Lock()
	defer p.mu.Unlock()
	status := p.node.BasicStatus()
	// The index of a proposal is not among the library's answers. It is known all the same: a
	// leader's log grows by its own proposals only, once the loop has counted what was in it at the
	// beginning of the term.
	if p.killed || status.RaftState != raft.StateLeader || status.GetTerm() != p.startTerm {
		return -1, p.term, false
	}
	if p.node.Propose(data) != nil {
		return -1, p.term, false // raft.ErrProposalDropped: leadership is being handed over
	}
	p.promised++
	p.wake()
	return p.promised, int(p.startTerm), true
}

// GetState implements [raftapi.Raft].
func (p *Peer) GetState() (term int, isLeader bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.term, p.leads
}

// CommitIndex implements [raftapi.CommitIndexer].
func (p *Peer) CommitIndex() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.index.through(p.commit)
}

// Kill implements [raftapi.Raft]. The library's node has no goroutine that would have to be
// stopped.
func (p *Peer) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return
	}
	p.killed = true
	p.leads = false
	p.ticker.Stop()
	close(p.done)
	p.toApply.Broadcast()
}

// TransferLeadership implements [raftapi.LeadershipTransferrer] (dissertation §3.10).
func (p *Peer) TransferLeadership(to int) bool {
	p.mu.Lock()
	if !p.leads || p.killed || to == p.me || to < 0 || to >= len(p.ends) {
		p.mu.Unlock()
		return false
	}
	term := p.term
	p.node.TransferLeader(idOf(to))
	p.wake()
	// The library gives up after an election timeout, and the new leader has then still to be
	// heard.
	limit := time.NewTimer(2 * time.Duration(p.config.ElectionTicks) * p.config.Tick)
	defer limit.Stop()
	for {
		changed := p.changed
		if p.lead == idOf(to) && p.term > term {
			p.mu.Unlock()
			return true
		}
		p.mu.Unlock()
		select {
		case <-changed:
		case <-limit.C:
			return false
		case <-p.done:
			return false
		}
		p.mu.Lock()
	}
}

// noteState publishes the state that a turn has stored, and ends what depended on the old one.
// The caller holds mu.
func (p *Peer) noteState(hard *pb.HardState, soft raft.SoftState) {
	p.commit = hard.GetCommit()
	term, leads := int(hard.GetTerm()), soft.RaftState == raft.StateLeader && !p.killed
	if term == p.term && soft.Lead == p.lead && leads == p.leads {
		return
	}
	p.term, p.lead, p.leads = term, soft.Lead, leads
	close(p.changed)
	p.changed = make(chan struct{})
	p.failReads() // the library has dropped them without a word
}
