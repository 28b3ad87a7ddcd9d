package raft

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/raftapi"
)

// A transfer takes milliseconds, with any mix of the extensions that could be in its way.
func TestTransfer(t *testing.T) {
	for name, config := range map[string]Config{
		"alone":      {Transfer: true},
		"sticky":     {Transfer: true, CheckQuorum: true, PreVote: true},
		"everything": everything,
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, 3, all(config), func(c *cluster) {
				for range 20 {
					old := c.leader()
					c.commit(old, "x")
					heir := (old + 1) % 3
					term, _ := c.peers[old].GetState()
					counts := c.situations()
					began := time.Now()
					require.True(t, c.peers[old].TransferLeadership(heir))
					require.Less(t, time.Since(began), 20*time.Millisecond)
					newer, leads := c.peers[heir].GetState()
					require.True(t, leads)
					require.Equal(t, term+1, newer)
					require.Equal(t, 1, counts("leadership transferred"))
					require.Zero(t, counts("pre-vote started"))
				}
			})
		})
	}
}

// An heir that lacks entries gets them first; commands are refused meanwhile.
func TestTransferWaitsForTheLog(t *testing.T) {
	inCluster(t, 3, all(everything), func(c *cluster) {
		old := c.leader()
		heir := (old + 1) % 3
		c.Isolate(heir)
		for i := range 1000 {
			c.peers[old].Start(i)
		}
		last := c.commit(old, "last")
		counts := c.situations()
		c.Net.HealAll()
		done := make(chan bool, 1)
		go func() { done <- c.peers[old].TransferLeadership(heir) }()
		time.Sleep(100 * time.Microsecond)
		_, _, ok := c.peers[old].Start("refused")
		require.False(t, ok)
		_, leads := c.peers[old].GetState()
		require.True(t, leads)
		if !<-done { // the heir may have failed a call before, and wait for a heartbeat
			require.True(t, c.peers[old].TransferLeadership(heir))
		}
		require.Equal(t, heir, c.leader())
		require.NotZero(t, counts("transfer waited for the heir's log"))
		require.NotZero(t, counts("command refused during a transfer"))
		c.peers[heir].mu.Lock()
		defer c.peers[heir].mu.Unlock()
		require.GreaterOrEqual(t, c.peers[heir].log.lastIndex(), last)
	})
}

// A transfer to somebody who is not there is given up after an election timeout; everything
// goes on but for the lease, if the order has been sent.
func TestTransferIsGivenUp(t *testing.T) {
	for _, lacks := range []bool{true, false} {
		inCluster(t, 3, all(everything), func(c *cluster) {
			leader := c.leader()
			heir := (leader + 1) % 3
			c.commit(leader, "x")
			c.settle()
			c.Isolate(heir)
			if lacks {
				c.commit(leader, "which the heir lacks")
			}
			began := time.Now()
			require.False(t, c.peers[leader].TransferLeadership(heir))
			require.Equal(t, 300*time.Millisecond, time.Since(began))
			require.Equal(t, leader, c.leader())
			c.commit(leader, "commands are taken again")
			_, ok := c.peers[leader].LeaseRead()
			require.Equal(t, lacks, ok, "no lease once the order was sent: it may still be on its way")
			_, ok = c.peers[leader].ReadIndex()
			require.True(t, ok)
		})
	}
}

func TestTransferRefused(t *testing.T) {
	inCluster(t, 3, all(everything), func(c *cluster) {
		leader := c.leader()
		require.False(t, c.peers[leader].TransferLeadership(leader))
		require.False(t, c.peers[leader].TransferLeadership(3))
		require.False(t, c.peers[leader].TransferLeadership(-1))
		require.False(t, c.peers[(leader+1)%3].TransferLeadership(leader), "does not lead")
	})
	inCluster(t, 3, nil, func(c *cluster) {
		leader := c.leader()
		require.False(t, c.peers[leader].TransferLeadership((leader+1)%3), "not switched on")
	})
}

// An order counts in the term in which it was given, and the leave for one election.
func TestLeaveIsForOneElection(t *testing.T) {
	rf := newPeer(t, 5, 5)
	rf.peers = rf.peers[:1] // nobody is asked
	rf.config.Peers = rf.peers
	var reply TimeoutNowReply
	rf.TimeoutNow(&TimeoutNowArgs{Term: 4, LeaderId: 1}, &reply)
	require.Equal(t, TimeoutNowReply{Term: 5}, reply)
	require.Equal(t, follower, rf.state)
	rf.TimeoutNow(&TimeoutNowArgs{Term: 5, LeaderId: 1}, &reply)
	require.Equal(t, 6, rf.currentTerm)
	require.Equal(t, "Raft.RequestVoteByLeave", rf.voteMethod(6))
	require.Equal(t, "Raft.RequestVote", rf.voteMethod(7))
	requireStored(t, rf)
}

// Leave is an exception for the leader's heir, and for stickiness only.
func TestVoteByLeave(t *testing.T) {
	rf := newPeerWith(t, Config{CheckQuorum: true}, 5, 5)
	rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
	var reply RequestVoteReply
	rf.RequestVoteByLeave(&RequestVoteArgs{Term: 6, CandidateId: 1}, &reply)
	require.False(t, reply.VoteGranted, "its log is behind")
	rf.RequestVoteByLeave(&RequestVoteArgs{Term: 6, CandidateId: 1, LastLogIndex: 1, LastLogTerm: 5}, &reply)
	require.True(t, reply.VoteGranted)
}

func TestExtend(t *testing.T) {
	rf := newPeer(t, 1)
	require.NoError(t, rf.Extend())
	require.Error(t, rf.Extend("teleport"))
	require.NoError(t, rf.Extend(raftapi.Extensions...))
	want := everything.withDefaults()
	require.Equal(t, []bool{want.PreVote, want.CheckQuorum, want.ReadIndex, want.LeaseRead, want.Transfer},
		[]bool{rf.config.PreVote, rf.config.CheckQuorum, rf.config.ReadIndex, rf.config.LeaseRead, rf.config.Transfer})
	var _ raftapi.Extendable = rf
	var _ raftapi.ReadIndexer = rf
	var _ raftapi.LeaseReader = rf
	var _ raftapi.LeadershipTransferrer = rf
	var _ raftapi.ClockDrifter = rf
}
