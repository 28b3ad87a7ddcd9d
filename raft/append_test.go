package raft

import (
	"raftlab/internal/servertest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rules of AppendEntries (Figure 2), on a follower in term 5 with log 1 1 2 2 and commitIndex 2.
func TestAppendEntries(t *testing.T) {
	for _, c := range []struct {
		name                   string
		term                   int
		prev, prevTerm, commit int
		entries                []int
		success                bool
		log                    []int
		commitIndex            int
		conflict               [2]int // term, index
		situation              string
	}{
		{"old term", 4, 4, 2, 4, []int{4}, false, []int{1, 1, 2, 2}, 2, [2]int{}, "append refused: old term"},
		{"heartbeat", 5, 4, 2, 2, nil, true, []int{1, 1, 2, 2}, 2, [2]int{}, ""},
		{"heartbeat commits", 5, 4, 2, 3, nil, true, []int{1, 1, 2, 2}, 3, [2]int{}, ""},
		{"new entries", 5, 4, 2, 2, []int{5, 5}, true, []int{1, 1, 2, 2, 5, 5}, 2, [2]int{}, ""},
		{"new entries and commit", 5, 4, 2, 5, []int{5, 5}, true, []int{1, 1, 2, 2, 5, 5}, 5, [2]int{}, ""},
		{"repeated", 5, 2, 1, 2, []int{2, 2}, true, []int{1, 1, 2, 2}, 2, [2]int{}, ""},
		{"overlapping", 5, 2, 1, 2, []int{2, 2, 5}, true, []int{1, 1, 2, 2, 5}, 2, [2]int{}, "append overlapped the log"},
		{"delayed: must not truncate", 5, 2, 1, 2, []int{2}, true, []int{1, 1, 2, 2}, 2, [2]int{}, "stale append ignored"},
		{"conflict: truncates", 5, 2, 1, 2, []int{3}, true, []int{1, 1, 3}, 2, [2]int{}, "conflicting suffix truncated"},
		{"conflict behind a match", 5, 2, 1, 2, []int{2, 4, 4}, true, []int{1, 1, 2, 4, 4}, 2, [2]int{}, "conflicting suffix truncated"},
		{"commit only what it vouches for", 5, 2, 1, 9, []int{2}, true, []int{1, 1, 2, 2}, 3, [2]int{}, "commit limited to last new entry"},
		{"old commit index", 5, 4, 2, 1, nil, true, []int{1, 1, 2, 2}, 2, [2]int{}, ""},
		{"log too short", 5, 6, 5, 2, []int{5}, false, []int{1, 1, 2, 2}, 2, [2]int{0, 5}, "append refused: log too short"},
		{"other term at prevLogIndex", 5, 4, 3, 4, []int{5}, false, []int{1, 1, 2, 2}, 2, [2]int{2, 3}, "append refused: conflicting term"},
		{"newer term", 6, 4, 2, 2, []int{6}, true, []int{1, 1, 2, 2, 6}, 2, [2]int{}, ""},
		{"from the very beginning", 5, 0, 0, 2, []int{1, 1, 2, 2, 2}, true, []int{1, 1, 2, 2, 2}, 2, [2]int{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 5, 1, 1, 2, 2)
			rf.commitIndex = 2
			deadline := rf.electionDeadline
			args := &AppendEntriesArgs{
				Term: c.term, LeaderId: 1, PrevLogIndex: c.prev, PrevLogTerm: c.prevTerm,
				Entries: entriesOf(c.entries...), LeaderCommit: c.commit,
			}
			var reply AppendEntriesReply
			situations := servertest.Reached(func() { rf.AppendEntries(args, &reply) })

			require.Equal(t, c.success, reply.Success)
			require.Equal(t, max(5, c.term), reply.Term)
			require.Equal(t, c.log, termsOf(rf.log))
			require.Equal(t, c.commitIndex, rf.commitIndex)
			require.Equal(t, c.conflict, [2]int{reply.ConflictTerm, reply.ConflictIndex})
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
			require.Equal(t, c.term >= 5, rf.electionDeadline != deadline, "only the current leader resets the timer")
			requireStored(t, rf)
		})
	}
}

// An AppendEntries may begin before the follower's snapshot ends, or lie in it entirely.
func TestAppendEntriesInsideSnapshot(t *testing.T) {
	for _, c := range []struct {
		name           string
		prev, prevTerm int
		entries        []int
		log            []int
	}{
		{"entirely inside", 0, 0, []int{1, 1}, []int{2, 2}},
		{"up to its end", 1, 1, []int{1, 1}, []int{2, 2}},
		{"across its end", 1, 1, []int{1, 1, 2, 2, 5}, []int{2, 2, 5}},
		{"across its end, conflicting", 2, 1, []int{1, 4}, []int{4}},
		{"right behind it", 3, 1, []int{2, 2, 5}, []int{2, 2, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 5, 1, 1, 1, 2, 2)
			rf.commitIndex, rf.lastApplied = 3, 3
			rf.Snapshot(3, []byte("state"))
			var reply AppendEntriesReply
			rf.AppendEntries(&AppendEntriesArgs{
				Term: 5, PrevLogIndex: c.prev, PrevLogTerm: c.prevTerm, Entries: entriesOf(c.entries...),
			}, &reply)
			require.True(t, reply.Success)
			require.Equal(t, c.log, termsOf(rf.log))
			require.Equal(t, 3, rf.log.base)
			requireStored(t, rf)
		})
	}
}

func TestCandidateFollowsLeaderOfItsTerm(t *testing.T) {
	rf := newPeer(t, 5)
	rf.state, rf.votedFor = candidate, 0
	situations := servertest.Reached(func() {
		rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 2}, &AppendEntriesReply{})
	})
	require.Equal(t, follower, rf.state)
	require.Equal(t, 0, rf.votedFor, "the vote of the term stays given")
	require.True(t, situations["candidate met the leader of its term"])
	require.WithinDuration(t, time.Now(), rf.electionDeadline, 600*time.Millisecond)
}
