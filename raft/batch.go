package raft

import (
	"sync"

	"raftlab/raftapi"
)

// Batches of proposals (Config.Batch; §10.2.2 of Ongaro's dissertation, and what etcd's loop over
// Ready comes to). A disk takes nearly the same time for one entry and for fifty, and so does a
// message. What is proposed while a write is under way goes into the next one together:
//
//	Start     a    b c d e           f g
//	           \    \-\-\-\--\        \-\--\
//	disk       [== a ==][== b c d e ==][== f g ==]
//	messages    \        \              \
//
// Each command has an entry and an index of its own, so nobody but the disk and the network
// notices. What is one entry for several requests is another thing, and the service's
// (kvraft/rsm/batch.go).
//
// Rules, and what goes wrong without them:
//
//  1. Nobody waits for company. A command that comes alone is written alone, at once: a timer would
//     be a delay for everybody who has nobody to wait for.
//  2. Whoever comes first takes all that are there: it has the mutex, and what others have handed
//     in by then is before it. Each is told its own index, and a command is refused for itself, not
//     for its neighbours.
//  3. With Disk, Start does not hold the mutex while the disk writes. Then the writer joins what is
//     in its queue into one write, and a leader sends when a write begins. Only updates that append
//     are joined: what a snapshot or a header does in between stays where it was.

// together is what has been proposed and not yet taken. It has a mutex of its own, a leaf: whoever
// proposes leaves the command here before it waits for Raft.mu.
type together struct {
	on      bool // set before anybody can propose: by New, and by Extend
	mu      sync.Mutex
	waiting []*proposed
	spare   []*proposed // what was taken the last time; its array is used again
}

// proposed is a command, and what became of it. Raft.mu guards the latter.
type proposed struct {
	command     any
	index, term int
	taken       bool
}

// join leaves a command; nil without the extension.
func (t *together) join(command any) *proposed {
	if !t.on {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &proposed{command: command}
	t.waiting = append(t.waiting, p)
	return p
}

// take returns all that is there. It belongs to the caller until the next take.
func (t *together) take() []*proposed {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.waiting
	clear(t.spare)
	t.waiting, t.spare = t.spare[:0], all
	return all
}

// takeTogether takes what has been proposed, in one write (rule 2).
func (rf *Raft) takeTogether() {
	n := 0
	for _, p := range rf.together.take() {
		p.index, p.term = -1, rf.currentTerm
		if !rf.takes(p.command) {
			continue
		}
		rf.log.append(LogEntry{Term: rf.currentTerm, Command: p.command})
		p.index, p.taken = rf.log.lastIndex(), true
		n++
	}
	if n == 0 {
		return
	}
	if n > 1 {
		raftapi.Reached("several commands in one write")
	}
	rf.persistEntries(rf.log.lastIndex() - n + 1)
	rf.countOwn()
	if !rf.config.Disk {
		rf.wakeReplicators()
	}
}

// joinWrites adds to a write what follows it in the queue and can be one with it, and has its
// entries sent (rule 3).
func (rf *Raft) joinWrites(w *write) {
	d := &rf.disk
	for len(d.queue) > 0 && d.queue[0].update.SnapshotIndex == 0 && w.update.SnapshotIndex == 0 {
		next := d.queue[0]
		u, ok := joined(w.update, next.update)
		if !ok {
			break
		}
		raftapi.Reached("several updates in one write")
		if next.update.From != 0 {
			w.index = next.index
		}
		w.update, w.number = u, next.number
		d.queue = d.queue[1:]
	}
	if rf.state == leader && w.update.From != 0 {
		rf.wakeReplicators()
	}
}

// joined is what two updates come to, one after the other, if that is a single one. Neither has a
// snapshot. It may take the array of a's entries, which is nobody else's before it is written.
func joined(a, b raftapi.Update) (raftapi.Update, bool) {
	if b.Header != nil {
		a.Header = b.Header
	}
	switch {
	case b.From == 0:
	case a.From == 0:
		a.From, a.Entries = b.From, b.Entries
	case b.From < a.From:
		a.From, a.Entries = b.From, b.Entries // all of a's entries are replaced
	case b.From <= a.From+len(a.Entries):
		a.Entries = append(a.Entries[:b.From-a.From], b.Entries...)
	default:
		return a, false
	}
	return a, true
}
