package raft

import (
	"slices"
	"time"

	"raftlab/raftapi"
)

// Appends that come too early (Config.Pipeline).
//
// A pipelining leader has many appends on their way, and on any carrier one can overtake another:
//
//	leader     --[4]--[5]--[6]-->
//	follower   log to 3:   [5]  prevLogIndex 4, which it lacks: refused, and [6] as well?
//	                       [4]  here it is
//
// By Figure 2 it refuses. The leader takes that for a loss, and sends everything from 4 on again.
// So the follower lets such a request wait, for one heartbeat interval at most, until its log has
// come so far, and judges it then. To the leader it looks like a slow network. Nothing about safety
// depends on it.
//
// It does so only in a term in which it has agreed with the leader up to the end of its log: before
// that, a request that starts too far on is no sign of a message overtaken but of a log that is
// behind, and the sooner the leader hears so the better. And it lets so many wait as the leader's
// window has messages: others are refused at once.

// earlyAppends are the requests that wait. Raft.mu guards it.
type earlyAppends struct {
	inStep  int // the latest term in which this log agreed with the leader's up to its own end
	waiting []*earlyAppend
}

// earlyAppend is a request that waits for the log to reach prev.
type earlyAppend struct {
	prev int
	come chan struct{} // closed when it has
}

// letEarlyWait is called when an AppendEntries has come in. If it is too early it waits, without
// the mutex; the world may be another one afterwards, so the handler begins with its first rule
// after this.
func (rf *Raft) letEarlyWait(args *AppendEntriesArgs) {
	if !rf.config.Pipeline || args.Term < rf.currentTerm || args.PrevLogIndex <= rf.log.lastIndex() {
		return
	}
	rf.heardFromLeader(args.Term) // it is heard now, not when the wait is over
	rf.setLeader(args.LeaderId)
	if rf.early.inStep != rf.currentTerm || len(rf.early.waiting) >= rf.config.MaxInflightMessages {
		return
	}
	raftapi.Reached("append waited for an earlier one")
	e := &earlyAppend{prev: args.PrevLogIndex, come: make(chan struct{})}
	rf.early.waiting = append(rf.early.waiting, e)
	changed := rf.leaderChanged
	rf.mu.Unlock()

	limit := time.NewTimer(rf.config.HeartbeatInterval)
	select {
	case <-e.come:
	case <-limit.C:
	case <-changed:
	case <-rf.done:
	}
	limit.Stop()

	rf.mu.Lock()
	rf.early.waiting = slices.DeleteFunc(rf.early.waiting, func(other *earlyAppend) bool { return other == e })
}

// agreedThrough is called when this log has been found to agree with the leader's up to index, or
// was made to.
func (rf *Raft) agreedThrough(index int) {
	if !rf.config.Pipeline {
		return
	}
	if index == rf.log.lastIndex() {
		rf.early.inStep = rf.currentTerm
	}
	for _, e := range rf.early.waiting {
		if e.prev <= rf.log.lastIndex() {
			close(e.come)
		}
	}
	rf.early.waiting = slices.DeleteFunc(rf.early.waiting, func(e *earlyAppend) bool { return e.prev <= rf.log.lastIndex() })
}
