package raft

import (
	"raftlab/internal/servertest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rules of RequestVote (Figure 2): a voter in term 5 with log 1 1 3.
func TestRequestVote(t *testing.T) {
	for _, c := range []struct {
		name      string
		votedFor  int
		args      RequestVoteArgs
		granted   bool
		term      int
		situation string
	}{
		{"newer term, same log", nobody, RequestVoteArgs{6, 1, 3, 3}, true, 6, ""},
		{"newer term frees the vote", 2, RequestVoteArgs{6, 1, 3, 3}, true, 6, ""},
		{"vote still free in this term", nobody, RequestVoteArgs{5, 1, 3, 3}, true, 5, ""},
		{"asked again by the same candidate", 1, RequestVoteArgs{5, 1, 3, 3}, true, 5, "vote granted twice to one candidate"},
		{"already voted", 2, RequestVoteArgs{5, 1, 3, 3}, false, 5, "vote refused: already voted"},
		{"old term", nobody, RequestVoteArgs{4, 1, 9, 9}, false, 5, "vote refused: old term"},
		{"old last term, longer log", nobody, RequestVoteArgs{6, 1, 9, 2}, false, 6, "vote refused: candidate's log is behind"},
		{"same last term, shorter log", nobody, RequestVoteArgs{6, 1, 2, 3}, false, 6, "vote refused: candidate's log is behind"},
		{"newer last term, shorter log", nobody, RequestVoteArgs{6, 1, 1, 4}, true, 6, ""},
		{"same last term, longer log", nobody, RequestVoteArgs{6, 1, 4, 3}, true, 6, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 5, 1, 1, 3)
			rf.votedFor = c.votedFor
			rf.persistHeader()
			deadline := rf.electionDeadline

			var reply RequestVoteReply
			situations := servertest.Reached(func() { rf.RequestVote(&c.args, &reply) })

			require.Equal(t, c.granted, reply.VoteGranted)
			require.Equal(t, c.term, reply.Term)
			require.Equal(t, c.term, rf.currentTerm)
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
			if c.granted {
				require.Equal(t, 1, rf.votedFor)
				require.NotEqual(t, deadline, rf.electionDeadline, "granting a vote resets the timer")
			} else {
				require.Equal(t, deadline, rf.electionDeadline, "a refused vote does not reset the timer")
			}
			requireStored(t, rf)
		})
	}
}

func TestVoteSurvivesCrash(t *testing.T) {
	rf := newPeer(t, 5)
	var reply RequestVoteReply
	rf.RequestVote(&RequestVoteArgs{Term: 6, CandidateId: 1}, &reply)
	require.True(t, reply.VoteGranted)

	rf = reopen(t, rf.persister.Copy())
	rf.RequestVote(&RequestVoteArgs{Term: 6, CandidateId: 2, LastLogIndex: 9, LastLogTerm: 5}, &reply)
	require.False(t, reply.VoteGranted, "two votes in one term")
}

// A leader or candidate that sees a newer term follows, and does not wait for ever as a follower.
func TestNewerTermEndsLeadership(t *testing.T) {
	for _, state := range []serverState{candidate, leader} {
		rf := newPeer(t, 5, 1)
		lead(rf)
		rf.state = state
		rf.electionDeadline = time.Time{}
		rf.RequestVote(&RequestVoteArgs{Term: 7, CandidateId: 1}, &RequestVoteReply{})
		require.Equal(t, follower, rf.state)
		require.Equal(t, 7, rf.currentTerm)
		if state == leader {
			require.True(t, rf.electionDeadline.After(time.Now()), "a deposed leader starts a timeout")
		}
		requireStored(t, rf)
	}
}

// A reply that is late belongs to an election or a leadership that may be over.
func TestReplyCounts(t *testing.T) {
	rf := newPeer(t, 5)
	rf.state = candidate
	require.True(t, rf.replyCounts(candidate, 5, 5))
	require.True(t, rf.replyCounts(candidate, 5, 4), "a voter that has not heard of the term is none, but harmless")
	require.False(t, rf.replyCounts(candidate, 4, 5), "an earlier election's vote")
	require.False(t, rf.replyCounts(leader, 5, 5), "not a leader any more")
	require.False(t, rf.replyCounts(candidate, 5, 6))
	require.Equal(t, 6, rf.currentTerm)
	require.Equal(t, follower, rf.state)
	requireStored(t, rf)
}

func TestElectionTimeoutIsRandomWithinBounds(t *testing.T) {
	rf := newPeer(t, 1)
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		before := time.Now()
		rf.resetElectionTimer()
		d := rf.electionDeadline.Sub(before)
		low, high = min(low, d), max(high, d)
	}
	require.GreaterOrEqual(t, low, 300*time.Millisecond)
	require.Less(t, low, 330*time.Millisecond)
	require.Greater(t, high, 570*time.Millisecond)
	require.Less(t, high, 610*time.Millisecond)
}
