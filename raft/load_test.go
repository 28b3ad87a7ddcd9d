package raft

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A load ends with its own answer, or some time after the answer to something that was sent later.
func TestLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rf := newPeerWith(t, Config{UncommittedLimit: 100}, 4)
		lead(rf)
		f := rf.followers[1]
		entries := &AppendEntriesArgs{Entries: make([]LogEntry, 1)}
		before := f.sendsBeat()
		first := rf.sendsEntries(f, entries)
		require.True(t, rf.underWay(f))
		f.load.came(before, true)
		require.Zero(t, f.load.doubted, "it was sent earlier")
		require.Equal(t, before.load+1, rf.sendsEntries(f, &AppendEntriesArgs{}).load, "no entries, no load")

		later := f.sendsBeat()
		f.load.came(later, false)
		require.Zero(t, f.load.doubted, "nobody has answered")
		f.load.came(later, true)
		require.True(t, rf.underWay(f), "it may have been overtaken")
		time.Sleep(rf.config.HeartbeatInterval)
		require.False(t, rf.underWay(f), "it is taken for lost")

		second := rf.sendsSnapshot(f)
		f.load.came(first, true)
		require.True(t, rf.underWay(f), "an answer to the first says nothing of the second")
		f.load.came(f.sendsBeat(), true)
		time.Sleep(rf.config.HeartbeatInterval)
		require.True(t, rf.underWay(f), "a snapshot may take longer")
		f.load.came(second, false)
		require.False(t, rf.underWay(f), "the carrier has said that it is lost")
	})
}

// With nothing but Figure 2 a leader sends again what is not answered.
func TestFigure2SendsAgain(t *testing.T) {
	rf := newPeerWith(t, Config{}, 4)
	lead(rf)
	rf.sendsSnapshot(rf.followers[1])
	require.False(t, rf.underWay(rf.followers[1]))
}
