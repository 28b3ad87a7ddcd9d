package raft

import (
	"time"

	"raftlab/raftapi"
)

// Leadership transfer, §3.10 of Ongaro's dissertation (Config.Transfer): a leader that is to go,
// for example because its machine is needed, hands over in two round trips, where its death would
// cost the cluster an election timeout.
//
//	leader   takes no more   sends what         TimeoutNow               deposed by the
//	         commands        the heir lacks          \                   newer term
//	  ------------+---------------+-------------------\-------------------+----------------->
//	                                                   \                 /
//	heir     -------------------------------------------+ election, at once: no timeout, no pre-vote,
//	                                                      and voters who stick to the leader vote
//
// Rules, and what goes wrong without them:
//
//   - The leader takes no commands meanwhile, or the heir would never have all of them. Start says
//     "not leader", so that the service looks for the new one. GetState and reads go on.
//   - TimeoutNow is sent when the heir's log is complete. Earlier it could not win, and had deposed
//     a leader for nothing.
//   - The heir's election is at the request of the leader: it asks by another RPC,
//     RequestVoteByLeave, for which stickiness makes an exception (§4.2.3: "I have permission to
//     disrupt the leader, it told me to"). The leave is for this one election; if it fails, the
//     next is like any other.
//   - Once TimeoutNow is sent, the leader has no lease any more in this term (lease.go).
//   - Without success within an election timeout the transfer is given up, and the leader takes
//     commands again. A TimeoutNow that arrives later still deposes it; that is harmless.
//   - TimeoutNow counts only in the term in which it was sent. A late copy must not
//     depose a later leader.

// leave is what both sides of a transfer remember.
type leave struct {
	to      int // leader: the heir
	current int // leader: the term in which a transfer goes on; 0 if none does
	asked   bool
	givenIn int // leader: the latest term in which it has sent a TimeoutNow
	usedIn  int // heir: the term of its latest election at its request
}

// TimeoutNowArgs tells the heir to stand for election.
type TimeoutNowArgs struct {
	Term     int // the leader's term
	LeaderId int
}

// TimeoutNowReply answers a TimeoutNow.
type TimeoutNowReply struct {
	Term int // the heir's term, for the leader to update itself
}

// TransferLeadership hands the leadership to another peer; see
// [raftapi.LeadershipTransferrer]. It blocks until a leader of a newer term is known, or for an
// election timeout at most, and says whether it is the peer that was asked for. It returns false at
// once on a peer that does not lead or that is handing over already, and on the peer itself.
func (rf *Raft) TransferLeadership(to int) bool {
	rf.mu.Lock()
	term := rf.currentTerm
	if !rf.config.Transfer || rf.state != leader || rf.handingOver() || to == rf.me || to < 0 || to >= len(rf.peers) {
		rf.mu.Unlock()
		return false
	}
	rf.leave.to, rf.leave.current, rf.leave.asked = to, term, false
	rf.continueTransfer(rf.followers[to])
	if !rf.leave.asked {
		raftapi.Reached("transfer waited for the heir's log")
	}
	limit := time.NewTimer(rf.clock.real(rf.config.ElectionTimeout))
	rf.mu.Unlock()
	defer limit.Stop()
	return rf.awaitHeir(to, term, limit.C)
}

// awaitHeir waits until somebody leads a newer term, or until the limit.
func (rf *Raft) awaitHeir(to, term int, limit <-chan time.Time) bool {
	for {
		rf.mu.Lock()
		id, newer, changed := rf.leaderId, rf.currentTerm > term, rf.leaderChanged
		rf.mu.Unlock()
		if newer && id != nobody {
			if id == to {
				raftapi.Reached("leadership transferred")
			}
			return id == to
		}
		select {
		case <-changed:
		case <-limit:
			raftapi.Reached("transfer given up")
			rf.mu.Lock()
			defer rf.mu.Unlock()
			if rf.leave.current == term {
				rf.leave.current = 0
			}
			return false
		case <-rf.done:
			return false
		}
	}
}

// handingOver says whether this leader is busy with a transfer, and takes no commands.
func (rf *Raft) handingOver() bool {
	return rf.state == leader && rf.leave.current == rf.currentTerm
}

// continueTransfer does the next step for the heir: it is called when the transfer begins and
// whenever the heir has answered something. So it is repeated, with the heartbeats, if a message is
// lost.
func (rf *Raft) continueTransfer(f *progress) {
	if !rf.handingOver() || f.peer != rf.leave.to || rf.leave.asked {
		return
	}
	if f.matchIndex < rf.log.lastIndex() {
		return // its replicator is at it
	}
	rf.leave.asked = true
	rf.leave.givenIn = rf.currentTerm // ends the lease, before the message is on its way
	go rf.timeoutNow(f.peer, &TimeoutNowArgs{Term: rf.currentTerm, LeaderId: rf.me})
}

// timeoutNow makes the call. What counts is not its reply but the newer term that follows.
func (rf *Raft) timeoutNow(peer int, args *TimeoutNowArgs) {
	reply := &TimeoutNowReply{}
	ok := rf.peers[peer].Call("Raft.TimeoutNow", args, reply)
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if ok {
		rf.replyCounts(leader, args.Term, reply.Term)
	} else if rf.leave.current == args.Term {
		rf.leave.asked = false // lost, perhaps: asked again after the heir's next answer
	}
}

// TimeoutNow is the handler of the RPC of this name. It obeys whether or not this server would hand
// over itself.
func (rf *Raft) TimeoutNow(args *TimeoutNowArgs, reply *TimeoutNowReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	defer rf.awaitTerm()
	defer func() { reply.Term = rf.currentTerm }()
	if args.Term != rf.currentTerm || rf.state == leader || rf.killed {
		raftapi.Reached("late order to stand for election ignored")
		return
	}
	raftapi.Reached("election started at the request of the leader")
	rf.leave.usedIn = rf.currentTerm + 1
	rf.startElection()
}

// voteMethod is the RPC by which this server asks for votes in term.
func (rf *Raft) voteMethod(term int) string {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.leave.usedIn == term {
		return "Raft.RequestVoteByLeave"
	}
	return "Raft.RequestVote"
}

// RequestVoteByLeave is RequestVote from a candidate whom the leader has told to stand: whoever
// sticks to the leader votes all the same (§4.2.3).
func (rf *Raft) RequestVoteByLeave(args *RequestVoteArgs, reply *RequestVoteReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	defer rf.awaitTerm()
	if rf.sticksToLeader() {
		raftapi.Reached("vote at the request of the leader")
	}
	rf.decideVote(args, reply)
}
