package raft

import (
	"time"

	"raftlab/raftapi"
)

// CheckQuorum, §6.2 of Ongaro's dissertation, and leader stickiness, §4.2.3 (Config.CheckQuorum).
//
// Two halves of one idea: a leader that works stays leader, and one that does not steps down.
//
//	leader    --- heartbeat --->   no answer of a majority for an election timeout: steps down
//	follower  <-- heartbeat ----   a leader was heard within the minimum election timeout: a newer term in a
//	                               RequestVote or RequestPreVote is ignored, neither voted for nor moved to
//
// Without the first half a leader that is cut off keeps accepting commands that it cannot commit,
// and its clients wait. Without the second a server that does not hear the leader, for one broken
// link, deposes it for all others. The second needs the first: followers that stick to a leader
// which they hear, but which does not hear them, would have no service until somebody intervenes.
//
// Rules, and what goes wrong without them:
//
//   - The leader counts itself once. Twice, and in a cluster of three it needs nobody.
//   - It counts answers, whatever they say about logs: a follower that is far behind is there.
//   - Followers compare with the minimum election timeout, not with the randomly drawn one, since
//     that is how long a lease may count on them (lease.go).
//   - A leader refuses as well, while it leads: it will step down when it should.
//   - An ignored RequestVote is answered with the voter's own term, which is not newer: it tells
//     the candidate nothing, as if it had been lost.
//   - A candidate in a newer term is stuck then: voters ignore it, and it cannot obey a leader of
//     an older term. It gets free through the leader's own AppendEntries: it is answered, as Figure
//     2 has it, with the newer term, and that deposes the leader. (An implementation that drops
//     messages of older terms unanswered leaves it stuck.) So CheckQuorum alone does not keep terms
//     from rising when a server comes back; PreVote does (prevote.go).
//   - An election that the leader itself has asked for is exempt (transfer.go).
//
// Mixed clusters work: who does not stick votes as in Figure 2, and a candidate that is
// ignored tries again, when the leader is gone or deposed.

// watchQuorum is a goroutine of the leader, for one term: it has it step down when a majority is
// silent for an election timeout. It ends with the leadership, an election timeout later at most.
func (rf *Raft) watchQuorum(term int) {
	for {
		wait, ok := rf.checkQuorum(term)
		if !ok {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-rf.done:
			timer.Stop()
			return
		}
	}
}

// checkQuorum steps down if it is time to; ok is false if the leadership of term is over. wait
// is how long the majority may still be silent, in real time.
func (rf *Raft) checkQuorum(term int) (wait time.Duration, ok bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.state != leader || rf.currentTerm != term {
		return 0, false
	}
	now := rf.clock.now()
	left := rf.config.ElectionTimeout - now.Sub(majorityLast(rf.followers, rf.me, now))
	if left <= 0 {
		raftapi.Reached("leader stepped down without a quorum")
		rf.stepDown()
		return 0, false
	}
	return max(rf.clock.real(left), time.Millisecond), true
}

// stepDown ends this server's leadership within its term, in which it has voted for itself and so
// can do no harm. Reads and leases end with it.
func (rf *Raft) stepDown() {
	rf.state = follower
	rf.setLeader(nobody)
	rf.resetElectionTimer() // a leader has none running
}

// ignoresVote says whether a RequestVote of term must be treated as if it had not come (§4.2.3: "if
// a server receives a RequestVote request within the minimum election timeout of hearing from a
// current leader, it does not update its term or grant its vote"). That goes for this server's own
// term as well: it may merely have seen it since it heard the leader, in a reply of the very
// candidate that asks now. Older terms are answered.
func (rf *Raft) ignoresVote(term int) bool {
	if term < rf.currentTerm || !rf.sticksToLeader() {
		return false
	}
	raftapi.Reached("vote ignored: a leader is heard")
	return true
}

// sticksToLeader says whether this server stands by the leader that it hears, or by itself.
//
// It depends on the clock and on nothing else. The term may have moved on since the leader was
// heard, for example by a late reply from a server that is ahead; the promise to the leader holds
// nevertheless, for it counts on it (lease.go).
func (rf *Raft) sticksToLeader() bool {
	if !rf.config.CheckQuorum {
		return false
	}
	if rf.state == leader {
		return true
	}
	return !rf.heardAt.IsZero() && rf.clock.now().Sub(rf.heardAt) < rf.config.ElectionTimeout
}
