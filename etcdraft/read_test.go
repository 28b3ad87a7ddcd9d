package etcdraft

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadIndex(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "a", "b")
		for _, p := range c.peers {
			index, ok := p.ReadIndex()
			require.True(t, ok, "peer %d", p.me)
			require.Equal(t, 2, index)
		}
		writes := c.Disks[leader].RaftStateSize()
		var readers sync.WaitGroup
		before := c.Net.GetTotalCount()
		for range 50 {
			readers.Go(func() {
				_, ok := c.peers[leader].ReadIndex()
				require.True(t, ok)
			})
		}
		readers.Wait()
		require.Less(t, c.Net.GetTotalCount()-before, 10, "they share rounds")
		require.Equal(t, writes, c.Disks[leader].RaftStateSize(), "a read leaves nothing in the log")
	})
}

// A leader that cannot confirm that it still leads must not answer, and says so soon.
func TestReadIndexOfDeposedLeader(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		old := c.leader()
		c.commit(old, "a")
		c.Isolate(old)
		next := c.leader(old)
		c.commit(next, "b")
		began := time.Now()
		_, ok := c.peers[old].ReadIndex()
		require.False(t, ok)
		require.Less(t, time.Since(began), time.Second)

		// Back in reach it is told of the new leader, and a waiting call ends at once.
		result := make(chan bool)
		go func() { _, ok := c.peers[old].ReadIndex(); result <- ok }()
		time.Sleep(time.Millisecond)
		c.Net.HealAll()
		began = time.Now()
		if <-result {
			require.Equal(t, "b", c.at(old, 2), "then it must have come from the new leader")
		}
		require.Less(t, time.Since(began), 150*time.Millisecond, "a heartbeat, and not a repetition")
		c.eventually("reads", func() bool { index, ok := c.peers[old].ReadIndex(); return ok && index == 2 })
	})
}

// A follower's question to the leader gets lost, and is repeated under another context.
func TestReadIndexIsRepeated(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "a")
		other := (leader + 1) % 3
		c.Net.Cut(other, leader)
		result := make(chan bool)
		go func() { _, ok := c.peers[other].ReadIndex(); result <- ok }()
		time.Sleep(time.Millisecond)
		p := c.peers[other]
		p.mu.Lock()
		first := p.reads.last
		p.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
		c.Net.HealAll()
		require.True(t, <-result)
		p.mu.Lock()
		last := p.reads.last
		p.mu.Unlock()
		require.Greater(t, last, first)
		c.restart(other)
		require.Greater(t, c.peers[other].reads.last, last, "nor is one of an earlier life used again")
	})
}

// Messages get lost, and leaders change, while a client writes and others read: no read may miss a
// write that was complete before it.
func TestReadsAreLinearizable(t *testing.T) {
	bubble(t, 5, Config{CheckQuorum: true, PreVote: true}, func(c *cluster) {
		c.Net.Reliable(false)
		var mu sync.Mutex
		complete, answered := 0, 0
		var all sync.WaitGroup
		end := time.Now().Add(20 * time.Second)
		for i := range c.peers {
			all.Go(func() {
				for time.Now().Before(end) {
					mu.Lock()
					least := complete
					mu.Unlock()
					if index, ok := c.peers[i].ReadIndex(); ok {
						require.GreaterOrEqual(t, index, least, "peer %d", i)
						mu.Lock()
						answered++
						mu.Unlock()
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				for _, p := range c.peers {
					if index, _, ok := p.Start(fmt.Sprint(n)); ok {
						time.Sleep(20 * time.Millisecond)
						if c.at(p.me, index) == fmt.Sprint(n) {
							mu.Lock()
							complete = max(complete, index)
							mu.Unlock()
						}
					}
				}
				time.Sleep(10 * time.Millisecond)
				if n%50 == 49 {
					c.Net.HealAll()
					c.Isolate(n / 50 % 5)
				}
			}
		})
		all.Wait()
		require.Greater(t, answered, 500)
		require.Greater(t, complete, 100)
	})
}

// The lease of the library is none: cut off with the others right after a check of its quorum, a
// leader notices after up to two election timeouts, and the others have a new leader by then.
func TestUnsafeLeaseIsUnsafe(t *testing.T) {
	stale := false
	for try := 0; try < 20 && !stale; try++ {
		bubble(t, 3, Config{CheckQuorum: true, UnsafeLease: true}, func(c *cluster) {
			old := c.leader()
			c.commit(old, "a")
			time.Sleep(time.Duration(try) * 17 * time.Millisecond)
			began := c.Net.GetTotalCount()
			index, ok := c.peers[old].ReadIndex()
			require.True(t, ok)
			require.Equal(t, 1, index)
			require.LessOrEqual(t, c.Net.GetTotalCount()-began, 2, "it asks nobody; a heartbeat may pass")

			c.Isolate(old)
			for range 60 {
				time.Sleep(10 * time.Millisecond)
				for i, p := range c.peers {
					if i != old {
						p.Start("b")
					}
				}
				if index, ok := c.peers[old].ReadIndex(); ok && index == 1 {
					stale = stale || c.at((old+1)%3, 2) == "b" || c.at((old+2)%3, 2) == "b"
				}
			}
			c.Net.HealAll()
		})
	}
	require.True(t, stale, "a read of the old leader that misses a write of the new one")
}
