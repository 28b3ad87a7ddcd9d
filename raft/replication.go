package raft

import (
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

// runReplicator is the goroutine that keeps one follower's log up with the leader's, during one
// term: its replicator. It ends with the leadership, at the next heartbeat at the latest.
func (rf *Raft) runReplicator(f *progress) {
	heartbeat := time.NewTimer(rf.config.HeartbeatInterval)
	defer heartbeat.Stop()
	for rf.sendNext(f) {
		heartbeat.Reset(rf.config.HeartbeatInterval)
		select {
		case <-heartbeat.C:
		case <-f.wake:
		case <-rf.done:
			return
		}
	}
}

// sendNext sends the follower what it needs next, and says whether the leadership goes on.
func (rf *Raft) sendNext(f *progress) bool {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.state != leader || rf.currentTerm != f.term {
		return false
	}
	f.heeded()
	if rf.config.Pipeline {
		rf.sendPipelined(f)
		return true
	}
	if !f.mayCall() {
		return true
	}
	f.sent()
	if rf.underWay(f) {
		go rf.appendEntries(f, rf.heartbeatArgs(f), f.sendsBeat())
	} else if args, ok := rf.catchUpArgs(f); ok {
		go rf.appendEntries(f, args, rf.sendsEntries(f, args))
	} else if f.nextIndex <= rf.log.base {
		raftapi.Reached("follower behind the leader's log start")
		go rf.installSnapshot(f, rf.installSnapshotArgs(), rf.sendsSnapshot(f))
	} else {
		args := rf.appendEntriesArgs(f)
		go rf.appendEntries(f, args, rf.sendsEntries(f, args))
	}
	return true
}

// wakeReplicators has new entries sent to all followers, except to those that still owe an answer.
// They get the entries together with others after the answer, or with the next heartbeat.
func (rf *Raft) wakeReplicators() {
	for _, f := range rf.followers {
		if f.peer != rf.me && !f.awaiting {
			f.signal()
		}
	}
}

// answered notes that the follower answers, and has it sent more if there is more.
func (rf *Raft) answered(f *progress) {
	f.awaiting = rf.underWay(f)
	if !f.awaiting && f.lacks(rf.log.lastIndex()) {
		f.signal()
	}
	rf.confirmNext(f)
	rf.newsNext(f)
	rf.continueTransfer(f)
}

// appendEntriesArgs describes what the follower needs next: "If last log index >= nextIndex for a
// follower: send AppendEntries RPC with log entries starting at nextIndex" (Figure 2, Leaders).
func (rf *Raft) appendEntriesArgs(f *progress) *AppendEntriesArgs {
	prev := f.nextIndex - 1
	args := &AppendEntriesArgs{
		Term:         rf.currentTerm,
		LeaderId:     rf.me,
		PrevLogIndex: prev,
		PrevLogTerm:  rf.log.term(prev),
		Entries:      withinBytes(rf.log.slice(prev+1, maxEntries)),
		LeaderCommit: rf.commitIndex,
	}
	rf.probeBatch(args.Entries)
	f.tells(args)
	return args
}

// appendEntries makes one call and deals with its reply. Replies may come in any order, so each is
// judged by what was asked, which args tells, and not by what the leader would ask now.
func (rf *Raft) appendEntries(f *progress, args *AppendEntriesArgs, t ticket) {
	start := rf.callStarts(f)
	reply := &AppendEntriesReply{}
	ok := rf.peers[f.peer].Call("Raft.AppendEntries", args, reply)

	rf.mu.Lock()
	defer rf.mu.Unlock()
	f.returned()
	f.load.came(t, ok)
	if !ok {
		return // the next heartbeat tries again (§5.3: the leader retries indefinitely)
	}
	if !rf.replyCounts(leader, args.Term, reply.Term) {
		raftapi.Reached("reply from older term ignored")
		return
	}
	rf.callAnswered(f, start)
	if reply.Success {
		rf.learnMatch(f, args.PrevLogIndex+len(args.Entries))
	} else {
		rf.backUp(f, args, reply)
	}
	rf.answered(f)
}

// learnMatch notes that the follower's log agrees with the leader's up to index.
func (rf *Raft) learnMatch(f *progress, index int) {
	if !f.matched(index) {
		raftapi.Reached("reordered reply ignored")
		return
	}
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
func (rf *Raft) backUp(f *progress, args *AppendEntriesArgs, reply *AppendEntriesReply) {
	if !f.refusedNews(args.PrevLogIndex) {
		raftapi.Reached("reordered reply ignored")
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
	f.refused(next)
}

// advanceCommitIndex commits what a majority stores: "If there exists an N such that N >
// commitIndex, a majority of matchIndex[i] >= N, and log[N].term == currentTerm: set
// commitIndex = N" (Figure 2, Leaders). The last condition is the lesson of Figure 8: an entry of
// an older term may still be replaced although a majority stores it. It becomes committed with the
// first entry of the current term behind it (§5.4.2).
func (rf *Raft) advanceCommitIndex() {
	n := majorityMatch(rf.followers)
	if n <= rf.commitIndex {
		return
	}
	if rf.log.term(n) != rf.currentTerm {
		raftapi.Reached("older term not committed by counting")
		return
	}
	rf.probeCommitted()
	rf.countsCommitted(n)
	rf.commitIndex = n
	rf.letInParked()
	rf.spreadNews()
	rf.toApply.Signal()
}
