package raft

import "raftlab/raftapi"

// PreVote, §9.6 of Ongaro's dissertation (Config.PreVote).
//
// A server that was cut off has raised its term with every election that it could not win. When it
// comes back, its newer term deposes a leader that did nothing wrong, although it cannot even win
// itself if its log is behind. With PreVote it asks first: "would you vote for me in the next
// term?", and raises its term only after a majority has said yes.
//
//	            timeout                  majority would          majority votes
//	follower ------------> pre-candidate ------------> candidate ------------> leader
//	    ^        term T          |          term T+1       |         term T+1
//	    +------------------------+-------------------------+
//	          leader heard, newer term, a vote granted
//
// Rules, and what goes wrong without them:
//
//   - A pre-vote carries the term that the candidate would have, T+1, and nobody moves to it: not
//     the sender, who keeps term and vote, nor the receiver, who makes no promise and may say yes
//     to many. Whoever moves to it has brought back the very thing that pre-votes prevent.
//   - Yes if the term would be newer than one's own and the log is no less up-to-date
//     (§5.4.1). Leaving the log out lets a server ask that could not win, and raises terms.
//   - The dissertation adds "and no leader was heard lately". As in etcd, that is stickiness and
//     comes with CheckQuorum (checkquorum.go). Without CheckQuorum a server that hears a leader
//     which has lost its majority would refuse all others for its sake, for ever.
//   - Yes echoes the term of the request, No carries one's own. A pre-candidate moves to the newer
//     term of a No (§5.1), and must not to that of a Yes, which is newer than its own as well.
//   - A pre-vote of an older term is answered, with one's own term, and not dropped. In a cluster
//     where some servers have no PreVote, one of those may be alone in a high term with an old log:
//     it cannot win, and the others, who can, would never learn the term that they have to exceed
//     (etcd#8501).
//   - A pre-candidate does not know a leader any more. If it went on believing in the one that it
//     does not hear, it would go on refusing the pre-votes of others for its sake, and sending
//     reads to it (etcd#8334).
//   - A leadership transfer skips the pre-vote (transfer.go): the leader is alive and knows it.
//
// PreVote is about disruption, not safety, and alone it can cost liveness: a server that
// hears a leader which has lost its majority has the newest log, with entries that nobody can
// commit, and refuses all others. CheckQuorum deposes such a leader.

// preCandidate is the fourth state of a server, with [Config.PreVote]: it asks whether it could
// win.
const preCandidate serverState = leader + 1

// preVoteRound is one round of asking.
type preVoteRound struct {
	number int // of this round; answers to earlier ones do not count
	votes  int // its own included
}

// RequestPreVoteArgs asks whether a vote would be granted.
type RequestPreVoteArgs struct {
	Term         int // the term that the candidate would have: one more than its own
	CandidateId  int
	LastLogIndex int
	LastLogTerm  int
}

// RequestPreVoteReply answers a RequestPreVote.
type RequestPreVoteReply struct {
	Term        int // Yes: the term that was asked for. No: the voter's own
	VoteGranted bool
}

// startPreVote begins a round. Nothing is persisted: nothing that others rely on changes.
func (rf *Raft) startPreVote() {
	raftapi.Reached("pre-vote started")
	rf.state = preCandidate
	rf.setLeader(nobody) // etcd#8334
	rf.preVote = preVoteRound{number: rf.preVote.number + 1, votes: 1}
	rf.resetElectionTimer()

	args := &RequestPreVoteArgs{
		Term:         rf.currentTerm + 1,
		CandidateId:  rf.me,
		LastLogIndex: rf.log.lastIndex(),
		LastLogTerm:  rf.log.lastTerm(),
	}
	round := rf.preVote.number
	rf.onceTermStored(func() { rf.requestPreVotes(round, args) }) // args tell the current term
}

// requestPreVotes asks everybody.
func (rf *Raft) requestPreVotes(round int, args *RequestPreVoteArgs) {
	if rf.state != preCandidate || rf.preVote.number != round {
		return // it is over before the current term was stored (disk.go)
	}
	for peer := range rf.peers {
		if peer != rf.me {
			go rf.requestPreVote(peer, round, args)
		}
	}
	rf.maybeStand() // a cluster of one server
}

// requestPreVote asks peer and counts its answer.
func (rf *Raft) requestPreVote(peer, round int, args *RequestPreVoteArgs) {
	reply := &RequestPreVoteReply{}
	if !rf.peers[peer].Call("Raft.RequestPreVote", args, reply) {
		return
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	theirs := reply.Term
	if reply.VoteGranted {
		theirs = rf.currentTerm // a Yes echoes a term that nobody is in
	} else if theirs > rf.currentTerm {
		raftapi.Reached("pre-vote learned a newer term")
	}
	if !rf.replyCounts(preCandidate, args.Term-1, theirs) || round != rf.preVote.number {
		raftapi.Reached("late pre-vote ignored")
		return
	}
	if reply.VoteGranted {
		rf.preVote.votes++
		rf.maybeStand()
	}
}

// maybeStand starts the election once a majority would vote for this server.
func (rf *Raft) maybeStand() {
	if rf.preVote.votes > len(rf.peers)/2 {
		raftapi.Reached("pre-vote won")
		raftapi.Reached("election started")
		rf.startElection()
	}
}

// endPreVote is called when this server votes for another: its own round is over, though the
// answers may still come in.
func (rf *Raft) endPreVote() {
	if rf.state == preCandidate {
		rf.state = follower
	}
}

// RequestPreVote is the handler of the RPC of this name. It answers whether or not this server asks
// for pre-votes itself, and changes nothing: not the term, not the vote, not the timer.
func (rf *Raft) RequestPreVote(args *RequestPreVoteArgs, reply *RequestPreVoteReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	defer rf.awaitTerm()
	reply.VoteGranted = rf.wouldSupport(args)
	reply.Term = rf.currentTerm
	if reply.VoteGranted {
		reply.Term = args.Term
	}
}

// wouldSupport says whether this server would vote for the candidate.
func (rf *Raft) wouldSupport(args *RequestPreVoteArgs) bool {
	switch {
	case args.Term <= rf.currentTerm: // answered all the same, with the newer term (etcd#8501)
		raftapi.Reached("pre-vote refused: old term")
		return false
	case rf.sticksToLeader():
		raftapi.Reached("pre-vote refused: a leader is heard")
		return false
	case rf.log.moreUpToDateThan(args.LastLogIndex, args.LastLogTerm): // §5.4.1
		raftapi.Reached("pre-vote refused: candidate's log is behind")
		return false
	}
	return true
}
