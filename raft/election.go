package raft

import (
	"math/rand/v2"
	"time"

	"raftlab/raftapi"
)

// Leader election (§5.2) and its restriction (§5.4.1).

// runElectionTimer is the goroutine that starts elections.
func (rf *Raft) runElectionTimer() {
	for {
		select {
		case <-rf.done:
			return
		case <-rf.electionTimer.C:
			rf.onElectionTimeout()
		}
	}
}

// resetElectionTimer draws a new timeout (§5.2: "election timeouts are chosen randomly from a fixed
// interval" so that "in most cases only a single server will time out"). A follower or
// candidate does so on exactly three events (Figure 2, Followers and Candidates): it hears from the
// current leader, it grants a vote, it starts an election. A refused vote or a deposed leader's
// request must not reset it, or a server that cannot win could keep all others from trying.
func (rf *Raft) resetElectionTimer() {
	timeout := rf.config.ElectionTimeout + rand.N(rf.config.ElectionTimeout)
	timeout = rf.clock.real(timeout)
	rf.electionDeadline = time.Now().Add(timeout)
	if !rf.killed {
		rf.electionTimer.Reset(timeout)
	}
}

// onElectionTimeout starts an election, unless the timer was reset since it went off.
func (rf *Raft) onElectionTimeout() {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.killed || rf.state == leader || time.Now().Before(rf.electionDeadline) {
		return
	}
	if rf.config.PreVote {
		rf.startPreVote()
		return
	}
	rf.probeTimeout()
	rf.startElection()
}

// startElection does what Figure 2 says under "Candidates". The requests go out in parallel; the
// goroutines that carry them count the votes as they come in.
func (rf *Raft) startElection() {
	rf.state = candidate
	rf.currentTerm++
	rf.setLeader(nobody)
	rf.votedFor = rf.me
	rf.votes = 1
	rf.persistHeader() // before anybody is asked: a crash must not free the vote again
	rf.resetElectionTimer()

	args := &RequestVoteArgs{
		Term:         rf.currentTerm,
		CandidateId:  rf.me,
		LastLogIndex: rf.log.lastIndex(),
		LastLogTerm:  rf.log.lastTerm(),
	}
	rf.onceTermStored(func() { rf.requestVotes(args) })
}

// requestVotes asks everybody for the vote.
func (rf *Raft) requestVotes(args *RequestVoteArgs) {
	if rf.state != candidate || rf.currentTerm != args.Term {
		return // the term has passed before it was stored (disk.go)
	}
	for peer := range rf.peers {
		if peer != rf.me {
			go rf.requestVote(peer, args)
		}
	}
	rf.maybeWin() // a cluster of one server
}

// requestVote asks peer for its vote and counts it. A lost request is not repeated: the next
// election is soon enough.
func (rf *Raft) requestVote(peer int, args *RequestVoteArgs) {
	reply := &RequestVoteReply{}
	if !rf.peers[peer].Call(rf.voteMethod(args.Term), args, reply) {
		return
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if !rf.replyCounts(candidate, args.Term, reply.Term) {
		raftapi.Reached("late vote ignored")
		return
	}
	if reply.VoteGranted {
		rf.votes++
		rf.maybeWin()
	}
}

// maybeWin makes the candidate a leader once a majority has voted for it. Each server votes at most
// once in a term, so that at most one candidate gets there (§5.2, Election Safety).
func (rf *Raft) maybeWin() {
	if rf.votes > len(rf.peers)/2 {
		raftapi.Reached("election won")
		rf.becomeLeader()
		rf.beginLeadership()
	}
}

// becomeLeader makes this peer leader. It knows nothing yet about the others' logs, assumes that
// they equal its own, and says so at once with its first heartbeats, "to prevent new elections"
// (§5.2).
func (rf *Raft) becomeLeader() {
	rf.state = leader
	rf.electionTimer.Stop()

	rf.followers = make([]*progress, len(rf.peers))
	for peer := range rf.peers {
		rf.followers[peer] = newProgress(peer, rf.currentTerm, rf.log.lastIndex())
		if peer != rf.me {
			go rf.runReplicator(rf.followers[peer])
		}
	}
	rf.followers[rf.me].matchIndex = rf.storedThrough()
}

// RequestVote is the handler of the RPC of this name (Figure 2).
func (rf *Raft) RequestVote(args *RequestVoteArgs, reply *RequestVoteReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	defer rf.awaitTerm()
	if rf.ignoresVote(args.Term) {
		reply.Term = rf.currentTerm // not newer than the candidate's: it learns nothing
		return
	}
	rf.decideVote(args, reply)
}

// decideVote grants the vote or refuses it.
func (rf *Raft) decideVote(args *RequestVoteArgs, reply *RequestVoteReply) {
	if args.Term > rf.currentTerm {
		rf.becomeFollower(args.Term) // §5.1
	}
	reply.Term = rf.currentTerm
	reply.VoteGranted = rf.maySupport(args)
	if !reply.VoteGranted {
		return
	}
	if rf.votedFor == nobody {
		rf.votedFor = args.CandidateId
		rf.persistHeader() // before the reply: a crash must not free the vote again
	} else {
		raftapi.Reached("vote granted twice to one candidate")
	}
	rf.endPreVote()
	rf.resetElectionTimer()
}

// maySupport says whether this server may vote for the candidate, whose term is at most its own.
func (rf *Raft) maySupport(args *RequestVoteArgs) bool {
	switch {
	case args.Term < rf.currentTerm: // §5.1
		raftapi.Reached("vote refused: old term")
		return false
	case rf.votedFor != nobody && rf.votedFor != args.CandidateId: // §5.2: first come, first served
		rf.probeVoted()
		return false
	case rf.log.moreUpToDateThan(args.LastLogIndex, args.LastLogTerm): // §5.4.1
		raftapi.Reached("vote refused: candidate's log is behind")
		return false
	}
	return true
}
