package rsm

import (
	"fmt"
	"raftlab/internal/servertest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReplicasApplyTheSame(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		leader := c.replicas[c.leader()]
		client, err := leader.Open()
		require.NoError(t, err)
		var group sync.WaitGroup
		for i := range 30 {
			group.Go(func() {
				_, err := leader.Do(fmt.Sprint("concurrent ", i))
				require.NoError(t, err)
			})
		}
		group.Wait()
		for seq := range uint64(10) {
			number, err := leader.Submit(client, seq+1, fmt.Sprint("in order ", seq))
			require.NoError(t, err)
			require.Equal(t, 31+int(seq), number)
		}
		lines := c.agree(40)
		require.Len(t, lines, 40)
		require.Equal(t, "in order 9", lines[39])

		follower := c.replicas[(c.leader()+1)%3]
		_, err = follower.Do("x")
		require.ErrorIs(t, err, ErrNotLeader)
		number, err := follower.Submit(client, 10, "in order 9")
		require.NoError(t, err, "a follower answers a repetition from its table")
		require.Equal(t, 40, number)
	})
}

// Whoever waits at a leader that is cut off hears nothing good, and hears it at once when the
// leader learns that its term has passed.
func TestWaitersOfADeposedLeader(t *testing.T) {
	patient := func(config *Config[string, int]) { config.Patience = time.Hour }
	situations := servertest.Reached(func() {
		inBubble(t, 3, patient, func(c *cluster) {
			old := c.leader()
			_, err := c.replicas[old].Do("before")
			require.NoError(t, err)

			c.Isolate(old)
			answers := make(chan error, 100)
			for i := range 100 {
				go func() {
					_, err := c.replicas[old].Do(fmt.Sprint("lost ", i))
					answers <- err
				}()
			}
			// Another leader has fewer entries, so most of the old one's indices stay empty for
			// now.
			next := c.leader(old)
			_, err = c.replicas[next].Do("after")
			require.NoError(t, err)
			time.Sleep(5 * time.Second)
			require.Empty(t, answers)

			c.Rejoin(old)
			healed := time.Now()
			for range 100 {
				requireOneOf(t, <-answers, ErrUnknown, ErrNotLeader)
			}
			require.Less(t, time.Since(healed), time.Second)
			require.Equal(t, []string{"before", "after"}, c.agree(2))
		})
	})
	require.True(t, situations["waiter answered on lost leadership"])
}

func TestPatienceEnds(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		old := c.leader()
		c.Isolate(old)
		start := time.Now()
		_, err := c.replicas[old].Do("x")
		require.ErrorIs(t, err, ErrUnknown)
		require.Equal(t, 2*time.Second, time.Since(start))
		require.Empty(t, c.replicas[old].waiters.byID)
	})
}

func TestKillAnswersAllWaiters(t *testing.T) {
	patient := func(config *Config[string, int]) { config.Patience = time.Hour }
	inBubble(t, 3, patient, func(c *cluster) {
		leader := c.leader()
		c.Isolate(leader)
		answers := make(chan error, 100)
		for i := range 100 {
			go func() {
				_, err := c.replicas[leader].Do(fmt.Sprint(i))
				answers <- err
			}()
		}
		time.Sleep(time.Second)
		killed := time.Now()
		for _, r := range c.replicas {
			r.Kill()
			r.Kill() // a second time does nothing
		}
		for range 100 {
			require.ErrorIs(t, <-answers, ErrUnknown)
		}
		require.Zero(t, time.Since(killed))
		_, err := c.replicas[leader].Do("late")
		require.ErrorIs(t, err, ErrNotLeader)
	})
}

// A client repeats its operation at every server until it is answered, while leaders come and go.
func TestExactlyOnceThroughCrashes(t *testing.T) {
	small := func(config *Config[string, int]) { config.MaxRaftState = 1000 }
	for _, adjust := range []func(*Config[string, int]){nil, small} {
		inBubble(t, 3, adjust, func(c *cluster) {
			c.Net.Reliable(false)
			clients := []Client{c.open(), c.open(), c.open()}
			var group sync.WaitGroup
			for i, client := range clients {
				group.Go(func() {
					for seq := range uint64(30) {
						c.submit(client, seq+1, fmt.Sprintf("%d:%d", i, seq))
					}
				})
			}
			for round := range 6 {
				time.Sleep(500 * time.Millisecond)
				c.crash(round % 3)
				time.Sleep(200 * time.Millisecond)
				c.start(round % 3)
			}
			group.Wait()
			requireOnce(t, c.agree(90), 3, 30)
		})
	}
}

// requireOnce checks that each client's operations are there, once and in order.
func requireOnce(t *testing.T, lines []string, clients, operations int) {
	t.Helper()
	require.Len(t, lines, clients*operations)
	for i := range clients {
		last := -1
		for seq := range operations {
			at := slices.Index(lines, fmt.Sprintf("%d:%d", i, seq))
			require.Greater(t, at, last, "operation %d of client %d", seq, i)
			last = at
		}
	}
}

// All crash, and come back from what they stored, with and without snapshots.
func TestRestart(t *testing.T) {
	for _, limit := range []int{-1, 1000} {
		situations := servertest.Reached(func() {
			inBubble(t, 3, func(config *Config[string, int]) { config.MaxRaftState = limit }, func(c *cluster) {
				client := c.open()
				for seq := range uint64(50) {
					c.submit(client, seq+1, fmt.Sprintf("0:%d", seq))
				}
				c.agree(50)
				for i := range c.replicas {
					size, snapshot := c.Disks[i].RaftStateSize(), c.Disks[i].SnapshotSize()
					require.Equal(t, limit > 0, snapshot > 0)
					require.Equal(t, limit > 0, size <= 1000, "%d bytes", size)
					c.crash(i)
				}
				for i := range c.replicas {
					c.start(i)
				}
				require.Equal(t, 50, c.submit(client, 50, "0:49"), "a repetition of the last operation")
				require.Equal(t, 51, c.submit(client, 51, "0:50"))
				requireOnce(t, c.agree(51), 1, 51)
			})
		})
		require.Equal(t, limit > 0, situations["service restarted from its snapshot"])
	}
}

// A replica that missed much is brought up by a snapshot, sessions included.
func TestAReplicaThatWasAway(t *testing.T) {
	small := func(config *Config[string, int]) { config.MaxRaftState = 1000 }
	situations := servertest.Reached(func() {
		inBubble(t, 3, small, func(c *cluster) {
			client := c.open()
			away := (c.leader() + 1) % 3
			c.Isolate(away)
			for seq := range uint64(50) {
				c.submit(client, seq+1, fmt.Sprintf("0:%d", seq))
			}
			c.Rejoin(away)
			requireOnce(t, c.agree(50), 1, 50)

			// It has to know the session without having seen its operations.
			result, err := c.replicas[away].Submit(client, 50, "0:49")
			require.NoError(t, err)
			require.Equal(t, 50, result)
		})
	})
	require.True(t, situations["state replaced by the leader's snapshot"])
}

func TestSessionsAreBounded(t *testing.T) {
	few := func(config *Config[string, int]) { config.MaxSessions = 2 }
	inBubble(t, 3, few, func(c *cluster) {
		first := c.open()
		c.submit(first, 1, "first")
		second, third := c.open(), c.open()
		require.Less(t, first, second)
		require.Less(t, second, third)
		_, err := c.replicas[c.leader()].Submit(first, 1, "first")
		require.ErrorIs(t, err, ErrExpired)
		require.Equal(t, 2, c.submit(third, 1, "third"))
	})
}
