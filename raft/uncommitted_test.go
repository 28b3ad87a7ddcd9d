package raft

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/raftapi"
)

// What a leader takes, and what it says when it does not.
func TestUncommittedLimit(t *testing.T) {
	rf := newPeerWith(t, Config{UncommittedLimit: 100}, 4)
	propose := func(size int) error {
		_, _, err := rf.Propose(strings.Repeat("x", size))
		return err
	}
	require.ErrorIs(t, propose(1), raftapi.ErrNotLeader)
	lead(rf)
	require.NoError(t, propose(500), "nothing else is there")
	require.ErrorIs(t, propose(1), raftapi.ErrUncommitted)
	_, term, leads := rf.Start("x")
	require.False(t, leads)
	require.Equal(t, 4, term)
	_, _, err := rf.Propose(nil)
	require.NoError(t, err, "it holds nothing")
	rf.appendNoOp()
	require.Equal(t, 3, rf.log.lastIndex())

	rf.followers[1].matchIndex = 3
	rf.advanceCommitIndex()
	require.Zero(t, rf.uncommitted, "what is committed is counted back")
	require.NoError(t, propose(40))
	require.NoError(t, propose(40))
	require.ErrorIs(t, propose(40), raftapi.ErrUncommitted)

	rf.becomeFollower(5)
	require.ErrorIs(t, propose(1), raftapi.ErrNotLeader)
	rf.state = leader
	rf.beginLeadership()
	require.NoError(t, propose(40), "a new term begins at nothing")
	require.NoError(t, newPeer(t, 1).Extend(raftapi.UncommittedLimit, raftapi.EagerCommit))
}

// Without the extension a leader takes everything.
func TestNoLimit(t *testing.T) {
	rf := newPeer(t, 4)
	lead(rf)
	for range 100 {
		_, _, err := rf.Propose(strings.Repeat("x", 1<<20))
		require.NoError(t, err)
	}
	require.Zero(t, rf.uncommitted)
}
