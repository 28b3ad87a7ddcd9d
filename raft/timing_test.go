package raft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSetTiming(t *testing.T) {
	rf := newPeer(t, 1)
	require.NoError(t, rf.SetTiming(2*time.Second, time.Minute))
	rf.mu.Lock()
	require.Greater(t, time.Until(rf.electionDeadline), 50*time.Second)
	rf.mu.Unlock()
	require.ErrorContains(t, rf.SetTiming(time.Second, time.Second), "followers would depose a leader")
	require.Equal(t, 2*time.Second, rf.config.HeartbeatInterval, "a refused one changes nothing")
}

// All servers know the leader once there is one.
func TestLeader(t *testing.T) {
	inCluster(t, 3, all(Config{}), func(c *cluster) {
		_, known := c.peers[0].Leader()
		require.False(t, known)
		want := c.leader()
		c.commit(want, "x")
		for _, rf := range c.peers {
			leader, known := rf.Leader()
			require.True(t, known)
			require.Equal(t, want, leader)
		}
	})
}
