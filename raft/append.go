package raft

import "raftlab/raftapi"

// Log replication, the follower's side (§5.3).

// AppendEntries is the handler of the RPC of this name (Figure 2).
func (rf *Raft) AppendEntries(args *AppendEntriesArgs, reply *AppendEntriesReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.letEarlyWait(args)
	defer rf.awaitTerm()
	defer func() { reply.Term = rf.currentTerm }()
	if args.Term < rf.currentTerm {
		raftapi.Reached("append refused: old term")
		return // Figure 2, rule 1; §5.1
	}
	rf.heardFromLeader(args.Term)
	rf.setLeader(args.LeaderId)
	if !rf.agreesAt(args.PrevLogIndex, args.PrevLogTerm) {
		rf.explainConflict(args.PrevLogIndex, reply) // rule 2
		return
	}
	rf.storeEntries(args.PrevLogIndex+1, args.Entries) // rules 3 and 4

	// Rule 5. The last new entry is the last one that this request vouches for; what stands behind
	// it in this log may be left over from another leader, and leaderCommit does not mean that.
	lastNew := args.PrevLogIndex + len(args.Entries)
	rf.agreedThrough(lastNew)
	rf.probeCommit(args.LeaderCommit, lastNew)
	if commit := min(args.LeaderCommit, lastNew); commit > rf.commitIndex {
		rf.commitIndex = commit
		rf.toApply.Signal()
	}
	reply.Success = rf.awaitLog(lastNew)
}

// heardFromLeader notes that the leader of term, which is not older than this server's, lives.
func (rf *Raft) heardFromLeader(term int) {
	rf.probeLeaderHeard(term)
	rf.becomeFollower(term) // §5.2: a candidate that finds a legitimate leader returns to follower
	rf.resetElectionTimer()
	rf.heardAt = rf.clock.now()
}

// agreesAt says whether this log and the leader's agree up to index, given the leader's term there
// (§5.3, the consistency check). Inside the snapshot they do: its entries are committed, and
// every leader has those (§5.4.3, Leader Completeness).
func (rf *Raft) agreesAt(index, term int) bool {
	if index < rf.log.base {
		raftapi.Reached("append starts inside the snapshot")
		return true
	}
	return rf.log.has(index) && rf.log.term(index) == term
}

// explainConflict tells the leader where to go on, so that it need not try index by index (end
// of §5.3).
func (rf *Raft) explainConflict(prevLogIndex int, reply *AppendEntriesReply) {
	if prevLogIndex > rf.log.lastIndex() {
		raftapi.Reached("append refused: log too short")
		reply.ConflictIndex = rf.log.lastIndex() + 1
		return
	}
	raftapi.Reached("append refused: conflicting term")
	reply.ConflictTerm = rf.log.term(prevLogIndex)
	reply.ConflictIndex = rf.log.firstOfTermAt(prevLogIndex)
}

// storeEntries makes the log agree with entries, the first of which belongs at index from.
//
//	index      1 2 3 4 5 6
//	log        1 1 2 2 2 2
//	entries        2 2          nothing to do: 5 and 6 stay, they may have been acknowledged
//	entries        2 2 3        5 conflicts: the log becomes 1 1 2 2 3
//
// Only a conflict removes anything (rule 3). A request that was delayed on its way looks like the
// first case, and the entries behind may be ones that this server has acknowledged since.
func (rf *Raft) storeEntries(from int, entries []LogEntry) {
	rf.probeEntries(from, entries)
	for len(entries) > 0 && from <= rf.log.lastIndex() {
		if from > rf.log.base && rf.log.term(from) != entries[0].Term {
			raftapi.Reached("conflicting suffix truncated")
			rf.log.truncateFrom(from)
			break
		}
		from, entries = from+1, entries[1:]
	}
	if len(entries) > 0 {
		rf.log.append(entries...)
		rf.persistEntries(from) // also replaces what was truncated; before the reply
	}
}
