package raft

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// newPeer makes peer 0 of 3 in the given term, with a log of the given terms, and without any
// goroutine, so that a test can call its handlers and look inside.
func newPeer(t *testing.T, term int, logTerms ...int) *Raft {
	rf := restore(Config{
		Peers:     make([]*labrpc.ClientEnd, 3),
		Persister: raftapi.MakePersister(),
		ApplyCh:   make(chan raftapi.ApplyMsg, 1000),
	})
	t.Cleanup(rf.Kill)
	rf.currentTerm = term
	rf.persistHeader()
	rf.log = logOf(logTerms...)
	if len(logTerms) > 0 {
		rf.persistEntries(1)
	}
	return rf
}

// lead makes rf the leader of its term, without replicators.
func lead(rf *Raft) {
	rf.state = leader
	rf.followers = nil
	for i := range 3 {
		rf.followers = append(rf.followers, newProgress(i, rf.currentTerm, rf.log.lastIndex()))
	}
	rf.followers[rf.me].matchIndex = rf.log.lastIndex()
}

// entriesOf makes entries with the given terms, as a leader other than logOf would have them.
func entriesOf(terms ...int) []LogEntry {
	entries := []LogEntry{}
	for _, term := range terms {
		entries = append(entries, LogEntry{Term: term, Command: fmt.Sprintf("term %d", term)})
	}
	return entries
}

// requireStored checks that a crash right now would lose nothing: a peer restored from what is on
// stable storage has the same persistent state.
func requireStored(t *testing.T, rf *Raft) {
	t.Helper()
	again := reopen(t, rf.persister.Copy())
	require.Equal(t, rf.currentTerm, again.currentTerm, "currentTerm")
	require.Equal(t, rf.votedFor, again.votedFor, "votedFor")
	require.Equal(t, rf.log.base, again.log.base, "end of the snapshot")
	require.Equal(t, rf.log.baseTerm, again.log.baseTerm, "term at the end of the snapshot")
	require.Equal(t, rf.log.slice(rf.log.base+1, 1<<30), again.log.slice(again.log.base+1, 1<<30), "log")
	require.Equal(t, string(rf.snapshot), string(again.snapshot), "snapshot")
}

func reopen(t *testing.T, p *raftapi.Persister) *Raft {
	rf := restore(Config{Peers: make([]*labrpc.ClientEnd, 3), Persister: p, ApplyCh: make(chan raftapi.ApplyMsg, 1000)})
	t.Cleanup(rf.Kill)
	return rf
}

// rf3 is a cluster of three without a network.
func rf3() []*labrpc.ClientEnd { return make([]*labrpc.ClientEnd, 3) }

// newPeerWith is newPeer with extensions.
func newPeerWith(t *testing.T, config Config, term int, logTerms ...int) *Raft {
	rf := newPeer(t, term, logTerms...)
	config.Peers, config.Persister, config.ApplyCh = rf.peers, rf.persister, rf.applyCh
	rf.config = config.withDefaults()
	rf.beginExtensions()
	rf.heardAt = time.Time{}
	return rf
}
