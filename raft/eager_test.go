package raft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With EagerCommit followers know what is committed after a message, and not after a heartbeat.
func TestNewsOfCommitments(t *testing.T) {
	for _, pipeline := range []bool{false, true} {
		inCluster(t, 3, all(Config{EagerCommit: true, Pipeline: pipeline}), func(c *cluster) {
			leader := c.leader()
			c.commit(leader, "first")
			c.settle()
			time.Sleep(30 * time.Millisecond)
			seen := c.situations()
			index := c.commit(leader, "news")
			time.Sleep(3 * time.Millisecond)
			for i := range c.peers {
				require.Equal(t, index, c.committed(i))
			}
			require.Positive(t, seen("commitment told at once")+seen("commitments told together"))
		})
	}
}

// Rule 2: what is committed while news is on its way goes out together, so that many commands cost
// few messages.
func TestNewsIsCoalesced(t *testing.T) {
	calls := func(eager bool) (n int) {
		inCluster(t, 3, all(Config{EagerCommit: eager, Pipeline: true}), func(c *cluster) {
			leader := c.leader()
			c.commit(leader, "first")
			c.Net.Latency(20*time.Millisecond, 21*time.Millisecond)
			before := c.Net.GetTotalCount()
			for i := range 100 {
				c.peers[leader].Start(i)
				time.Sleep(time.Millisecond)
			}
			time.Sleep(300 * time.Millisecond)
			n = c.Net.GetTotalCount() - before
		})
		return n
	}
	plain, eager := calls(false), calls(true)
	require.Greater(t, eager, plain)
	require.Less(t, eager, plain+30, "two followers, and a message each 40 ms")
}

// Rule 3: with ReadIndex only a follower that reads is told.
func TestNewsGoesWhereSomebodyReads(t *testing.T) {
	inCluster(t, 3, all(Config{EagerCommit: true, Pipeline: true, ReadIndex: true}), func(c *cluster) {
		leader := c.leader()
		rest := c.others(leader)
		reader := rest[0]
		c.commit(leader, "first")
		c.settle()
		time.Sleep(130 * time.Millisecond)
		c.Net.Latency(5*time.Millisecond, 6*time.Millisecond)
		last := c.commit(leader, "news")
		time.Sleep(8 * time.Millisecond)
		for _, i := range rest {
			require.Less(t, c.committed(i), last, "nobody reads: the next heartbeat is soon enough")
		}
		index, ok := c.peers[reader].ReadIndex()
		require.True(t, ok)
		require.Equal(t, last, index)
		require.Equal(t, last, c.committed(reader))
	})
}

// A reader that lacks the entry when its read is let in is told when it has it.
func TestNewsForAReaderThatIsBehind(t *testing.T) {
	rf := newPeerWith(t, Config{EagerCommit: true, Pipeline: true, ReadIndex: true}, 4, 4, 4, 4, 4)
	lead(rf)
	rf.followers[2].matchIndex = 4
	rf.followers[1].nextIndex = 5
	rf.advanceCommitIndex()
	rf.letIn(&read{answer: make(chan int, 1), reader: 1})
	require.False(t, rf.owesNews(rf.followers[1]), "it has nothing that it could be told of")
	require.False(t, rf.owesNews(rf.followers[2]), "nobody reads there")
	rf.followers[1].matchIndex = 4
	require.True(t, rf.owesNews(rf.followers[1]))
}

// Rule 4: never more than is known to match.
func TestNewsIsBoundedByMatch(t *testing.T) {
	rf := newPeerWith(t, Config{EagerCommit: true, Pipeline: true}, 4, 4, 4, 4, 4)
	lead(rf)
	rf.followers[2].matchIndex = 4
	rf.followers[1].matchIndex, rf.followers[1].nextIndex = 2, 5
	rf.advanceCommitIndex()
	require.Equal(t, 4, rf.commitIndex)
	args := rf.heartbeatArgs(rf.followers[1])
	require.Equal(t, 2, args.PrevLogIndex)
	require.Equal(t, 2, args.LeaderCommit)
	require.False(t, rf.owesNews(rf.followers[1]), "it has just been told what it may know")
	require.True(t, rf.owesNews(rf.followers[2]))
}
