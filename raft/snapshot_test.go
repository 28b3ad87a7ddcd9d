package raft

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/raftapi"
)

// The receiver's rules of InstallSnapshot (Figure 13), on a follower in term 5 with log 1 1 2 2 3,
// of which entries up to 2 are committed and applied.
func TestInstallSnapshot(t *testing.T) {
	for _, c := range []struct {
		name              string
		term, index, last int // the request's term, last included index and term
		base              int
		log               []int
		installed         bool
		situation         string
	}{
		{"old term", 4, 9, 4, 0, []int{1, 1, 2, 2, 3}, false, ""},
		{"beyond the log", 5, 9, 4, 9, []int{}, true, "snapshot installed"},
		{"a matching entry: keep what follows", 5, 4, 2, 4, []int{3}, true, "snapshot kept a suffix"},
		{"the last entry matches", 5, 5, 3, 5, []int{}, true, "snapshot installed"},
		{"another term there: drop all", 5, 4, 4, 4, []int{}, true, "snapshot installed"},
		{"committed already", 5, 2, 1, 0, []int{1, 1, 2, 2, 3}, false, "stale snapshot ignored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 5, 1, 1, 2, 2, 3)
			rf.commitIndex, rf.lastApplied = 2, 2
			var reply InstallSnapshotReply
			situations := servertest.Reached(func() {
				rf.InstallSnapshot(&InstallSnapshotArgs{
					Term: c.term, LastIncludedIndex: c.index, LastIncludedTerm: c.last, Data: []byte("theirs"),
				}, &reply)
			})
			require.Equal(t, 5, reply.Term)
			require.Equal(t, c.base, rf.log.base)
			require.Equal(t, c.log, termsOf(rf.log))
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
			requireStored(t, rf)
			if !c.installed {
				require.Equal(t, 2, rf.commitIndex)
				return
			}
			require.Equal(t, c.index, rf.commitIndex)
			msg, ok := rf.nextToApply()
			require.True(t, ok)
			require.Equal(t, raftapi.ApplyMsg{
				SnapshotValid: true, Snapshot: []byte("theirs"), SnapshotIndex: c.index, SnapshotTerm: c.last,
			}, msg)
		})
	}
}

func TestServiceSnapshot(t *testing.T) {
	rf := newPeer(t, 5, 1, 1, 2, 2, 3)
	rf.commitIndex, rf.lastApplied = 4, 4

	buffer := []byte("state at 3")
	rf.Snapshot(3, buffer)
	buffer[0] = 'X' // the service may use its buffer again
	require.Equal(t, "state at 3", string(rf.snapshot))
	require.Equal(t, []int{2, 3}, termsOf(rf.log))
	requireStored(t, rf)

	rf.Snapshot(2, []byte("older"))
	rf.Snapshot(5, []byte("of entries that were never applied"))
	require.Equal(t, "state at 3", string(rf.snapshot))
	require.Equal(t, 3, rf.log.base)
	requireStored(t, rf)
}

// Restarted, a peer goes on behind its snapshot: the service reads that from the persister itself.
func TestRestartFromSnapshot(t *testing.T) {
	rf := newPeer(t, 5, 1, 1, 2, 2, 3)
	rf.commitIndex, rf.lastApplied = 4, 4
	rf.Snapshot(3, []byte("state"))

	var again *Raft
	require.True(t, servertest.Reached(func() { again = reopen(t, rf.persister.Copy()) })["restarted from snapshot"])
	require.Equal(t, 3, again.commitIndex)
	again.AppendEntries(&AppendEntriesArgs{Term: 5, PrevLogIndex: 5, PrevLogTerm: 3, LeaderCommit: 4}, &AppendEntriesReply{})
	msg, ok := again.nextToApply()
	require.True(t, ok)
	require.True(t, msg.CommandValid)
	require.Equal(t, 4, msg.CommandIndex)
}
