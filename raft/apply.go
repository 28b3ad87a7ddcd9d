package raft

import (
	"bytes"

	"raftlab/raftapi"
)

// Applying (Figure 2, All Servers: "If commitIndex > lastApplied: increment lastApplied, apply
// log[lastApplied] to state machine").

// runApplier is the goroutine that hands committed entries and snapshots to the service. It is the
// only one that sends on applyCh, so their order there is the order of the log. It does not hold
// the mutex while it sends: a service that is slow, or calls Snapshot while it consumes, holds up
// nothing but its own supply.
func (rf *Raft) runApplier() {
	for {
		msg, ok := rf.nextToApply()
		if !ok {
			return
		}
		select {
		case rf.applyCh <- msg:
		case <-rf.done:
			return
		}
	}
}

// nextToApply waits until there is something for the service; ok is false after Kill.
//
//	                lastApplied     commitIndex
//	                     v              v
//	entry            1 2 3 4 5 6 7 8 9 10 11            next is entry 4
//	entry, snapshot  [   base 6   ] 7 8 9 10 11         next is the snapshot, then entry 7
func (rf *Raft) nextToApply() (msg raftapi.ApplyMsg, ok bool) {
	if msg, ok := rf.nextOfRun(); ok {
		return msg, true
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	for rf.lastApplied == rf.mayApply() && !rf.killed {
		rf.toApply.Wait()
	}
	if rf.killed {
		return raftapi.ApplyMsg{}, false
	}
	if rf.lastApplied < rf.log.base {
		// The leader's snapshot took the place of entries that were not applied yet (§7).
		rf.lastApplied = rf.log.base
		return raftapi.ApplyMsg{
			SnapshotValid: true,
			Snapshot:      bytes.Clone(rf.snapshot), // the service may do with it what it likes
			SnapshotIndex: rf.log.base,
			SnapshotTerm:  rf.log.baseTerm,
		}, true
	}
	rf.lastApplied++
	msg = rf.applyMsg(rf.lastApplied)
	rf.takeRun()
	return msg, true
}

// applyMsg tells the service of the entry at index.
func (rf *Raft) applyMsg(index int) raftapi.ApplyMsg {
	command := rf.log.at(index).Command
	if _, ok := command.(NoOp); ok {
		return raftapi.ApplyMsg{CommandIndex: index}
	}
	return raftapi.ApplyMsg{CommandValid: true, Command: command, CommandIndex: index}
}
