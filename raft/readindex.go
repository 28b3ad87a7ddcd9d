package raft

import "raftlab/raftapi"

// ReadIndex, §6.4 of Ongaro's dissertation (Config.ReadIndex): linearizable reads that write
// nothing to the log.
//
// A read must see every operation that was complete before the read began. A leader knows them all:
// they are at or below its commitIndex. But it may be a leader of the past, who does not know yet
// that others have elected another and committed more. So it asks its followers whether they still
// stand by it:
//
//	               let in: readIndex = commitIndex          a majority has answered: answer readIndex
//	leader   ----------+--------------------------------------------+--------------->
//	                    \  AppendEntries, made after that           /^
//	followers -----------\-----------------------------------------/----------------->
//	                                                             the service: wait until readIndex is
//	                                                             applied, then read
//
// Rules, and what goes wrong without them:
//
//  1. The leader has committed an entry of its own term; until then reads are parked. A new leader
//     has all committed entries, but may not know yet that they are committed (§5.4.2), and its
//     commitIndex lags behind what clients were told (etcd#7331). The no-op at the start of a term
//     makes sure that the wait ends.
//  2. readIndex is the commitIndex when the read was let in, or later.
//  3. The calls that confirm the read are made after it was let in. An answer to an earlier one
//     proves nothing: the follower may have voted for another leader since.
//  4. Each read has a number of its own, also when somebody tries again, and a call confirms
//     the reads that had been let in when it was made. A number used twice would let a late
//     answer to the first try confirm the second (etcd#20418).
//  5. The reader waits until readIndex is applied. That is the service's part.
//
// Concurrent reads share calls: a follower that still owes an answer gets the next call when it
// has answered, and that confirms everything that came in meanwhile. So there is one call on its
// way per follower at most, however many readers there are, and a follower that does not answer
// costs no more than its heartbeats. A lost call is repeated by the next heartbeat.
//
// Followers let clients read from them: they ask the leader for the readIndex (RPC ForwardRead) and
// wait until they have applied it themselves. The leader still confirms, but does not have to read.
//
// Nobody waits for a timeout: who waits is told at once when the leader changes, steps down or is
// killed (leaderChanged), and asks again. A leader that is cut off notices only with CheckQuorum;
// without it, its readers wait until it hears of a newer term. They are never told anything wrong.

// readQueue is what the leader knows of reads that are not answered yet.
type readQueue struct {
	number  int     // of the read that was let in last; counts on over all terms
	parked  []*read // wait for rule 1
	waiting []*read // wait for a majority; by number
}

// read is one read, on its way through the queue.
type read struct {
	number, index int
	answer        chan int // gets index, once
	reader        int      // the follower at which it is, or nobody (eager.go)
}

// drop forgets all reads. Those who wait for them are woken by leaderChanged.
func (q *readQueue) drop() {
	q.probeDropped()
	q.parked, q.waiting = nil, nil
}

// ForwardReadArgs asks the leader for a readIndex. (The RPC cannot be called ReadIndex: that is the
// method for the service.)
type ForwardReadArgs struct {
	FollowerId int // who asks
}

// ForwardReadReply answers a ForwardRead. It brings no term: nobody may be made to change terms by
// a read, or reads could break the promise that a lease relies on.
type ForwardReadReply struct {
	OK    bool // this server leads, and Index is confirmed
	Index int
}

// ReadIndex returns an index that a linearizable read has to wait for; see [raftapi.ReadIndexer].
// ok is false at once if the extension is off, no leader is known, the leader changes or leaves, or
// this peer is killed. Otherwise it blocks until a majority has answered the leader.
func (rf *Raft) ReadIndex() (index int, ok bool) {
	rf.mu.Lock()
	on, id, changed := rf.config.ReadIndex && !rf.killed, rf.leaderId, rf.leaderChanged
	rf.mu.Unlock()
	switch {
	case !on || id == nobody:
		return 0, false
	case id == rf.me:
		return rf.readAsLeader(nobody)
	}
	return rf.readFrom(id, changed)
}

// readAsLeader lets a read in and waits until it is confirmed. reader is the follower that has
// asked, if any.
func (rf *Raft) readAsLeader(reader int) (index int, ok bool) {
	rf.mu.Lock()
	if !rf.config.ReadIndex || rf.state != leader {
		rf.mu.Unlock()
		return 0, false
	}
	changed := rf.leaderChanged
	r := &read{answer: make(chan int, 1), reader: reader}
	if rf.committedInOwnTerm() {
		rf.letIn(r)
	} else {
		raftapi.Reached("read parked until the own term commits") // rule 1
		rf.reads.parked = append(rf.reads.parked, r)
	}
	rf.mu.Unlock()

	select {
	case index := <-r.answer:
		return index, true
	case <-changed:
	case <-rf.done:
	}
	return 0, false
}

// letIn begins the confirmation of a read.
func (rf *Raft) letIn(r *read) {
	rf.reads.number++ // rule 4
	r.number = rf.reads.number
	r.index = rf.commitIndex // rule 2
	rf.readerWaits(r)
	rf.reads.waiting = append(rf.reads.waiting, r)
	rf.answerReads() // a cluster of one server
	if len(rf.reads.waiting) > 0 {
		rf.wakeReplicators() // those who owe an answer get their call after it: confirmNext
	}
}

// letInParked is called when commitIndex has moved in the leader's own term.
func (rf *Raft) letInParked() {
	parked := rf.reads.parked
	rf.reads.parked = nil
	for _, r := range parked {
		rf.letIn(r)
	}
}

// confirmNext has a follower that has just answered called again if that answer came too early for
// some of the reads that wait.
func (rf *Raft) confirmNext(f *progress) {
	if len(rf.reads.waiting) > 0 && f.carries < rf.reads.number {
		f.signal()
	}
}

// answerReads answers what a majority has confirmed.
func (rf *Raft) answerReads() {
	if len(rf.reads.waiting) == 0 {
		return
	}
	confirmed := majorityRead(rf.followers, rf.me, rf.reads.number)
	n := 0
	for n < len(rf.reads.waiting) && rf.reads.waiting[n].number <= confirmed {
		r := rf.reads.waiting[n]
		r.answer <- r.index
		n++
	}
	rf.reads.probeAnswered(n)
	rf.reads.waiting = rf.reads.waiting[n:]
}

// readFrom asks the leader. The call may take as long as the network likes; the reader does not
// wait for it when there is another leader, or none.
func (rf *Raft) readFrom(id int, changed chan struct{}) (index int, ok bool) {
	raftapi.Reached("read forwarded to the leader")
	answer := make(chan ForwardReadReply, 1)
	go func() {
		reply := &ForwardReadReply{}
		if !rf.peers[id].Call("Raft.ForwardRead", &ForwardReadArgs{FollowerId: rf.me}, reply) {
			*reply = ForwardReadReply{}
		}
		answer <- *reply
	}()
	select {
	case reply := <-answer:
		return reply.Index, reply.OK
	case <-changed:
		raftapi.Reached("forwarded read ended with the leader")
	case <-rf.done:
	}
	return 0, false
}

// ForwardRead is the handler of the RPC of this name. It does not forward again: who thought that
// this server leads, and is wrong, will learn better.
func (rf *Raft) ForwardRead(args *ForwardReadArgs, reply *ForwardReadReply) {
	reply.Index, reply.OK = rf.readAsLeader(args.FollowerId)
	if !reply.OK {
		raftapi.Reached("forwarded read refused")
	}
}
