package raft

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// A cluster of one server is a leader soon, and commits on its own.
func TestClusterOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		applyCh := make(chan raftapi.ApplyMsg)
		rf := Make(make([]*labrpc.ClientEnd, 1), 0, raftapi.MakePersister(), applyCh)
		time.Sleep(time.Second)
		term, leads := rf.GetState()
		require.True(t, leads)
		for i := 1; i <= 3; i++ {
			index, startTerm, ok := rf.Start(i * 100)
			require.True(t, ok)
			require.Equal(t, i, index)
			require.Equal(t, term, startTerm)
			require.Equal(t, raftapi.ApplyMsg{CommandValid: true, Command: i * 100, CommandIndex: i}, <-applyCh)
		}
		rf.Kill()
		// The bubble ends only when all goroutines have.
	})
}

// A service that does not consume holds up nothing else, and does not keep a killed peer alive.
func TestSlowService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		applyCh := make(chan raftapi.ApplyMsg)
		rf := Make(make([]*labrpc.ClientEnd, 1), 0, raftapi.MakePersister(), applyCh)
		time.Sleep(time.Second)
		for i := range 10 {
			rf.Start(i)
		}
		synctest.Wait()
		index, _, ok := rf.Start("still takes commands")
		require.True(t, ok)
		require.Equal(t, 11, index)
		require.Equal(t, 11, rf.commitIndex)
		require.Equal(t, 1, rf.lastApplied, "on its way")
		rf.Kill()
		rf.Kill() // once more does no harm
		synctest.Wait()
		_, leads := rf.GetState()
		require.False(t, leads)
	})
}

// Commands and snapshots come in the order of the log, whatever else happens meanwhile.
func TestSnapshotBetweenCommands(t *testing.T) {
	rf := newPeer(t, 5, 1, 1, 1, 1)
	rf.commitIndex = 3
	msg, _ := rf.nextToApply()
	require.Equal(t, 1, msg.CommandIndex)

	require.True(t, servertest.Reached(func() {
		rf.InstallSnapshot(&InstallSnapshotArgs{Term: 5, LastIncludedIndex: 6, LastIncludedTerm: 2}, &InstallSnapshotReply{})
	})["snapshot overtook the applier"])
	rf.AppendEntries(&AppendEntriesArgs{
		Term: 5, PrevLogIndex: 6, PrevLogTerm: 2, Entries: entriesOf(5), LeaderCommit: 7,
	}, &AppendEntriesReply{})

	msg, _ = rf.nextToApply()
	require.True(t, msg.SnapshotValid)
	require.Equal(t, 6, msg.SnapshotIndex)
	msg, _ = rf.nextToApply()
	require.Equal(t, 7, msg.CommandIndex)
}
