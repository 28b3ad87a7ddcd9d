package raft

import "raftlab/raftapi"

// Runs of entries (Config.ApplyRuns; what etcd's Ready hands over in CommittedEntries): the applier
// takes all that may be applied under one lock, and not one entry after the other. A service that
// does the same (kvraft/rsm/apply.go) finds them on its channel, and takes its own lock once.
//
// lastApplied is then the end of the run: "handed to the service, or on its way there". So nothing
// that waits for a service may look at it; a reader waits for what the service itself has applied.

// maxRun is how many entries a run has at most. A service that has to take a snapshot cannot do so
// within one.
const maxRun = 64

// nextOfRun returns the next message of a run that has been taken. Only the applier calls it.
func (rf *Raft) nextOfRun() (msg raftapi.ApplyMsg, ok bool) {
	if len(rf.run) == 0 {
		return msg, false
	}
	msg, rf.run = rf.run[0], rf.run[1:]
	return msg, true
}

// takeRun takes the entries that may be applied behind the one that is on its way.
func (rf *Raft) takeRun() {
	if !rf.config.ApplyRuns {
		return
	}
	for end := min(rf.mayApply(), rf.lastApplied+maxRun-1); rf.lastApplied < end; {
		rf.lastApplied++
		rf.run = append(rf.run, rf.applyMsg(rf.lastApplied))
	}
	if len(rf.run) > 0 {
		raftapi.Reached("several entries in one run")
	}
}
