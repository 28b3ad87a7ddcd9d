package raft

import "raftlab/raftapi"

// Catch-up entries (Config.CatchUpEntries; etcd's SnapshotCatchUpEntries): some of the entries that
// a snapshot covers stay in memory for a while.
//
// A leader that compacts its log drops entries which a slow follower may need next. The paper sends
// such a follower the whole snapshot (§7), even if it lacks only three entries of a thousand. As
// the service decides when to take a snapshot, and not the leader, this hits some follower nearly
// each time: somebody is always a few entries behind. So keep the newest ones a bit longer:
//
//	index        1   2   3   4   5   6   7   8   9
//	           +-----------------------+---+---+---+
//	stored     |  snapshot             | e | e | e |      base 6: all that a crash leaves, and all
//	           +-----------------------+---+---+---+      that the persister counts
//	                     +---+---+---+---+---+---+
//	in memory            | e | e | e | e | e | e |        kept: 4 to 6
//	                     +---+---+---+---+---+---+
//	               ^ before: only its term is known       nextIndex 4 to 6: AppendEntries
//	                                                      nextIndex 1 to 3: InstallSnapshot
//
// Rules, and what goes wrong without them:
//
//   - What is kept is not part of the log: it is not stored, and nobody but a leader that serves a
//     follower looks at it. Otherwise the log on disk would not shrink, and a bound on it
//     (maxraftstate) would be passed right after a snapshot that was taken because of it.
//   - Entries are kept only when the service's own snapshot drops them, for those are applied here,
//     and so committed: they never change, whoever leads. A snapshot from the leader leaves a gap
//     between what was kept and the log; what was kept is worth nothing then.
//   - The first kept entry is sent with the term of the entry before it, which is gone. That term
//     has to be remembered when its entry is dropped, as log.baseTerm is for the snapshot. With a
//     wrong one the follower refuses the request, or worse, takes entries that do not fit behind
//     its own.
//   - Bounded in entries and in bytes, since commands may be large.

// keptEntries are the newest entries that the snapshot covers. It is plain data, guarded by
// Raft.mu.
type keptEntries struct {
	last    int        // index of the last one: log.base when they were kept
	before  int        // term of the entry in front of the first one
	entries []LogEntry // read by calls without the mutex: replaced as a whole, never overwritten
	sizes   []int      // of each, encoded, in bytes
}

// first is the index of the first entry.
func (k *keptEntries) first() int { return k.last - len(k.entries) + 1 }

// KeepCatchUp says how much to keep behind each later snapshot; see [raftapi.CatchUpKeeper].
//
// Deprecated: Extend with catchup:entries=N:bytes=N, or [Config], which say what is wrong with the
// numbers.
func (rf *Raft) KeepCatchUp(entries, bytes int) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.config.CatchUpEntries, rf.config.CatchUpBytes = entries, bytes
}

// keepThrough is called right before the log drops its entries up to and including index. It keeps
// the newest of them and of those that were kept before, as far as the limits allow.
func (rf *Raft) keepThrough(index int) {
	if rf.config.CatchUpEntries <= 0 {
		return
	}
	old := rf.kept
	if old.last != rf.log.base || len(old.entries) == 0 {
		old = keptEntries{before: rf.log.baseTerm} // nothing, or a snapshot from the leader came between
	}
	dropped := rf.log.slice(rf.log.base+1, index-rf.log.base)
	all := append(old.entries[:len(old.entries):len(old.entries)], dropped...) // a new array
	sizes := old.sizes
	for _, e := range dropped {
		n, ok := encodedSize(e)
		if !ok {
			n = len(encodeEntry(e))
		}
		sizes = append(sizes, n)
	}
	start, bytes := len(all), 0
	for start > 0 && len(all)-start < rf.config.CatchUpEntries && bytes+sizes[start-1] <= rf.config.CatchUpBytes {
		start--
		bytes += sizes[start]
	}
	before := old.before
	if start > 0 {
		before = all[start-1].Term
	}
	// Copies let go of what is not kept.
	rf.kept = keptEntries{
		last:    index,
		before:  before,
		entries: append([]LogEntry(nil), all[start:]...),
		sizes:   append([]int(nil), sizes[start:]...),
	}
}

// catchUpArgs describes what a follower needs next if the log has dropped it, but it was kept; ok
// is false if it was not. Entries of the log follow in the same request.
func (rf *Raft) catchUpArgs(f *progress) (args *AppendEntriesArgs, ok bool) {
	next, k := f.nextIndex, &rf.kept
	if k.last != rf.log.base || next < k.first() || next > k.last {
		return nil, false
	}
	at := next - k.first()
	prevTerm := k.before
	if at > 0 {
		prevTerm = k.entries[at-1].Term
	}
	kept := k.entries[at:min(len(k.entries), at+maxEntries)]
	entries := append(kept[:len(kept):len(kept)], rf.log.slice(rf.log.base+1, maxEntries-len(kept))...)
	raftapi.Reached("follower caught up with kept entries")
	return &AppendEntriesArgs{
		Term:         rf.currentTerm,
		LeaderId:     rf.me,
		PrevLogIndex: next - 1,
		PrevLogTerm:  prevTerm,
		Entries:      entries,
		LeaderCommit: rf.commitIndex,
	}, true
}
