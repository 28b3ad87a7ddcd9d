package raft

import (
	"time"

	"raftlab/raftapi"
)

// Pipelined replication, §10.2.2 of Ongaro's dissertation and package tracker of etcd's Raft
// (Config.Pipeline).
//
// A leader of Figure 2 sends, waits for the answer, and sends what has come in meanwhile. Where a
// round trip takes long a command waits for up to one of them before it is sent at all. A
// pipelining leader does not wait: it takes nextIndex for granted when it has sent, and goes on
// from there.
//
//	stop and wait   --[1]------------------->                      --[2 3 4]---------------->
//	                      <------------ yes --                               <--------- yes --
//	pipeline        --[1]--[2]--[3]--[4]---->
//	                      <--- yes, yes, yes --
//
// What it believes of a follower is one of three things (stage):
//
//	                  an append is accepted
//	      probing  ------------------------->  replicating       nextIndex moves when entries are sent, as long
//	      one append, and its answer  <------                    as the window has room
//	        |    ^         refused, or lost: nextIndex = matchIndex+1
//	        |    |
//	        |    | lost, or no answer for long
//	        v    |
//	    snapshotting  -- it has arrived --->  replicating
//	      heartbeats only
//
// Rules, and what goes wrong without them:
//
//  1. The window is bounded, in messages and in bytes. What is on its way is in the memory of the
//     network, and a follower that is slow or away gets all of it when it is back.
//  2. The window is freed by what the follower has stored, and not by an answer as such: a follower
//     that refuses has made no room.
//  3. Heartbeats are messages of their own, at matchIndex, and take no room in the window. A
//     follower that owes many answers must hear its leader, and cannot refuse what it has
//     confirmed.
//  4. When the window is full, or its end was lost, nothing more would ever be sent. So the answer
//     to a heartbeat allows one append, which is empty if the window is full. The follower accepts
//     it, and that frees the window, or refuses it, and then something was lost (etcd#14633).
//  5. Refusal and loss lead back to probing at matchIndex+1: what was sent behind the gap is
//     refused as well, and the leader must not go on sending it.
//  6. What was sent in an earlier stage says nothing about the present one. A late refusal, or a
//     late loss, would end replication again that has long gone on; so each call remembers the
//     stage in which it was made (epoch).
//  7. A snapshot that was lost is sent again. In etcd it is not if nobody reports the loss: the
//     follower is stranded.
//  8. matchIndex moves by answers alone. nextIndex says what was sent, not what has arrived.
//
// Calls overtake each other on any carrier. A follower keeps appends that come too early for a
// while instead of refusing them: early.go.

// stage is what a leader believes of a follower.
type stage int

const (
	probing      stage = iota // where the logs agree is not known, or something was lost
	replicating               // the follower takes what it is sent
	snapshotting              // a snapshot is on its way
)

// pipe is what a pipelining leader knows of what is on its way to one follower. A part of its
// progress.
type pipe struct {
	stage   stage
	epoch   int       // number of the present stage: each change of it counts
	called  time.Time // when the latest call was made, in whatever stage
	asked   bool      // a heartbeat is on its way for reads or news that wait; others wait for its answer
	waits   bool      // probing: the probe has been sent, and neither it nor a later heartbeat was answered
	poke    bool      // replicating: a heartbeat was answered, and one append may be sent for it (rule 4)
	window  []flight  // replicating: appends with entries that were not confirmed; by last
	bytes   int       // of their entries
	shipped time.Time // snapshotting: when the snapshot was sent
}

// flight is an append with entries on its way.
type flight struct{ last, bytes int }

// snapshotPatience is how many heartbeat intervals a snapshot may be on its way before another is
// sent, if the follower answers heartbeats meanwhile. A lost call is usually known to be lost much
// sooner.
const snapshotPatience = 10

// full says whether nothing with entries may be sent (rule 1).
func (p *pipe) full(messages, bytes int) bool {
	return len(p.window) >= messages || p.bytes >= bytes
}

// become begins a stage.
func (f *progress) become(s stage) {
	f.pipe = pipe{stage: s, epoch: f.pipe.epoch + 1, called: f.pipe.called}
	if s != snapshotting {
		f.nextIndex = f.matchIndex + 1
	}
}

// launched notes that entries up to last are on their way: the follower is taken to have them.
func (f *progress) launched(last, bytes int) {
	f.nextIndex = last + 1
	f.pipe.window = append(f.pipe.window, flight{last, bytes})
	f.pipe.bytes += bytes
}

// landed frees what the follower has confirmed (rule 2).
func (f *progress) landed() {
	p := &f.pipe
	n := 0
	for n < len(p.window) && p.window[n].last <= f.matchIndex {
		p.bytes -= p.window[n].bytes
		n++
	}
	p.window = p.window[n:]
}

// sendPipelined sends the follower all that it may get now. awaiting says afterwards whether new
// entries have to wait for an answer.
func (rf *Raft) sendPipelined(f *progress) {
	p := &f.pipe
	sent := false
	switch p.stage {
	case probing:
		if !p.waits {
			rf.sendProbe(f)
			return
		}
	case replicating:
		for f.lacks(rf.log.lastIndex()) && !p.full(rf.config.MaxInflightMessages, rf.config.MaxInflightBytes) && rf.mayPipeline(f) {
			if f.nextIndex <= rf.log.base {
				f.become(probing) // the log was cut before it was sent
				rf.sendProbe(f)
				return
			}
			args := rf.appendEntriesArgs(f)
			f.launched(args.PrevLogIndex+len(args.Entries), sizeOf(args.Entries))
			rf.launch(f, args, false)
			sent = true
		}
		rf.probeWindow(f)
		if !sent && p.poke && f.nextIndex > rf.log.base {
			raftapi.Reached("empty append when the window was full")
			args := rf.appendEntriesArgs(f)
			args.Entries = nil
			rf.launch(f, args, false)
			sent = true
		}
		p.poke = false
	}
	reads := rf.readsWaitFor(f) || rf.owesNews(f) && !p.asked
	if !sent && rf.mayPipeline(f) && (reads || time.Since(p.called) >= rf.config.HeartbeatInterval) {
		p.asked = p.asked || reads
		rf.launch(f, rf.heartbeatArgs(f), true)
	}
	f.awaiting = p.stage != replicating || p.full(rf.config.MaxInflightMessages, rf.config.MaxInflightBytes)
}

// mayPipeline says whether another call may begin: the window bounds those with entries, and this
// all of them.
func (rf *Raft) mayPipeline(f *progress) bool {
	return f.inFlight < maxInFlight+rf.config.MaxInflightMessages
}

// readsWaitFor says whether reads wait that no call to the follower confirms yet.
func (rf *Raft) readsWaitFor(f *progress) bool {
	return !f.pipe.asked && len(rf.reads.waiting) > 0 && f.carries < rf.reads.number
}

// sendProbe sends one message with what the follower lacks from nextIndex on: entries, or a
// snapshot.
func (rf *Raft) sendProbe(f *progress) {
	f.pipe.waits = true
	if args, ok := rf.catchUpArgs(f); ok {
		rf.launch(f, args, false)
	} else if f.nextIndex <= rf.log.base {
		raftapi.Reached("follower behind the leader's log start")
		f.become(snapshotting)
		f.pipe.shipped = time.Now()
		f.pipe.called = f.pipe.shipped
		f.sent()
		go rf.shipSnapshot(f, rf.installSnapshotArgs(), f.pipe.epoch)
	} else {
		rf.launch(f, rf.appendEntriesArgs(f), false)
	}
}

// heartbeatArgs describes a heartbeat: an append at matchIndex, which nobody can refuse who has
// confirmed it (rule 3), or at the beginning of all logs, if the leader's own does not reach back
// so far. It commits what is known to match.
func (rf *Raft) heartbeatArgs(f *progress) *AppendEntriesArgs {
	args := &AppendEntriesArgs{Term: rf.currentTerm, LeaderId: rf.me}
	if rf.log.has(f.matchIndex) {
		args.PrevLogIndex, args.PrevLogTerm = f.matchIndex, rf.log.term(f.matchIndex)
		args.LeaderCommit = min(rf.commitIndex, f.matchIndex)
	}
	f.tells(args)
	return args
}

// launch makes a call in a goroutine of its own.
func (rf *Raft) launch(f *progress, args *AppendEntriesArgs, beat bool) {
	f.sent()
	f.pipe.called = time.Now()
	go rf.pipelineAppend(f, args, beat, f.pipe.epoch)
}

// pipelineAppend makes one call, a heartbeat or an append, and deals with its reply; epoch is that
// of the stage in which it was made.
func (rf *Raft) pipelineAppend(f *progress, args *AppendEntriesArgs, beat bool, epoch int) {
	start := rf.callStarts(f)
	reply := &AppendEntriesReply{}
	ok := rf.peers[f.peer].Call("Raft.AppendEntries", args, reply)

	rf.mu.Lock()
	defer rf.mu.Unlock()
	f.returned()
	if beat {
		f.pipe.asked = false
	}
	if !ok {
		if !beat && rf.state == leader && rf.currentTerm == f.term {
			rf.appendLost(f, epoch)
		}
		return
	}
	if !rf.replyCounts(leader, args.Term, reply.Term) {
		raftapi.Reached("reply from older term ignored")
		return
	}
	rf.callAnswered(f, start)
	switch {
	case beat:
		rf.beatAnswered(f)
	case reply.Success:
		rf.appendAccepted(f, args.PrevLogIndex+len(args.Entries))
	default:
		rf.appendRefused(f, args, reply, epoch)
	}
	rf.answered(f)
}

// appendLost goes back to probing when an append of this stage was lost (rules 5 and 6). A probe
// that was lost is sent again when the follower has answered a heartbeat: who knows whether it is
// there.
func (rf *Raft) appendLost(f *progress, epoch int) {
	if f.pipe.stage == replicating && epoch == f.pipe.epoch {
		raftapi.Reached("probing after a loss")
		f.become(probing)
		f.signal()
	}
}

// beatAnswered is rule 4, and has a probe sent again that may have been lost. It is rule 7, too.
func (rf *Raft) beatAnswered(f *progress) {
	p := &f.pipe
	switch p.stage {
	case probing:
		p.waits = false
		f.signal()
	case replicating:
		if f.matchIndex < rf.log.lastIndex() {
			p.poke = true
			f.signal()
		}
	case snapshotting:
		if time.Since(p.shipped) > snapshotPatience*rf.config.HeartbeatInterval {
			raftapi.Reached("snapshot sent again")
			f.become(probing)
			f.signal()
		}
	}
}

// appendAccepted notes that the follower agrees up to index.
func (rf *Raft) appendAccepted(f *progress, index int) {
	reaches := index >= f.nextIndex-1
	rf.learnMatch(f, index)
	f.landed()
	s := f.pipe.stage
	if s == probing && reaches || s == snapshotting && f.matchIndex >= rf.log.base {
		f.become(replicating)
	}
}

// appendRefused goes back to where the logs are known to agree, if they did, and otherwise looks
// for it as in §5.3.
func (rf *Raft) appendRefused(f *progress, args *AppendEntriesArgs, reply *AppendEntriesReply, epoch int) {
	switch {
	case epoch != f.pipe.epoch || args.PrevLogIndex <= f.matchIndex:
		raftapi.Reached("reordered reply ignored") // rule 6
	case f.pipe.stage == replicating:
		raftapi.Reached("probing after a refusal")
		f.become(probing) // rule 5
	case f.pipe.stage == probing:
		f.pipe.waits = false
		rf.backUp(f, args, reply)
	}
}

// shipSnapshot is installSnapshot for a follower in the stage snapshotting.
func (rf *Raft) shipSnapshot(f *progress, args *InstallSnapshotArgs, epoch int) {
	start := rf.callStarts(f)
	reply := &InstallSnapshotReply{}
	ok := rf.peers[f.peer].Call("Raft.InstallSnapshot", args, reply)

	rf.mu.Lock()
	defer rf.mu.Unlock()
	f.returned()
	if !ok {
		if f.pipe.epoch == epoch {
			raftapi.Reached("snapshot lost")
			f.become(probing) // rule 7
			f.pipe.waits = true
		}
		return
	}
	if !rf.replyCounts(leader, args.Term, reply.Term) {
		raftapi.Reached("reply from older term ignored")
		return
	}
	rf.callAnswered(f, start)
	rf.learnMatch(f, args.LastIncludedIndex)
	if f.pipe.epoch == epoch {
		f.become(replicating)
	}
	rf.answered(f)
}
