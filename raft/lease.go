package raft

import (
	"time"

	"raftlab/raftapi"
)

// Lease reads, §6.4.1 of Ongaro's dissertation (Config.LeaseRead): linearizable reads without a
// message, paid for with an assumption about clocks.
//
// ReadIndex asks the followers at each read whether they still stand by the leader. With stickiness
// (checkquorum.go) their answer is good for a while: who has heard from a leader votes for nobody
// else within the minimum election timeout.
//
//	leader    call made                answer
//	  --+-------------------------------+---------------------------|----------------->
//	    |<--------- lease: ElectionTimeout / LeaseDriftBound ------>|
//	     \                             /
//	  ----+---------------------------+------------------------------------|---------->
//	follower hears                                                         |
//	      |<----------- votes for nobody: ElectionTimeout, its clock ----->| may vote
//
// Why it is safe. A leader elected while the lease lasts would need the vote of a majority, which
// shares a server with the majority that has answered. That server heard the leader after the call
// was made, and votes for nobody for ElectionTimeout on its own clock from then on. By the leader's
// clock that is at least ElectionTimeout/LeaseDriftBound, as long as no clock in the cluster runs
// more than LeaseDriftBound times as fast as another. So nobody is elected before the lease ends,
// nothing is committed that this leader does not know, and its commitIndex is the newest.
//
// Rules, and what goes wrong without them:
//
//   - The lease begins when the call is made, not when its answer comes in. The follower's promise
//     begins somewhere in between, and the answer may be late.
//   - It is divided by the drift bound. etcd's ReadOnlyLeaseBased is not; it takes "still leader"
//     for a lease, up to two election timeouts, while followers vote after one: stale reads
//     (raft#166).
//   - All servers have the extension, for all votes count. LeaseRead implies CheckQuorum.
//   - The promise does not depend on the term. A follower may learn of a newer term within the
//     time, and forget its leader for it; it still votes for nobody (sticksToLeader).
//   - It survives a crash: a restarted server, which does not know whom it has heard right before,
//     waits for ElectionTimeout before it votes for a newer term (beginExtensions).
//   - Rule 1 of readindex.go, an entry of the own term committed, holds here too.
//   - It ends when the leader steps down, with whatever term.
//   - It ends before a leadership transfer (§6.4.1), since voters make an exception for the elect.
//     And it does not come back in this term, even if the transfer is given up: the order to stand
//     for election, or the votes it asks for, may still be on their way (transfer.go).
//
// What no rule here covers: a process that stands still between looking at its clock and using the
// answer. The index is right for the instant at which it was asked for, which is after the reader's
// call began; what the service reads at it is as new as that.

// LeaseRead returns an index that a linearizable read has to wait for, without asking anybody; see
// [raftapi.LeaseReader]. It does not block.
func (rf *Raft) LeaseRead() (index int, ok bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if !rf.config.LeaseRead || rf.state != leader {
		return 0, false
	}
	switch {
	case rf.leave.givenIn == rf.currentTerm:
		raftapi.Reached("lease refused: leave was given")
		return 0, false
	case !rf.committedInOwnTerm():
		raftapi.Reached("lease refused: nothing committed in the own term")
		return 0, false
	case !rf.clock.now().Before(rf.leaseEnd()):
		raftapi.Reached("lease refused: it has run out")
		return 0, false
	}
	raftapi.Reached("read on a lease")
	return rf.commitIndex, true
}

// leaseEnd is when the lease ends, on this server's clock; long ago if there was none.
func (rf *Raft) leaseEnd() time.Time {
	length := time.Duration(float64(rf.config.ElectionTimeout) / rf.config.LeaseDriftBound)
	return majorityMade(rf.followers, rf.me, rf.clock.now()).Add(length)
}
