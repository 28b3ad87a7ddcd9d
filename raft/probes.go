package raft

import "raftlab/raftapi"

// Probes: where this peer says that something has happened which a test case wants to have happened
// (situations.go). A probe that is one plain line stands where it happens. Those that have to look
// before they can tell are here, so that the algorithm reads without them: each is called in one
// line, looks, and changes nothing.

// probeTimeout is called when an election timeout has run out, before the election.
func (rf *Raft) probeTimeout() {
	if rf.state == candidate {
		raftapi.Reached("election ended without a winner")
	} else {
		raftapi.Reached("election started")
	}
}

// probeVoted is called when a vote is refused that belongs to another.
func (rf *Raft) probeVoted() {
	raftapi.Reached("vote refused: already voted")
	if rf.state == candidate {
		raftapi.Reached("two candidates in one term")
	}
}

// probeLeaderHeard is called when the leader of term is heard, before this server follows it.
func (rf *Raft) probeLeaderHeard(term int) {
	if rf.state == candidate && term == rf.currentTerm {
		raftapi.Reached("candidate met the leader of its term")
	}
}

// probeEntries is called before the log is made to agree with entries, the first of which belongs
// at index from.
func (rf *Raft) probeEntries(from int, entries []LogEntry) {
	there := 0 // how many of them the log has
	for there < len(entries) && from+there <= rf.log.lastIndex() &&
		(from+there <= rf.log.base || rf.log.term(from+there) == entries[there].Term) {
		there++
	}
	switch {
	case there == 0:
	case there < len(entries):
		raftapi.Reached("append overlapped the log")
	case from+there <= rf.log.lastIndex():
		raftapi.Reached("stale append ignored")
	}
}

// probeCommit is called before a follower commits.
func (rf *Raft) probeCommit(leaderCommit, lastNew int) {
	if leaderCommit > lastNew {
		raftapi.Reached("commit limited to last new entry")
	}
}

// probeBatch is called before entries are sent.
func (rf *Raft) probeBatch(entries []LogEntry) {
	if len(entries) > 1 {
		raftapi.Reached("several entries in one append")
	}
}

// probeCommitted is called before a leader commits.
func (rf *Raft) probeCommitted() {
	if rf.log.term(rf.commitIndex+1) != rf.currentTerm {
		raftapi.Reached("older term committed with the current one")
	}
}

// probeInstall is called before a leader's snapshot takes the place of entries. suffix says that
// the log goes on behind it, and agrees with it.
func (rf *Raft) probeInstall(index int, suffix bool) {
	raftapi.Reached("snapshot installed")
	if rf.lastApplied < rf.commitIndex {
		raftapi.Reached("snapshot overtook the applier")
	}
	if suffix && rf.log.lastIndex() > index {
		raftapi.Reached("snapshot kept a suffix")
	}
}

// probeRestart is called when a server has read what it had stored.
func (rf *Raft) probeRestart() {
	if rf.votedFor != nobody {
		raftapi.Reached("restarted with a vote")
	}
	if len(rf.log.entries) > 0 {
		raftapi.Reached("restarted with a log")
	}
	if rf.log.base > 0 {
		raftapi.Reached("restarted from snapshot")
	}
}

// probeAnswered is called when n reads have been confirmed at once.
func (q *readQueue) probeAnswered(n int) {
	if n > 0 {
		raftapi.Reached("read confirmed")
	}
	if n > 1 {
		raftapi.Reached("reads shared a confirmation")
	}
}

// probeDropped is called before all reads are forgotten.
func (q *readQueue) probeDropped() {
	if len(q.parked)+len(q.waiting) > 0 {
		raftapi.Reached("reads ended with the leadership")
	}
}

// probeWindow is called when a leader has sent a follower what it may.
func (rf *Raft) probeWindow(f *progress) {
	if f.lacks(rf.log.lastIndex()) && f.pipe.full(rf.config.MaxInflightMessages, rf.config.MaxInflightBytes) {
		raftapi.Reached("window full")
	}
}
