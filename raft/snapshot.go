package raft

import (
	"bytes"

	"raftlab/raftapi"
)

// Log compaction (§7).
//
// A service calls Snapshot when it has written down its state; the log then drops the entries that
// led to it. A follower that needs one of those gets the snapshot instead.

// Snapshot says that the service's state up to and including the entry at index is in
// snapshot; see [raftapi.Snapshotter]. A snapshot that covers nothing new is ignored: one from
// the leader has come in between. So is one that claims entries which the service was never given.
func (rf *Raft) Snapshot(index int, snapshot []byte) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if index <= rf.log.base {
		raftapi.Reached("old snapshot of the service ignored")
		return
	}
	if index > rf.lastApplied {
		return
	}
	raftapi.Reached("log compacted")
	rf.keepThrough(index)
	rf.log.compactTo(index)
	rf.snapshot = bytes.Clone(snapshot)
	rf.persistSnapshot()
}

// InstallSnapshot is the handler of the RPC of this name (Figure 13).
func (rf *Raft) InstallSnapshot(args *InstallSnapshotArgs, reply *InstallSnapshotReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	defer rf.awaitTerm()
	defer func() { reply.Term = rf.currentTerm }()
	if args.Term < rf.currentTerm {
		return // Figure 13, rule 1
	}
	rf.heardFromLeader(args.Term)
	rf.setLeader(args.LeaderId)

	if args.LastIncludedIndex <= rf.commitIndex {
		// Everything in it is in this log or its snapshot already. Taking it would turn the service
		// back, and drop entries that this server has promised to keep.
		raftapi.Reached("stale snapshot ignored")
		rf.awaitLog(args.LastIncludedIndex)
		return
	}
	agrees := rf.log.has(args.LastIncludedIndex) && rf.log.term(args.LastIncludedIndex) == args.LastIncludedTerm
	rf.probeInstall(args.LastIncludedIndex, agrees)
	if agrees {
		// Rule 6: "If existing log entry has same index and term as snapshot's last included entry,
		// retain log entries following it".
		rf.log.compactTo(args.LastIncludedIndex)
	} else {
		rf.disk.takeBack(rf.commitIndex)
		rf.log.reset(args.LastIncludedIndex, args.LastIncludedTerm) // rule 7
	}
	rf.snapshot = args.Data
	rf.persistSnapshot()
	rf.agreedThrough(rf.log.base)
	rf.commitIndex = args.LastIncludedIndex
	rf.toApply.Signal() // rule 8
	rf.awaitLog(args.LastIncludedIndex)
}

// installSnapshot sends the leader's snapshot to a follower.
func (rf *Raft) installSnapshot(f *progress, args *InstallSnapshotArgs, t ticket) {
	start := rf.callStarts(f)
	reply := &InstallSnapshotReply{}
	ok := rf.peers[f.peer].Call("Raft.InstallSnapshot", args, reply)

	rf.mu.Lock()
	defer rf.mu.Unlock()
	f.returned()
	f.load.came(t, ok)
	if !ok {
		return
	}
	if !rf.replyCounts(leader, args.Term, reply.Term) {
		raftapi.Reached("reply from older term ignored")
		return
	}
	rf.callAnswered(f, start)
	rf.learnMatch(f, args.LastIncludedIndex)
	rf.answered(f)
}

// installSnapshotArgs describes the leader's snapshot.
func (rf *Raft) installSnapshotArgs() *InstallSnapshotArgs {
	return &InstallSnapshotArgs{
		Term:              rf.currentTerm,
		LeaderId:          rf.me,
		LastIncludedIndex: rf.log.base,
		LastIncludedTerm:  rf.log.baseTerm,
		Data:              rf.snapshot,
	}
}
