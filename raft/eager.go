package raft

import "raftlab/raftapi"

// Eager news of commitment (Config.EagerCommit). Figure 2 lets followers learn of a new commitIndex
// with the next AppendEntries, which on a quiet cluster is the next heartbeat: up to a heartbeat
// interval late. A client that reads at a follower waits for that. etcd's leader tells all
// followers at once, with a message per follower and commitment.
//
//	leader     -- [x] -->            committed     -- commitIndex -->
//	follower              -- yes -->                                  applies x
//
// Rules, and what goes wrong without them:
//
//  1. News is sent at once, and once: not if a message that is on its way already tells it.
//  2. It is coalesced. While a message with news, or any that entries wait for, is not answered,
//     what is committed meanwhile waits for the answer, and goes out together. Otherwise each
//     command costs two messages more per follower.
//  3. It goes where somebody waits. With ReadIndex the leader knows who does: a follower that has
//     asked it for a read waits for exactly that index (readindex.go), and all others can wait for
//     the heartbeat. Without it nobody can tell, and everyone is told, as in etcd.
//  4. A follower is told no more than is known to match: its log may go on with entries of another
//     leader, and those are not what was committed (Figure 2, AppendEntries, rule 5).
//
// What is lost the next heartbeat tells: news is never repeated for its own sake.

// news is what the leader knows about what a follower has been told. A part of its progress.
type news struct {
	told  int // the highest index of which the follower has been told, on its way or there, that it is committed
	wants int // the highest index that a read at the follower waits for
}

// tells notes what a call tells the follower: what is committed, as far as the call vouches for the
// log.
func (f *progress) tells(args *AppendEntriesArgs) {
	f.news.told = max(f.news.told, min(args.LeaderCommit, args.PrevLogIndex+len(args.Entries)))
}

// owesNews says whether the follower should hear of commitments now.
func (rf *Raft) owesNews(f *progress) bool {
	return rf.config.EagerCommit && f.news.told < min(rf.commitIndex, f.matchIndex) && // rules 1 and 4
		rf.log.has(f.matchIndex) && // or a heartbeat could not say so
		(!rf.config.ReadIndex || f.news.wants > f.news.told) // rule 3
}

// spreadNews is called when the leader's commitIndex has moved.
func (rf *Raft) spreadNews() {
	for _, f := range rf.followers {
		if f.peer != rf.me && !f.awaiting && rf.owesNews(f) {
			raftapi.Reached("commitment told at once")
			f.signal()
		}
	}
}

// newsNext has a follower that has just answered told what was committed meanwhile (rule 2).
func (rf *Raft) newsNext(f *progress) {
	if rf.owesNews(f) {
		raftapi.Reached("commitments told together")
		f.signal()
	}
}

// readerWaits notes that a service at a follower will wait for the index of a read. The calls that
// confirm the read tell the follower as much as they can; what it has not stored by then is told as
// soon as it has.
func (rf *Raft) readerWaits(r *read) {
	if r.reader >= 0 && r.reader < len(rf.followers) {
		f := rf.followers[r.reader]
		f.news.wants = max(f.news.wants, r.index)
	}
}
