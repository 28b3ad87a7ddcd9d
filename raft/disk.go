package raft

import (
	"sync"

	"raftlab/raftapi"
)

// Writes beside the mutex (Config.Disk): §10.2.1 of Ongaro's dissertation, and etcd's asynchronous
// storage writes. By Figure 2 a peer stores with its mutex held: it hears nothing meanwhile, and a
// leader sends when its own disk is done. Here all writes go to one writer, in the order in which
// they were ordered, and the peer goes on:
//
//	leader     Start  [====== write ======]                     Start  [====== write ======]
//	                                       \-- entry -->                \-- entry -->
//	follower                                  [== write ==]                [== write ==]
//	                                                       \--> committed              \--> committed
//
// So there are two truths, what is in memory and what a crash would leave, and each sentence that a
// peer utters has to be true of the second. Rules, and what goes wrong without them:
//
//	(a) Every reply, vote, term and match number leaves only after what it reveals is durable: awaitTerm, awaitLog. It makes
//	    no difference whether this very request has brought it: a leader that sends an entry again is told "yes" for
//	    what is in memory, commits, and the crash takes it back.
//	(b) A candidate's term and vote are durable before its first request, and so they are before a leader sends: onceTermStored.
//	    Otherwise it votes a second time in its term after a crash.
//	(c) A leader counts itself for what its disk has, not for what it has sent. And a write that ends vouches for the very
//	    entries that it was about. By then others may stand at their indices, which come later: takeBack. (To compare
//	    index and term at the end would not do: an entry may be replaced, and come back from a third leader, while
//	    the write that removes it is still in the queue. etcd compares the peer's own term, for the same reason.)
//	(d) There is one queue. Truncations and snapshots stand in it behind what was written before: a snapshot that
//	    overtakes leaves a hole in the stored log, or is followed by entries that it has replaced.
//	(e) The service is given only what the own disk has, although a majority of others may have stored it: mayApply. A
//	    service that keeps its own state on a disk would know entries after a crash that its log lacks, and Snapshot(i) would
//	    stand for them.
//
// A cluster of one server is no exception: by (b) it leads, and by (c) it commits, when its disk
// says so (etcd#14370).
//
// Kill does not empty the queue: what was ordered is written, and whoever waits for it is woken. A
// crash leaves what was written by then.

// disk is what a peer knows of its writes. Raft.mu guards it. Without the extension nothing here is
// used: what is in the log is stored.
type disk struct {
	queue   []*write // ordered, and not yet begun
	now     *write   // the one that the writer is at
	writing bool     // the writer works, and will look at the queue again

	ordered int // number of the latest write
	written int // number of the latest that is stored; writes end in their order
	term    int // number of the latest that holds term and vote

	// stored is the highest index up to which the log, as it is now, would survive a crash.
	//
	//	stored <= log.lastIndex()
	stored int

	turned *sync.Cond // on mu; woken when a write has ended
	then   []action   // by number
}

// write is an update on its way to the disk.
type write struct {
	number int
	update raftapi.Update
	index  int // up to here the log is stored when it ends; 0 if it is not about the log
}

// action is what follows when a write has ended.
type action struct {
	after int
	do    func()
}

// beginWrites is the state after a start, when all that is known is stored.
func (rf *Raft) beginWrites() {
	rf.disk = disk{turned: sync.NewCond(&rf.mu), stored: rf.log.lastIndex()}
	rf.together.on = rf.config.Batch
}

// store brings an update to the stable storage: now, or by the writer. The log is stored up to
// index then.
func (rf *Raft) store(u raftapi.Update, index int) {
	if !rf.config.Disk {
		rf.persister.Write(u)
		rf.spare.give(u.Entries)
		return
	}
	d := &rf.disk
	d.ordered++
	if u.Header != nil {
		d.term = d.ordered
	}
	if u.From != 0 {
		d.takeBack(u.From - 1)
	}
	d.queue = append(d.queue, &write{number: d.ordered, update: u, index: index}) // rule (d)
	if !d.writing {
		d.writing = true
		go rf.runWriter()
	}
}

// runWriter is the goroutine that writes, while there is something to write. There is one at most.
func (rf *Raft) runWriter() {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	for len(rf.disk.queue) > 0 {
		w := rf.nextWrite()
		rf.disk.now = w
		rf.mu.Unlock()
		rf.persister.Write(w.update)
		rf.mu.Lock()
		rf.disk.now = nil
		rf.spare.give(w.update.Entries)
		rf.wrote(w)
	}
	rf.disk.writing = false
}

// nextWrite takes the next write from the queue: one update, or with Batch as many as can be one.
func (rf *Raft) nextWrite() *write {
	d := &rf.disk
	w := d.queue[0]
	d.queue = d.queue[1:]
	if rf.config.Batch {
		rf.joinWrites(w)
	}
	return w
}

// wrote is called when a write has ended.
func (rf *Raft) wrote(w *write) {
	d := &rf.disk
	d.written = w.number
	if w.index > d.stored {
		d.stored = w.index
		rf.toApply.Signal()
		if rf.state == leader {
			rf.countOwn()
		}
	}
	for len(d.then) > 0 && d.then[0].after <= d.written {
		next := d.then[0]
		d.then = d.then[1:]
		next.do()
	}
	d.turned.Broadcast()
}

// takeBack says that the log is replaced behind index. Writes that are on their way vouch for
// nothing there any more: what they bring to the disk is not what stands there now (rule (c)).
func (d *disk) takeBack(index int) {
	d.stored = min(d.stored, index)
	for _, w := range d.queue {
		w.vouchesThrough(index)
	}
	if d.now != nil {
		d.now.vouchesThrough(index)
	}
}

// vouchesThrough says that the log has been replaced behind index since the write was ordered.
func (w *write) vouchesThrough(index int) {
	if w.index > index {
		raftapi.Reached("entry replaced while it was written")
		w.index = index
	}
}

// storedThrough is the highest index up to which this log would survive a crash.
func (rf *Raft) storedThrough() int {
	if !rf.config.Disk {
		return rf.log.lastIndex()
	}
	return rf.disk.stored
}

// countOwn has the leader count itself, for what its disk has (rule (c)).
func (rf *Raft) countOwn() {
	rf.followers[rf.me].matchIndex = rf.storedThrough()
	rf.advanceCommitIndex()
}

// mayApply is the highest index that the service may be given now (rule (e)). It is never below
// lastApplied. While a snapshot from the leader is not stored, there is nothing to give.
func (rf *Raft) mayApply() int {
	if !rf.config.Disk {
		return rf.commitIndex
	}
	if rf.disk.stored < rf.log.base {
		return rf.lastApplied
	}
	return max(rf.lastApplied, min(rf.commitIndex, rf.disk.stored))
}

// awaitTerm waits until term and vote are durable, as they are now. Handlers call it when their
// reply is written (rule (a)). The mutex is free meanwhile.
func (rf *Raft) awaitTerm() {
	if !rf.config.Disk {
		return
	}
	until := rf.disk.term
	if rf.disk.written < until {
		raftapi.Reached("reply waited for a term or a vote to be stored")
	}
	for rf.disk.written < until {
		rf.disk.turned.Wait()
	}
}

// awaitLog waits until the log is durable up to index, where it agrees with the leader of the
// current term. It returns false if the term has passed meanwhile: the entries may have been
// replaced, and nothing can be said of them (rule (a)).
func (rf *Raft) awaitLog(index int) bool {
	if !rf.config.Disk {
		return true
	}
	term := rf.currentTerm
	if rf.disk.stored < index {
		raftapi.Reached("reply waited for entries to be stored")
	}
	for rf.disk.stored < index && rf.currentTerm == term {
		rf.disk.turned.Wait()
	}
	return rf.currentTerm == term
}

// onceTermStored does something, with the mutex held, when term and vote are durable, as they are
// now (rule (b)): at once if they are.
func (rf *Raft) onceTermStored(do func()) {
	d := &rf.disk
	if d.written >= d.term {
		do()
		return
	}
	d.then = append(d.then, action{after: d.term, do: do})
}
