package raft

// The three RPCs of the paper, with its field names. A zero field costs nothing on the wire.

// LogEntry is a command for the state machine, with the term in which a leader received it.
type LogEntry struct {
	Term    int
	Command any
}

// RequestVoteArgs is sent by candidates to gather votes (Figure 2).
type RequestVoteArgs struct {
	Term         int // the candidate's term
	CandidateId  int // the candidate that asks for the vote
	LastLogIndex int // index of the candidate's last log entry (§5.4.1)
	LastLogTerm  int // term of the candidate's last log entry (§5.4.1)
}

// RequestVoteReply answers a RequestVote.
type RequestVoteReply struct {
	Term        int // the voter's term, for the candidate to update itself
	VoteGranted bool
}

// AppendEntriesArgs is sent by the leader to replicate log entries (§5.3); without entries it is
// a heartbeat (§5.2).
type AppendEntriesArgs struct {
	Term         int        // the leader's term
	LeaderId     int        // so that a follower can tell clients where the leader is
	PrevLogIndex int        // index of the entry just before the new ones
	PrevLogTerm  int        // term of that entry
	Entries      []LogEntry // to store at PrevLogIndex+1 and following
	LeaderCommit int        // the leader's commitIndex
}

// AppendEntriesReply answers an AppendEntries.
type AppendEntriesReply struct {
	Term    int  // the follower's term, for the leader to update itself
	Success bool // the follower's log contained the entry at PrevLogIndex, with PrevLogTerm

	// If the logs do not agree at PrevLogIndex, the follower says more, so that the leader
	// backs up by a term and not by an entry (end of §5.3):
	ConflictTerm  int // term of the follower's entry at PrevLogIndex; 0 if its log is too short
	ConflictIndex int // its first index with that term; one beyond its last entry if too short
}

// InstallSnapshotArgs is sent by the leader to a follower that needs entries which the leader has
// dropped (§7, Figure 13). The snapshot travels in one piece: no offset, no done.
type InstallSnapshotArgs struct {
	Term              int // the leader's term
	LeaderId          int
	LastIncludedIndex int // the snapshot stands for all entries up to and including this one
	LastIncludedTerm  int // term of that entry
	Data              []byte
}

// InstallSnapshotReply answers an InstallSnapshot.
type InstallSnapshotReply struct {
	Term int // the follower's term, for the leader to update itself
}
