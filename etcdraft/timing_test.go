package etcdraft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// All peers know the leader once there is one, also with another timing.
func TestTimingAndLeader(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		for _, p := range c.peers {
			_, known := p.Leader()
			require.False(t, known)
			require.ErrorContains(t, p.SetTiming(time.Millisecond, time.Second), "one tick at least")
			require.NoError(t, p.SetTiming(time.Second, 5*time.Second))
		}
		began := time.Now()
		want := c.leader()
		require.Greater(t, time.Since(began), 4*time.Second)
		c.commit(want, "x")
		for _, p := range c.peers {
			leader, known := p.Leader()
			require.True(t, known)
			require.Equal(t, want, leader)
		}
	})
}
