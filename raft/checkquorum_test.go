package raft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A leader that is cut off steps down within an election timeout of the last answer, and not
// before.
func TestIsolatedLeaderStepsDown(t *testing.T) {
	for _, n := range []int{3, 5} {
		inCluster(t, n, all(Config{CheckQuorum: true}), func(c *cluster) {
			for range 5 {
				leader := c.leader()
				counts := c.situations()
				c.Isolate(leader)
				time.Sleep(150 * time.Millisecond)
				_, leads := c.peers[leader].GetState()
				require.True(t, leads, "too early: one heartbeat and a half")
				time.Sleep(155 * time.Millisecond)
				_, leads = c.peers[leader].GetState()
				require.False(t, leads)
				require.Equal(t, 1, counts("leader stepped down without a quorum"))
				_, _, ok := c.peers[leader].Start("lost")
				require.False(t, ok)
				c.commitSomewhere(c.others(leader)...)
				c.Net.HealAll()
				c.settle()
			}
		})
	}
}

// A leader with one follower of four left has no majority, with two it has: it counts itself once.
func TestQuorumIsCountedRight(t *testing.T) {
	inCluster(t, 5, all(Config{CheckQuorum: true, PreVote: true}), func(c *cluster) {
		leader := c.leader()
		rest := c.others(leader)
		c.Isolate(rest[0])
		c.Isolate(rest[1])
		time.Sleep(5 * time.Second)
		require.Equal(t, leader, c.leader(leader, rest[2], rest[3]), "3 of 5 are a majority")
		c.Isolate(rest[2])
		time.Sleep(350 * time.Millisecond)
		_, leads := c.peers[leader].GetState()
		require.False(t, leads, "2 of 5 are none")
	})
}

// Without a fault no leader steps down, on a network that loses a fifth of the calls either.
func TestHealthyLeaderStays(t *testing.T) {
	for _, reliable := range []bool{true, false} {
		inCluster(t, 5, all(Config{CheckQuorum: true, PreVote: true}), func(c *cluster) {
			leader := c.leader()
			c.Net.Reliable(reliable)
			time.Sleep(time.Minute)
			require.Equal(t, leader, c.leader())
		})
	}
}

// Answers that are late count when they come in. Counted from their calls, two of three of these
// would be too old, and the leader would step down 40 times in a minute.
func TestLateAnswersCount(t *testing.T) {
	inCluster(t, 3, all(Config{CheckQuorum: true, PreVote: true}), func(c *cluster) {
		c.leader()
		c.Net.LongReordering(true) // two replies of three take 0.2 to 2.2 s
		counts := c.situations()
		time.Sleep(time.Minute)
		require.Less(t, counts("leader stepped down without a quorum"), 15)
	})
}

// §4.2.3: within the minimum election timeout of hearing from a leader nobody votes for another.
func TestStickiness(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  Config
		heard   time.Duration // ago
		granted bool
	}{
		{"heard just now", Config{CheckQuorum: true}, 0, false},
		{"heard 299 ms ago", Config{CheckQuorum: true}, 299 * time.Millisecond, false},
		{"heard 300 ms ago", Config{CheckQuorum: true}, 300 * time.Millisecond, true},
		{"implied by leases", Config{LeaseRead: true}, 0, false},
		{"not switched on", Config{PreVote: true}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Now()
			c.config.Now = func() time.Time { return now }
			rf := newPeerWith(t, c.config, 5, 1)
			rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
			now = now.Add(c.heard)

			var pre RequestPreVoteReply
			rf.RequestPreVote(&RequestPreVoteArgs{Term: 9, CandidateId: 1, LastLogIndex: 1, LastLogTerm: 1}, &pre)
			require.Equal(t, c.granted, pre.VoteGranted)

			var reply RequestVoteReply
			rf.RequestVote(&RequestVoteArgs{Term: 9, CandidateId: 1, LastLogIndex: 1, LastLogTerm: 1}, &reply)
			require.Equal(t, c.granted, reply.VoteGranted)
			if !c.granted {
				require.Equal(t, 5, rf.currentTerm, "the newer term is not adopted")
				require.Equal(t, 5, reply.Term)
			}
			requireStored(t, rf)
		})
	}
}

// The promise not to vote outlives what else may happen to a follower within the time.
func TestStickinessIsAPromise(t *testing.T) {
	now := time.Now()
	config := Config{CheckQuorum: true, Now: func() time.Time { return now }}
	refuses := func(rf *Raft) bool {
		var reply RequestVoteReply
		rf.RequestVote(&RequestVoteArgs{Term: 99, CandidateId: 1, LastLogIndex: 9, LastLogTerm: 9}, &reply)
		return !reply.VoteGranted
	}
	t.Run("a newer term in a late reply", func(t *testing.T) {
		rf := newPeerWith(t, config, 5, 1)
		rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
		rf.replyCounts(candidate, 4, 7) // of an election that was over when the leader was heard
		require.Equal(t, 7, rf.currentTerm)
		require.True(t, refuses(rf))
	})
	t.Run("the newer term itself", func(t *testing.T) { // in which it has voted for nobody yet
		rf := newPeerWith(t, config, 5, 1)
		rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
		rf.replyCounts(candidate, 4, 99)
		require.Equal(t, 99, rf.currentTerm)
		require.True(t, refuses(rf))
	})
	t.Run("a crash", func(t *testing.T) {
		rf := newPeerWith(t, config, 5, 1)
		rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
		again := restore(Config{Peers: rf.peers, Persister: rf.persister.Copy(), ApplyCh: rf.applyCh, CheckQuorum: true, Now: config.Now})
		t.Cleanup(again.Kill)
		require.True(t, refuses(again))
		now = now.Add(300 * time.Millisecond)
		require.False(t, refuses(again))
	})
	t.Run("not at the very first start", func(t *testing.T) {
		rf := restore(Config{Peers: rf3(), Persister: newPeer(t, 0).persister, ApplyCh: nil, CheckQuorum: true, Now: config.Now})
		t.Cleanup(rf.Kill)
		require.False(t, refuses(rf))
	})
}

// A server in a newer term, whom nobody wants to vote for, gets back into the cluster: its refusal
// of the leader's AppendEntries deposes the leader.
func TestStuckCandidateIsFreed(t *testing.T) {
	inCluster(t, 3, all(Config{CheckQuorum: true}), func(c *cluster) {
		leader := c.leader()
		away := (leader + 1) % 3
		c.Isolate(away)
		c.commit(leader, "missed")
		time.Sleep(3 * time.Second)
		c.Net.HealAll()
		c.commitSomewhere(0, 1, 2)
		c.settle()
	})
}
