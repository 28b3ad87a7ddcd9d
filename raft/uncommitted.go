package raft

import "raftlab/raftapi"

// A limit on what is not committed (Config.UncommittedLimit; etcd's MaxUncommittedEntriesSize). A
// leader without a majority takes commands, for nothing in Figure 2 tells it not to, and each stays
// in its memory and on its disk. Clients that try again make more of them. With a limit it refuses.
//
// Rules, and what goes wrong without them:
//
//  1. The bound is on bytes of entries that were proposed in this term and are not committed.
//  2. One command is always taken if there is no other, however large: otherwise it never could be.
//  3. Entries without a command do not count, and are never refused: a new leader must have its
//     no-op.
//  4. What is committed is counted back.
//  5. A new term begins at nothing. What an earlier leadership has left may never be committed, and
//     would be counted for ever.
//  6. A refusal is told apart from "not the leader" ([raftapi.Proposer]): a client that goes on to
//     the next server will be sent back here.

// takesMore says whether the leader takes a command, and counts it if so. It does not if there is
// too much that is not committed.
func (rf *Raft) takesMore(command any) bool {
	limit := rf.config.UncommittedLimit
	if limit == 0 || command == nil {
		return true // rule 3
	}
	size := LogEntry{Command: command}.size()
	if rf.uncommitted > 0 && rf.uncommitted+size > limit { // rules 1 and 2
		return false
	}
	rf.uncommitted += size
	return true
}

// countsCommitted is called before the leader commits up to n (rule 4).
func (rf *Raft) countsCommitted(n int) {
	if rf.config.UncommittedLimit == 0 {
		return
	}
	for i := rf.commitIndex + 1; i <= n; i++ {
		e := rf.log.at(i)
		if _, empty := e.Command.(NoOp); e.Term == rf.currentTerm && e.Command != nil && !empty {
			rf.uncommitted -= e.size()
		}
	}
}

// Propose is Start, and says why a command was not taken; see [raftapi.Proposer].
func (rf *Raft) Propose(command any) (index, term int, err error) {
	index, term, ok := rf.Start(command)
	if ok {
		return index, term, nil
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.state == leader && rf.currentTerm == term && !rf.handingOver() {
		return -1, term, raftapi.ErrUncommitted
	}
	return -1, term, raftapi.ErrNotLeader
}
