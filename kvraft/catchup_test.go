package kvraft

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// A server that was away while the others took snapshots gets what it missed: with catch-up as
// entries, from the leader's memory, and otherwise as a snapshot. What is persisted stays bounded
// either way.
func TestALaggingServerIsCaughtUp(t *testing.T) {
	const maxState = 1000
	for _, c := range []struct {
		name     string
		options  []Option
		snapshot bool
	}{
		{"with catch-up", []Option{WithCatchUp()}, false},
		{"without", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, maxState, c.options, func(s *cluster) {
				ck := s.clerk()
				ck.Put("x", "first")
				away := (s.leader() + 1) % 3
				snapshots := 0
				s.Net.Observe(func(m *labrpc.Message) {
					if m.Kind == labrpc.Delivered && m.To == away && m.Method == "Raft.InstallSnapshot" {
						snapshots++
					}
				})
				s.Isolate(away)
				for i := range 100 {
					ck.Put("x", fmt.Sprint(i))
				}
				require.NotZero(t, s.Disks[s.leader()].SnapshotSize(), "the others took snapshots")
				s.Rejoin(away)
				time.Sleep(5 * time.Second)
				require.Equal(t, s.servers[(away+1)%3].replica.Applied(), s.servers[away].replica.Applied())
				require.Equal(t, c.snapshot, snapshots > 0, "%d snapshots", snapshots)
				for i, p := range s.Disks {
					require.LessOrEqual(t, p.RaftStateSize(), maxState, "server %d", i)
				}
			})
		})
	}
}
