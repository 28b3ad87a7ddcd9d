package raft

import (
	"time"

	"raftlab/raftapi"
)

// Nothing twice: with CatchUp or UncommittedLimit, what is on its way to a follower is not sent
// again. Figure 2 has nothing on that, for its leader does not know what is on its way: it sends
// from nextIndex on, and nextIndex moves with the answer.
//
//	Figure 2      --[1 2 3]--------------->        --[1 2 3 4]--->  a heartbeat: all of it again
//	                                  <--- yes --
//	nothing twice --[1 2 3]--------------->        --[]---------->  a heartbeat at matchIndex
//	                                  <--- yes --  --[4]--->
//
// Where links are fast it is a matter of bytes. Where a message takes longer than a heartbeat
// interval, each heartbeat makes the queue on the link longer by all that waits there, and the
// followers hear their leader later and later. The extensions would lose there what they are for:
//
//	CatchUp           spares followers a snapshot, and then it is sent several times
//	UncommittedLimit  bounds what waits in memory, and not what waits on the link
//
// Rules, and what goes wrong without them:
//
//  1. While a load, that is entries or a snapshot, is on its way to a follower, other messages to it
//     are heartbeats at matchIndex. They tell of commitments, and confirm reads.
//  2. The load's own answer ends that, and so does its loss, if the carrier knows.
//  3. If nobody reports the loss, the follower's answer to a later message does: what was sent first
//     should have come first. One may have overtaken the other, so the load is given some more time,
//     and a snapshot, which is long on the way and long on the disk, a lot of it.
//
// Pipeline has rules of its own for all this (pipeline.go).

// load is what a leader knows of the latest load on its way to a follower. A part of its progress.
type load struct {
	number   int           // of the latest load, from 1
	out      bool          // it has not come back
	patience time.Duration // how long it may still take when a later message has been answered
	doubted  time.Time     // when that was; zero: not yet
}

// ticket says of a call which load it is, or which one it was sent behind. The zero value is for
// peers who send everything twice.
type ticket struct {
	load int
	is   bool
}

// nothingTwice says whether loads are watched.
func (rf *Raft) nothingTwice() bool {
	return !rf.config.Pipeline && (rf.config.CatchUpEntries > 0 || rf.config.UncommittedLimit > 0)
}

// underWay says whether the follower gets heartbeats only, for now (rule 1).
func (rf *Raft) underWay(f *progress) bool {
	l := &f.load
	if !rf.nothingTwice() || !l.out {
		return false
	}
	if !l.doubted.IsZero() && time.Since(l.doubted) >= l.patience {
		raftapi.Reached("entries or snapshot sent again")
		l.out = false // rule 3
	}
	return l.out
}

// sendsLoad notes that entries are sent, or a snapshot.
func (rf *Raft) sendsLoad(f *progress, patience time.Duration) ticket {
	f.load = load{number: f.load.number + 1, out: true, patience: patience}
	return ticket{f.load.number, true}
}

// sendsEntries notes that entries are sent, if there are any.
func (rf *Raft) sendsEntries(f *progress, args *AppendEntriesArgs) ticket {
	if len(args.Entries) == 0 {
		return f.sendsBeat()
	}
	return rf.sendsLoad(f, rf.config.HeartbeatInterval)
}

// sendsSnapshot notes that a snapshot is sent.
func (rf *Raft) sendsSnapshot(f *progress) ticket {
	return rf.sendsLoad(f, snapshotPatience*rf.config.HeartbeatInterval)
}

// sendsBeat notes that something is sent that is no load.
func (f *progress) sendsBeat() ticket { return ticket{load: f.load.number} }

// came notes that a call is over, and whether it was answered (rules 2 and 3).
func (l *load) came(t ticket, answered bool) {
	switch {
	case !l.out || t.load != l.number:
	case t.is:
		l.out = false
	case answered && l.doubted.IsZero():
		l.doubted = time.Now()
	}
}
