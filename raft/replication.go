package raft

import (
	"slices"
	"time"

	"raftlab/raftapi"
)

// Log replication, the leader's side (§5.3); the follower's is in append.go.
//
// One goroutine per follower, for one term of leadership, decides when the follower gets a message:
// at once when there is something new, and at every heartbeat interval otherwise.
// It never waits for an answer. Each call has a goroutine of its own, which deals with the reply:
//
//	replicator   --+--heartbeat--+--Start--+--------+--heartbeat--+--->
//	                \             \         \        ^             \
//	calls            \--> reply    \--> ... seconds, and then lost  \--> reply
//	                                         \-> reply: more to send
//
// So a call into the void does not hold up the next one, and commands that come in while
// a call is on its way travel together in the next one.

// replicator keeps one follower's log up with the leader's, during one term. Its mutable fields are
// guarded by Raft.mu.
type replicator struct {
	peer int
	term int
	wake chan struct{} // holds a token when there is something to send now

	awaiting bool // the latest request has not been answered; new entries wait until it is
	inFlight int  // calls that have not returned
	carries  int  // number of the latest read that the latest call confirms (readindex.go)
}

func newReplicator(peer, term int) *replicator {
	return &replicator{peer: peer, term: term, wake: make(chan struct{}, 1)}
}

// signal wakes the replicator's goroutine. It never blocks: a token that is there already will do.
func (r *replicator) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// runReplicator is the goroutine of a replicator. It ends with the leadership, at the next
// heartbeat at the latest.
func (rf *Raft) runReplicator(r *replicator) {
	heartbeat := time.NewTimer(rf.config.HeartbeatInterval)
	defer heartbeat.Stop()
	for rf.sendNext(r) {
		heartbeat.Reset(rf.config.HeartbeatInterval)
		select {
		case <-heartbeat.C:
		case <-r.wake:
		case <-rf.done:
			return
		}
	}
}

// sendNext sends the follower what it needs next, and says whether the leadership goes on.
func (rf *Raft) sendNext(r *replicator) bool {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.state != leader || rf.currentTerm != r.term {
		return false
	}
	if r.inFlight >= maxInFlight {
		return true
	}
	r.inFlight++
	r.awaiting = true
	if args, ok := rf.catchUpArgs(r.peer); ok {
		go rf.appendEntries(r, args)
	} else if rf.nextIndex[r.peer] <= rf.log.base {
		raftapi.Reached("follower behind the leader's log start")
		go rf.installSnapshot(r, rf.installSnapshotArgs())
	} else {
		go rf.appendEntries(r, rf.appendEntriesArgs(r.peer))
	}
	return true
}

// wakeReplicators has new entries sent to all followers, except to those that still owe an answer.
// They get the entries together with others after the answer, or with the next heartbeat.
func (rf *Raft) wakeReplicators() {
	for _, r := range rf.replicators {
		if r != nil && !r.awaiting {
			r.signal()
		}
	}
}

// answered notes that the follower answers, and has it sent more if there is more.
func (rf *Raft) answered(r *replicator) {
	r.awaiting = false
	if rf.nextIndex[r.peer] <= rf.log.lastIndex() {
		r.signal()
	}
	rf.confirmNext(r)
	rf.continueTransfer(r.peer)
}

// appendEntriesArgs describes what the follower needs next: "If last log index >= nextIndex for a
// follower: send AppendEntries RPC with log entries starting at nextIndex" (Figure 2, Leaders).
func (rf *Raft) appendEntriesArgs(peer int) *AppendEntriesArgs {
	prev := rf.nextIndex[peer] - 1
	args := &AppendEntriesArgs{
		Term:         rf.currentTerm,
		LeaderId:     rf.me,
		PrevLogIndex: prev,
		PrevLogTerm:  rf.log.term(prev),
		Entries:      rf.log.slice(prev+1, maxEntries),
		LeaderCommit: rf.commitIndex,
	}
	if len(args.Entries) > 1 {
		raftapi.Reached("several entries in one append")
	}
	return args
}

// appendEntries makes one call and deals with its reply. Replies may come in any order, so each is
// judged by what was asked, which args tells, and not by what the leader would ask now.
func (rf *Raft) appendEntries(r *replicator, args *AppendEntriesArgs) {
	start := rf.callStarts(r)
	reply := &AppendEntriesReply{}
	ok := rf.peers[r.peer].Call("Raft.AppendEntries", args, reply)

	rf.mu.Lock()
	defer rf.mu.Unlock()
	r.inFlight--
	if !ok {
		return // the next heartbeat tries again (§5.3: the leader retries indefinitely)
	}
	if !rf.replyCounts(leader, args.Term, reply.Term) {
		raftapi.Reached("reply from older term ignored")
		return
	}
	rf.callAnswered(r, start)
	if reply.Success {
		rf.learnMatch(r.peer, args.PrevLogIndex+len(args.Entries))
	} else {
		rf.backUp(r.peer, args, reply)
	}
	rf.answered(r)
}

// learnMatch notes that the follower's log agrees with the leader's up to index.
func (rf *Raft) learnMatch(peer, index int) {
	if index < rf.matchIndex[peer] {
		// An older request was answered later. What was true then still is: matchIndex stays.
		raftapi.Reached("reordered reply ignored")
		return
	}
	rf.matchIndex[peer] = index
	rf.nextIndex[peer] = max(rf.nextIndex[peer], index+1)
	rf.advanceCommitIndex()
}

// backUp moves nextIndex back after the follower has refused an AppendEntries, by a whole term
// (end of §5.3):
//
//	index         1 2 3 4 5 6
//	leader        1 1 1 4 4 4    asked with prevLogIndex 6, prevLogTerm 4
//	follower  a   1 1 1          too short: conflictIndex 4; ask with nextIndex 4
//	follower  b   1 1 1 2 2 2    conflictTerm 2, which the leader lacks: skip all of it, to its first index
//	follower  c   1 1 1 1 1 1    conflictTerm 1, which the leader has: go to the end of its own term 1
func (rf *Raft) backUp(peer int, args *AppendEntriesArgs, reply *AppendEntriesReply) {
	if args.PrevLogIndex != rf.nextIndex[peer]-1 || args.PrevLogIndex <= rf.matchIndex[peer] {
		raftapi.Reached("reordered reply ignored") // nextIndex has moved since the request was sent
		return
	}
	next := reply.ConflictIndex
	if reply.ConflictTerm == 0 {
		raftapi.Reached("backed up to follower's end")
	} else if last, ok := rf.log.lastOfTermBefore(args.PrevLogIndex, reply.ConflictTerm); ok {
		raftapi.Reached("backed up by conflict term")
		next = last + 1
	} else {
		raftapi.Reached("backed up over missing term")
	}
	rf.nextIndex[peer] = max(next, rf.matchIndex[peer]+1)
}

// advanceCommitIndex commits what a majority stores: "If there exists an N such that N >
// commitIndex, a majority of matchIndex[i] >= N, and log[N].term == currentTerm: set
// commitIndex = N" (Figure 2, Leaders). The last condition is the lesson of Figure 8: an entry of
// an older term may still be replaced although a majority stores it. It becomes committed with the
// first entry of the current term behind it (§5.4.2).
func (rf *Raft) advanceCommitIndex() {
	sorted := slices.Sorted(slices.Values(rf.matchIndex))
	n := sorted[(len(sorted)-1)/2] // a majority is at least here
	if n <= rf.commitIndex {
		return
	}
	if rf.log.term(n) != rf.currentTerm {
		raftapi.Reached("older term not committed by counting")
		return
	}
	if rf.log.term(rf.commitIndex+1) != rf.currentTerm {
		raftapi.Reached("older term committed with the current one")
	}
	rf.commitIndex = n
	rf.letInParked()
	rf.toApply.Signal()
}
