//go:build !wasip1

package tester_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// A peer that copies its ends and its persister by value, so that they are not those that the
// harness knows, goes on after its crash and helps its successor. Nothing of that may get anywhere,
// and the trace says so.
func TestZombieWithCopies(t *testing.T) {
	v, events := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		old := th.peer(0)
		for i, e := range old.ends {
			copied := *e
			old.ends[i] = &copied
		}
		copied := *old.store
		old.store = &copied
		require.True(t, old.heartbeat(1, 1))
		old.store.Save([]byte("kept"), nil)
		c.Restart(0)
		heir := th.peer(0)
		require.NotSame(t, old, heir)
		require.False(t, old.heartbeat(1, 7), "the crash has ended this end, too")
		require.False(t, old.askForVote(2, 7))
		require.False(t, (&puppet{me: 0, ends: []*labrpc.ClientEnd{old.ends[0], old.ends[1]}}).heartbeat(0, 7), "nor is its heir reached")
		old.store.Save([]byte("by a zombie"), nil)
		require.Equal(t, "kept", string(heir.store.ReadRaftState()))
		require.True(t, heir.heartbeat(1, 1))
		c.Restart(0)
		require.Equal(t, "kept", string(th.peer(0).store.ReadRaftState()))
	})
	passes(t, v)
	lost := 0
	for _, e := range events {
		if e.Kind == record.Dropped {
			require.Equal(t, "its sender has crashed", e.Text)
			lost++
		}
	}
	require.Equal(t, 3, lost)
}

// Messages that say nothing come to an end, with a word about them; those of a zombie are left
// where they are.
func TestUselessApplies(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		for range 20_000 {
			th.peer(1).applyCh <- raftapi.ApplyMsg{Command: "x"}
		}
	})
	breaks(t, v, tester.RuleApplyOrder, "peer 1 has sent 10001 messages on its apply channel with neither")

	v, _ = play(t, 3, tester.Options{}, func(c cluster, th cast) {
		zombie := th.peer(1)
		c.Restart(1)
		for range 10_001 {
			zombie.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 1, Command: "x"}
		}
		select {
		case zombie.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 1, Command: "x"}:
			t.Error("somebody still listens")
		case <-time.After(time.Second):
		}
	})
	passes(t, v)
}
