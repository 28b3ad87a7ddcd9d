package raft

import (
	"fmt"
	"sync"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// serverState is one of the three states of a server (Figure 4).
type serverState int

const (
	follower serverState = iota
	candidate
	leader
)

// Raft is one peer. Its fields have the names of Figure 2.
type Raft struct {
	config    Config
	peers     []*labrpc.ClientEnd
	me        int
	persister *raftapi.Persister
	applyCh   chan raftapi.ApplyMsg
	done      chan struct{} // closed by Kill

	// mu guards everything below. It is never held across an RPC, a send that may block, or a
	// sleep; what needs those takes a copy under mu, lets go, and checks afterwards
	// whether the world is still the same.
	mu sync.Mutex

	// Persistent state, on stable storage before anybody outside can know of it (persist.go).
	currentTerm int      // latest term this server has seen; never goes back
	votedFor    int      // candidate that got this server's vote in currentTerm, or nobody
	log         entryLog // from index 1 on
	snapshot    []byte   // the service's state up to log.base; never changed in place
	spare       spare    // arrays for the next entries that are stored

	// Volatile state.
	//
	//	log.base <= commitIndex <= log.lastIndex()
	//	lastApplied <= commitIndex
	//
	// Neither of the two goes back. lastApplied < log.base means that the service needs the
	// snapshot next.
	state       serverState
	commitIndex int // highest entry known to be committed
	lastApplied int // highest entry handed to the service, or on its way there

	electionDeadline time.Time   // a follower or candidate that hears nothing until then starts an election
	electionTimer    *time.Timer // goes off at electionDeadline; stopped while this server leads
	votes            int         // candidate: votes received in currentTerm, its own included
	toApply          *sync.Cond  // on mu; signalled when commitIndex or log.base moves, and by Kill
	killed           bool

	// Volatile state of a leader, made anew after each election: what it knows of each server,
	// itself included. nextIndex and matchIndex are there (progress.go).
	followers []*progress

	extensions // what goes beyond Figure 2 (extensions.go)
}

// nobody is the value of votedFor before a vote.
const nobody = -1

// Make creates a peer as Figure 2 and §7 of the paper describe it, in the form that the labs
// expect; see [raftapi.MakeFunc].
func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Raft {
	return New(Config{Peers: peers, Me: me, Persister: persister, ApplyCh: applyCh})
}

// New creates a peer from what its persister holds, and starts its goroutines. It does not block.
// It panics if config cannot work, and if the persister holds something that this package has not
// written.
//
// After a restart the service is expected to read its snapshot from the persister; the
// first entry sent on ApplyCh is the one behind it.
func New(config Config) *Raft {
	if err := config.validate(); err != nil {
		panic(fmt.Sprintf("raft: cannot make peer %d: %v", config.Me, err))
	}
	rf := restore(config)
	go rf.runElectionTimer()
	go rf.runApplier()
	return rf
}

// restore creates a peer without its goroutines: a follower with what its persister holds.
func restore(config Config) *Raft {
	config = config.withDefaults()
	rf := &Raft{
		config:        config,
		peers:         config.Peers,
		me:            config.Me,
		persister:     config.Persister,
		applyCh:       config.ApplyCh,
		done:          make(chan struct{}),
		votedFor:      nobody,
		electionTimer: time.NewTimer(config.ElectionTimeout), // set right below
	}
	rf.toApply = sync.NewCond(&rf.mu)
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.readPersist()
	rf.commitIndex = rf.log.base // what is in a snapshot was committed and applied
	rf.lastApplied = rf.log.base
	rf.beginExtensions()
	rf.resetElectionTimer()
	return rf
}

// Start hands a command to the leader; see [raftapi.Raft]. It returns once the command is on this
// server's stable storage, or on its way there (Config.Disk), and does not wait for any other
// server.
func (rf *Raft) Start(command any) (index, term int, isLeader bool) {
	p := rf.together.join(command)
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if p != nil {
		rf.takeTogether()
		return p.index, p.term, p.taken
	}
	if !rf.takes(command) {
		return -1, rf.currentTerm, false
	}
	// "If command received from client: append entry to local log, respond after entry applied to
	// state machine" (Figure 2, Leaders); the service waits for the latter on its apply channel.
	rf.log.append(LogEntry{Term: rf.currentTerm, Command: command})
	index = rf.log.lastIndex()
	rf.persistEntries(index)
	rf.countOwn() // a cluster of one server commits here and now
	rf.wakeReplicators()
	return index, rf.currentTerm, true
}

// takes says whether this server takes a command: as the leader, unless an extension has a reason.
func (rf *Raft) takes(command any) bool {
	if rf.state != leader {
		return false
	}
	if rf.handingOver() {
		raftapi.Reached("command refused during a transfer")
		return false
	}
	if !rf.takesMore(command) {
		raftapi.Reached("command refused: too much uncommitted")
		return false
	}
	return true
}

// GetState returns the current term, and whether this server believes that it leads it.
func (rf *Raft) GetState() (term int, isLeader bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.currentTerm, rf.state == leader
}

// CommitIndex implements [raftapi.CommitIndexer].
func (rf *Raft) CommitIndex() int {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.commitIndex
}

// Kill ends the goroutines of this peer. It does not wait for them, but none of them waits for
// anything that Kill does not end, except for calls that the network has not returned yet.
func (rf *Raft) Kill() {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.killed {
		return
	}
	rf.killed = true
	rf.state = follower // votes and replies that still come in find nothing to do
	rf.electionTimer.Stop()
	close(rf.done)         // ends the election timer, replicators, and an applier in a send
	rf.toApply.Broadcast() // ends an applier in a wait
}

// replyCounts says whether the reply to a request sent in term is of use: this server must
// still be in that term and in that state. A reply may be as late as it likes; by then this
// server may have led, lost and won again. Every reply goes through here, because a newer term
// in it ends whatever this server was doing.
func (rf *Raft) replyCounts(state serverState, term, replyTerm int) bool {
	if replyTerm > rf.currentTerm {
		rf.becomeFollower(replyTerm) // §5.1
	}
	return rf.state == state && rf.currentTerm == term
}

// becomeFollower moves to term, which is the current one or newer, and follows (§5.1: "if one
// server's current term is smaller than the other's, then it updates its current term to the
// larger value. If a candidate or leader discovers that its term is out of date, it
// immediately reverts to follower state").
func (rf *Raft) becomeFollower(term int) {
	if rf.state == leader {
		raftapi.Reached("leader stepped down on higher term")
		rf.resetElectionTimer() // a leader has none running
	}
	rf.state = follower
	if term > rf.currentTerm {
		rf.currentTerm = term
		rf.votedFor = nobody
		rf.persistHeader()
		rf.setLeader(nobody)
	}
}
