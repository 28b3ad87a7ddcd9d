package raft

import (
	"fmt"
	"slices"
	"time"

	"raftlab/labgob"
	"raftlab/raftapi"
)

// What the extensions have in common: how they are switched on, what they all know, and the few
// places where the files of Figure 2 call them. Those files read the same without them.

func init() { labgob.Register(NoOp{}) }

// extensions is what a peer remembers besides Figure 2. Raft embeds it; mu guards it.
type extensions struct {
	clock clock

	// leaderId is the leader of currentTerm, or nobody if it is not known: at the start of a term,
	// while standing for election or asking for pre-votes, after stepping down.
	// leaderChanged is closed, and replaced, whenever leaderId changes; so whoever depends on a
	// leader learns at once that it is no more, and nobody needs a timeout for that.
	leaderId      int
	leaderChanged chan struct{}

	preVote preVoteRound // prevote.go
	heardAt time.Time    // checkquorum.go: when a leader was heard last, on this server's clock
	reads   readQueue    // readindex.go
	leave   leave        // transfer.go: what a transfer has to remember
	kept    keptEntries  // catchup.go: entries that the snapshot covers
	early   earlyAppends // early.go: requests that were overtaken by later ones
	disk    disk         // disk.go: writes on their way

	together together           // batch.go: commands that were proposed, and not yet taken
	run      []raftapi.ApplyMsg // applyruns.go: what the applier has taken, and not yet sent; its own

	uncommitted int // uncommitted.go: leader: bytes of commands of this term that are not committed
}

// Extend switches extensions on by their names, see [raftapi.Extendable]. Make and Extend together
// do what New does with the fields of [Config] set.
func (rf *Raft) Extend(names ...string) error {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	config := rf.config
	for _, name := range names {
		x, err := raftapi.ParseExtension(name)
		if err != nil {
			return fmt.Errorf("raft: %w", err)
		}
		config.switchOn(x)
	}
	if err := config.validate(); err != nil {
		return fmt.Errorf("raft: %q: %w", names, err)
	}
	rf.config = config.withImplied()
	rf.beginWrites()
	return nil
}

// HasExtension implements [raftapi.Extensible]: this peer has them all.
func (rf *Raft) HasExtension(name string) bool { return slices.Contains(raftapi.Extensions, name) }

// switchOn switches one extension on.
func (c *Config) switchOn(x raftapi.Extension) {
	switch x.Name {
	case raftapi.PreVote:
		c.PreVote = true
	case raftapi.CheckQuorum:
		c.CheckQuorum = true
	case raftapi.ReadIndex:
		c.ReadIndex = true
	case raftapi.Lease:
		c.LeaseRead = true
		if drift := x.Parameter("drift", 0); drift > 0 {
			c.LeaseDriftBound = 1 + float64(drift)/100
		}
	case raftapi.Transfer:
		c.Transfer = true
	case raftapi.Pipeline:
		c.Pipeline = true
		c.MaxInflightMessages = x.Parameter("messages", c.MaxInflightMessages)
		c.MaxInflightBytes = x.Parameter("bytes", c.MaxInflightBytes)
	case raftapi.EagerCommit:
		c.EagerCommit = true
	case raftapi.UncommittedLimit:
		c.UncommittedLimit = x.Parameter("bytes", defaultUncommitted)
	case raftapi.Disk:
		c.Disk = true
	case raftapi.Batch:
		c.Batch = true
	case raftapi.ApplyRuns:
		c.ApplyRuns = true
	case raftapi.CatchUp:
		c.CatchUpEntries = x.Parameter("entries", defaultCatchUpEntries)
		c.CatchUpBytes = x.Parameter("bytes", defaultCatchUpBytes)
	}
}

// beginExtensions is the state after a start. A server that was there before may have told a
// leader, right before its crash, that it stands by it: it keeps that promise by taking its restart
// for the last time it was heard (lease.go says why it must).
func (rf *Raft) beginExtensions() {
	rf.clock = newClock(rf.config.Now)
	rf.leaderId = nobody
	rf.leaderChanged = make(chan struct{})
	rf.beginWrites()
	if rf.currentTerm > 0 {
		rf.heardAt = rf.clock.now()
	}
}

// setLeader notes who leads the current term, as far as this server knows, and tells
// everybody who counts on what was known before.
func (rf *Raft) setLeader(id int) {
	if rf.leaderId == id {
		return
	}
	if rf.leaderId == rf.me {
		rf.reads.drop()
	}
	rf.leaderId = id
	close(rf.leaderChanged)
	rf.leaderChanged = make(chan struct{})
}

// beginLeadership is what the extensions do when this server has won an election.
func (rf *Raft) beginLeadership() {
	rf.setLeader(rf.me)
	rf.uncommitted = 0 // rule 5 of uncommitted.go
	beginContacts(rf.followers, rf.clock.now())
	if rf.config.ReadIndex || rf.config.LeaseRead {
		rf.appendNoOp()
	}
	if rf.config.CheckQuorum {
		go rf.watchQuorum(rf.currentTerm)
	}
}

// NoOp is the command of an entry that holds none, see [raftapi.ApplyMsg]. A new leader appends one
// where reads depend on it (§8: "each leader commit a blank no-op entry into the log at the start
// of its term"): only with an entry of its own term does it learn what is committed (§5.4.2), and
// without any command to commit its readers would wait for ever.
type NoOp struct {
	Leader int // who appended it
}

func (rf *Raft) appendNoOp() {
	rf.log.append(LogEntry{Term: rf.currentTerm, Command: NoOp{Leader: rf.me}})
	rf.persistEntries(rf.log.lastIndex())
	rf.countOwn() // a cluster of one server commits here and now
}

// committedInOwnTerm says whether commitIndex is as new as any commitment before this leader's
// election: it may know less than its predecessors did until an entry of its own term is
// committed (§5.4.2, and §6.4 of the dissertation, step 1).
func (rf *Raft) committedInOwnTerm() bool {
	return rf.log.term(rf.commitIndex) == rf.currentTerm
}

// callStarts is called right before the leader calls a follower, and callAnswered with its result
// when the answer shows that the follower stands by this leader, in this term.
func (rf *Raft) callStarts(f *progress) callStart {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	f.carries = rf.reads.number
	return callStart{read: rf.reads.number, at: rf.clock.now()}
}

func (rf *Raft) callAnswered(f *progress, start callStart) {
	f.contact.answered(start, rf.clock.now())
	rf.answerReads()
}
