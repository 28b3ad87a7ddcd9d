package raft

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLeaseReadCostsNoMessage(t *testing.T) {
	inCluster(t, 3, all(Config{LeaseRead: true}), func(c *cluster) {
		leader := c.leader()
		index := c.commit(leader, "x")
		counts := c.situations()
		before := c.Net.GetTotalCount()
		for range 1000 {
			at, ok := c.peers[leader].LeaseRead()
			require.True(t, ok)
			require.GreaterOrEqual(t, at, index)
		}
		require.Equal(t, before, c.Net.GetTotalCount())
		require.Equal(t, 1000, counts("read on a lease"))
		for _, i := range c.others(leader) {
			_, ok := c.peers[i].LeaseRead()
			require.False(t, ok, "followers have no lease")
		}
		for range 1000 {
			time.Sleep(7 * time.Millisecond)
			_, ok := c.peers[leader].LeaseRead()
			require.True(t, ok, "a healthy leader's lease has no gaps")
		}
	})
}

// The lease of a leader that is cut off ends before another can be elected.
func TestLeaseEndsBeforeTheNextElection(t *testing.T) {
	inCluster(t, 3, all(Config{LeaseRead: true}), func(c *cluster) {
		for range 20 {
			old := c.leader()
			c.commit(old, "x")
			counts := c.situations()
			c.Isolate(old)
			began, ended := time.Now(), time.Duration(0)
			for elected := false; !elected; time.Sleep(time.Millisecond) {
				_, ok := c.peers[old].LeaseRead()
				if !ok && ended == 0 {
					ended = time.Since(began)
				}
				for _, i := range c.others(old) {
					_, leads := c.peers[i].GetState()
					elected = elected || leads
				}
				require.False(t, ok && elected)
			}
			require.Less(t, ended, 241*time.Millisecond, "300 ms / 1.25 after the last call")
			require.Greater(t, ended, 100*time.Millisecond)
			require.NotZero(t, counts("lease refused: it has run out"))
			c.Net.HealAll()
			c.commitSomewhere(0, 1, 2)
			c.settle()
		}
	})
}

// The lease counts from the call, however late its answer comes in.
func TestLeaseBeginsWithTheCall(t *testing.T) {
	now := time.Now()
	rf := newPeerWith(t, Config{LeaseRead: true, Now: func() time.Time { return now }}, 5, 5)
	lead(rf)
	beginContacts(rf.followers, now)
	rf.commitIndex = 1
	valid := func() bool { _, ok := rf.LeaseRead(); return ok }
	require.False(t, valid(), "an election is no lease")

	r := rf.followers[1]
	first := rf.callStarts(r)
	now = now.Add(100 * time.Millisecond)
	second := rf.callStarts(r)
	now = now.Add(100 * time.Millisecond)
	rf.callAnswered(r, second)
	require.True(t, valid())
	rf.callAnswered(r, first) // overtaken by the other
	now = now.Add(139 * time.Millisecond)
	require.True(t, valid(), "239 ms after the second call")
	now = now.Add(time.Millisecond)
	require.False(t, valid(), "240 ms = 300 ms / 1.25")

	rf.callAnswered(r, rf.callStarts(r))
	require.True(t, valid())
	rf.log.append(LogEntry{Term: 5})
	rf.mu.Lock()
	rf.stepDown()
	rf.mu.Unlock()
	require.False(t, valid(), "a lease ends with the leadership")
}

func TestLeaseNeedsOwnTerm(t *testing.T) {
	now := time.Now()
	rf := newPeerWith(t, Config{LeaseRead: true, Now: func() time.Time { return now }}, 5, 4)
	lead(rf)
	beginContacts(rf.followers, now)
	rf.commitIndex = 1
	r := rf.followers[1]
	rf.callAnswered(r, rf.callStarts(r))
	_, ok := rf.LeaseRead()
	require.False(t, ok)
	rf.appendNoOp()
	rf.learnMatch(rf.followers[1], 2)
	index, ok := rf.LeaseRead()
	require.True(t, ok)
	require.Equal(t, 2, index)
}

// staleLeaseReads counts stale reads of leaders whose clocks run at a rate other than the
// followers'.
func staleLeaseReads(t *testing.T, leaders, followers float64) (stale, reads int) {
	inCluster(t, 3, all(everything), func(c *cluster) {
		h := c.runHistory(time.Minute, func(rf *Raft) (int, bool) { return rf.LeaseRead() }, func(r *rand.Rand) {
			c.Net.HealAll()
			for _, rf := range c.peers {
				if _, leads := rf.GetState(); leads {
					rf.DriftClock(leaders)
				} else {
					rf.DriftClock(followers)
				}
			}
			for i, rf := range c.peers {
				if _, leads := rf.GetState(); leads && r.IntN(2) == 0 {
					c.Isolate(i)
				}
			}
		})
		stale, reads = len(h.stale), h.reads
	})
	return stale, reads
}

// Clocks that differ by no more than the bound are harmless; and the bound is there for a reason.
func TestLeaseUnderDrift(t *testing.T) {
	for _, c := range []struct{ leaders, followers float64 }{{1, 1}, {0.8, 1}, {0.9, 1.12}, {1, 1.25}, {1.5, 1}} {
		stale, reads := staleLeaseReads(t, c.leaders, c.followers)
		require.Zero(t, stale, "leaders at %v, followers at %v", c.leaders, c.followers)
		require.Greater(t, reads, 200)
	}
	stale, _ := staleLeaseReads(t, 0.3, 1.5)
	require.NotZero(t, stale, "five times as fast is beyond any promise")
}

func TestClock(t *testing.T) {
	source := time.Unix(1000, 0)
	c := newClock(func() time.Time { return source })
	require.Equal(t, source, c.now())
	c.setRate(2)
	require.Equal(t, source, c.now(), "it does not jump")
	source = source.Add(time.Second)
	require.Equal(t, time.Unix(1002, 0), c.now())
	c.setRate(0.5)
	require.Equal(t, time.Unix(1002, 0), c.now())
	source = source.Add(4 * time.Second)
	require.Equal(t, time.Unix(1004, 0), c.now())
	require.Equal(t, 2*time.Second, c.real(time.Second))
}

// A clock that runs fast makes elections earlier.
func TestDriftMovesTheElectionTimer(t *testing.T) {
	rf := newPeer(t, 1)
	rf.DriftClock(10)
	require.Less(t, time.Until(rf.electionDeadline), 61*time.Millisecond)
	for range 100 {
		rf.resetElectionTimer()
		require.Less(t, time.Until(rf.electionDeadline), 61*time.Millisecond)
	}
	require.Panics(t, func() { rf.DriftClock(0) })
}
