package raft

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/labrpc"
)

// Figure 2, Leaders, last rule, with the matchIndex of three servers, the first being the leader's.
func TestAdvanceCommitIndex(t *testing.T) {
	for _, c := range []struct {
		name      string
		log       []int
		match     [3]int
		commit    int
		want      int
		situation string
	}{
		{"nobody else", []int{4, 4, 4}, [3]int{3, 0, 0}, 0, 0, ""},
		{"a majority", []int{4, 4, 4}, [3]int{3, 2, 0}, 0, 2, ""},
		{"all, unequal", []int{4, 4, 4}, [3]int{3, 1, 2}, 0, 2, ""},
		{"already committed", []int{4, 4, 4}, [3]int{3, 1, 0}, 2, 2, ""},
		{"Figure 8 (c): an older term on a majority", []int{1, 2, 4}, [3]int{3, 2, 0}, 1, 1, "older term not committed by counting"},
		{"Figure 8 (e): with an entry of its own", []int{1, 2, 4}, [3]int{3, 3, 0}, 1, 3, "older term committed with the current one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 4, c.log...)
			lead(rf)
			for i, index := range c.match {
				rf.followers[i].matchIndex = index
			}
			rf.commitIndex = c.commit
			situations := servertest.Reached(rf.advanceCommitIndex)
			require.Equal(t, c.want, rf.commitIndex)
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
		})
	}
}

// The end of §5.3: a leader with log 1 1 1 4 4 4 asks followers a, b and c of the comment at
// backUp.
func TestBackUp(t *testing.T) {
	for _, c := range []struct {
		name      string
		follower  []int
		next      []int // nextIndex after each refusal, until the follower agrees
		situation string
	}{
		{"too short", []int{1, 1, 1}, []int{4}, "backed up to follower's end"},
		{"empty", nil, []int{1}, "backed up to follower's end"},
		{"a term the leader lacks", []int{1, 1, 1, 2, 2, 2}, []int{4}, "backed up over missing term"},
		{"a term the leader has", []int{1, 1, 1, 1, 1, 1}, []int{4}, "backed up by conflict term"},
		{"longer, with two foreign terms", []int{1, 1, 2, 2, 3, 3, 3}, []int{5, 3}, ""},
		{"too short, and then foreign", []int{1, 2}, []int{3, 2}, "backed up over missing term"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ldr, fol := newPeer(t, 4, 1, 1, 1, 4, 4, 4), newPeer(t, 4, c.follower...)
			lead(ldr)
			var seen []int
			situations := servertest.Reached(func() {
				for range 10 {
					args, reply := ldr.appendEntriesArgs(ldr.followers[1]), &AppendEntriesReply{}
					fol.AppendEntries(args, reply)
					if reply.Success {
						return
					}
					ldr.backUp(ldr.followers[1], args, reply)
					seen = append(seen, ldr.followers[1].nextIndex)
				}
				t.Fatal("the follower never agrees")
			})
			require.Equal(t, c.next, seen)
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
			require.Equal(t, []int{1, 1, 1, 4, 4, 4}, termsOf(fol.log), "the follower's log in the end")
			requireStored(t, fol)
		})
	}
}

// Replies may overtake each other. None may take back what an earlier one has taught.
func TestReorderedReplies(t *testing.T) {
	rf := newPeer(t, 4, 4, 4, 4, 4, 4)
	lead(rf)
	early := &AppendEntriesArgs{Term: 4, PrevLogIndex: 5}
	rf.learnMatch(rf.followers[1], 4)
	require.Equal(t, 4, rf.followers[1].matchIndex)
	require.Equal(t, 4, rf.commitIndex)

	require.True(t, servertest.Reached(func() { rf.learnMatch(rf.followers[1], 2) })["reordered reply ignored"])
	require.Equal(t, 4, rf.followers[1].matchIndex)
	require.Equal(t, 4, rf.commitIndex)

	rf.learnMatch(rf.followers[1], 5)
	require.True(t, servertest.Reached(func() {
		rf.backUp(rf.followers[1], early, &AppendEntriesReply{ConflictIndex: 1}) // a refusal that was long on its way
	})["reordered reply ignored"])
	require.Equal(t, 6, rf.followers[1].nextIndex)

	// A refusal never moves nextIndex into what is known to match.
	rf.followers[2].nextIndex, rf.followers[2].matchIndex = 5, 3
	rf.backUp(rf.followers[2], &AppendEntriesArgs{Term: 4, PrevLogIndex: 4}, &AppendEntriesReply{ConflictIndex: 1})
	require.Equal(t, 4, rf.followers[2].nextIndex)
}

func TestAppendsAreBatchedAndBounded(t *testing.T) {
	rf := newPeer(t, 4)
	lead(rf)
	for i := range 2 * maxEntries {
		index, term, ok := rf.Start(i)
		require.Equal(t, i+1, index)
		require.Equal(t, 4, term)
		require.True(t, ok)
	}
	require.Len(t, rf.appendEntriesArgs(rf.followers[1]).Entries, maxEntries)
	requireStored(t, rf)
}

func TestStartOnFollowerChangesNothing(t *testing.T) {
	rf := newPeer(t, 4, 1)
	_, _, ok := rf.Start("x")
	require.False(t, ok)
	require.Equal(t, 1, rf.log.lastIndex())
}

// nowhere loses all calls.
type nowhere struct{}

func (nowhere) Call(string, any, any) bool { return false }

// What is sent is all that the replicator was woken for, also by what came in while it waited for
// the mutex: nothing makes it send the same entries again before they are answered.
func TestEntriesAreSentOnce(t *testing.T) {
	for _, pipeline := range []bool{false, true} {
		rf := newPeerWith(t, Config{Pipeline: pipeline}, 4, 4)
		lead(rf)
		rf.peers[1] = labrpc.MakeCarried(nowhere{})
		f := rf.followers[1]
		rf.Start("it wakes up")
		require.Len(t, f.wake, 1)
		<-f.wake
		rf.Start("it waits for the mutex, while this is written")
		require.Len(t, f.wake, 1)
		require.True(t, rf.sendNext(f))
		require.Empty(t, f.wake)
	}
}
