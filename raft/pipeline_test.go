package raft

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/raftapi"
)

// A follower's life, as etcd's tracker tells it (progress.go there).
func TestStagesOfAFollower(t *testing.T) {
	rf := newPeerWith(t, Config{Pipeline: true, MaxInflightMessages: 3, MaxInflightBytes: 100}, 4, 4, 4, 4, 4, 4, 4)
	lead(rf)
	f := rf.followers[1]
	full := func() bool { return f.pipe.full(3, 100) }
	require.Equal(t, probing, f.pipe.stage)

	refusal := &AppendEntriesArgs{Term: 4, PrevLogIndex: 6, PrevLogTerm: 4}
	rf.appendRefused(f, refusal, &AppendEntriesReply{ConflictIndex: 2}, f.pipe.epoch)
	require.Equal(t, probing, f.pipe.stage)
	require.Equal(t, 2, f.nextIndex, "as in §5.3")

	rf.appendAccepted(f, 1)
	require.Equal(t, replicating, f.pipe.stage)
	require.Equal(t, 2, f.nextIndex)

	f.launched(3, 10)
	f.launched(4, 10)
	require.Equal(t, 5, f.nextIndex, "taken for granted")
	require.Equal(t, 1, f.matchIndex, "not stored")
	require.False(t, full())
	f.launched(5, 10)
	require.True(t, full(), "three messages")
	rf.appendAccepted(f, 2)
	require.True(t, full(), "none of them was confirmed as a whole")
	rf.appendAccepted(f, 4)
	require.False(t, full())
	require.Equal(t, 10, f.pipe.bytes)
	f.launched(6, 90)
	require.True(t, full(), "a hundred bytes")

	early := f.pipe.epoch
	late := &AppendEntriesArgs{Term: 4, PrevLogIndex: 3}
	rf.appendRefused(f, late, &AppendEntriesReply{}, early)
	require.Equal(t, replicating, f.pipe.stage, "it is known to have come further")

	rf.appendLost(f, early)
	require.Equal(t, probing, f.pipe.stage)
	require.Equal(t, 5, f.nextIndex, "behind what is known")
	require.Empty(t, f.pipe.window)

	rf.appendAccepted(f, 4)
	require.Equal(t, replicating, f.pipe.stage)
	rf.appendLost(f, early)
	rf.appendRefused(f, &AppendEntriesArgs{Term: 4, PrevLogIndex: 5}, &AppendEntriesReply{}, early)
	require.Equal(t, replicating, f.pipe.stage, "what was sent in an earlier stage says nothing")
	rf.appendRefused(f, &AppendEntriesArgs{Term: 4, PrevLogIndex: 5}, &AppendEntriesReply{}, f.pipe.epoch)
	require.Equal(t, probing, f.pipe.stage)
}

// Rule 4: the answer to a heartbeat allows one append, whatever the window holds, if the follower
// lacks something.
func TestHeartbeatsAnswerAllowsOneAppend(t *testing.T) {
	rf := newPeerWith(t, Config{Pipeline: true}, 4, 4, 4)
	lead(rf)
	f := rf.followers[1]
	rf.appendAccepted(f, 2)
	require.Equal(t, replicating, f.pipe.stage)
	rf.beatAnswered(f)
	require.False(t, f.pipe.poke, "it has everything")
	rf.log.append(entriesOf(4)...)
	f.launched(3, 10)
	rf.beatAnswered(f)
	require.True(t, f.pipe.poke)
}

// A follower in another cluster of events each time: what is known of it never goes back, and the
// window holds what is between matchIndex and nextIndex.
func TestPipeKeepsItsInvariant(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		rf := newPeerWith(t, Config{Pipeline: true}, 4)
		rf.log = logOf(4, 4, 4, 4, 4, 4, 4, 4)
		lead(rf)
		f := rf.followers[1]
		for range 60 {
			match, epoch := f.matchIndex, f.pipe.epoch-draw.IntN(2)
			switch draw.IntN(5) {
			case 0:
				rf.appendAccepted(f, draw.IntN(min(f.nextIndex, 9)))
			case 1:
				args := &AppendEntriesArgs{Term: 4, PrevLogIndex: draw.IntN(9)}
				rf.appendRefused(f, args, &AppendEntriesReply{ConflictIndex: draw.IntN(args.PrevLogIndex + 1)}, epoch)
			case 2:
				rf.appendLost(f, epoch)
			case 3:
				rf.beatAnswered(f)
			case 4:
				if f.pipe.stage == replicating && f.lacks(8) {
					f.launched(f.nextIndex+draw.IntN(9-f.nextIndex), 10)
				}
			}
			require.GreaterOrEqual(t, f.matchIndex, match)
			require.Less(t, f.matchIndex, f.nextIndex)
			require.LessOrEqual(t, f.nextIndex, 9)
			require.Equal(t, 10*len(f.pipe.window), f.pipe.bytes)
			for _, w := range f.pipe.window {
				require.Greater(t, w.last, f.matchIndex)
				require.Less(t, w.last, f.nextIndex)
			}
		}
	}
}

// An append that comes too early waits for the one before it. One that waits in vain is refused.
func TestEarlyAppendsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rf := newPeerWith(t, Config{Pipeline: true}, 4, 4)
		send := func(prev int) chan *AppendEntriesReply {
			done := make(chan *AppendEntriesReply, 1)
			go func() {
				reply := &AppendEntriesReply{}
				rf.AppendEntries(&AppendEntriesArgs{Term: 4, LeaderId: 1, PrevLogIndex: prev, PrevLogTerm: 4, Entries: entriesOf(4)}, reply)
				done <- reply
			}()
			synctest.Wait()
			return done
		}
		require.False(t, (<-send(3)).Success, "nothing says that it is in step with this leader")
		require.True(t, (<-send(1)).Success)

		began := time.Now()
		late, later := send(3), send(4)
		require.Empty(t, late)
		require.True(t, (<-send(2)).Success)
		require.True(t, (<-late).Success)
		require.True(t, (<-later).Success)
		require.Equal(t, 5, rf.log.lastIndex())
		require.Zero(t, time.Since(began))

		alone := send(7)
		require.False(t, (<-alone).Success, "what it waits for does not come")
		require.Equal(t, rf.config.HeartbeatInterval, time.Since(began))

		deposed := send(7)
		rf.RequestVote(&RequestVoteArgs{Term: 5, CandidateId: 2, LastLogIndex: 9, LastLogTerm: 4}, &RequestVoteReply{})
		reply := <-deposed
		require.False(t, reply.Success)
		require.Equal(t, 5, reply.Term, "its leader is one of the past by now")
		rf.Kill()
	})
}

// With all others in step a cluster of pipelining peers commits in one round trip, whatever is on
// its way.
func TestPipelineCommits(t *testing.T) {
	inCluster(t, 3, all(Config{Pipeline: true, MaxInflightMessages: 8}), func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "first")
		c.Net.Latency(20*time.Millisecond, 40*time.Millisecond)
		seen := c.situations()
		last := 0
		for i := range 100 {
			index, _, ok := c.peers[leader].Start(i)
			require.True(t, ok)
			last = index
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		require.Equal(t, last, c.committed(leader))
		require.Positive(t, seen("window full"))
		require.Positive(t, seen("append waited for an earlier one"))
		require.Zero(t, seen("probing after a refusal"), "nothing was lost")
	})
}

// The limit in bytes belongs to every peer: entries that are large travel in several messages.
func TestMessagesAreBoundedInBytes(t *testing.T) {
	large := LogEntry{Command: string(make([]byte, maxBytes/2))}
	small := LogEntry{Command: 1}
	require.Len(t, withinBytes([]LogEntry{large, small, large, small}), 2)
	require.Len(t, withinBytes([]LogEntry{{Command: string(make([]byte, 2*maxBytes))}, small}), 1, "one is always allowed")
	require.Empty(t, withinBytes(nil))
	require.Equal(t, len(encodeEntry(LogEntry{Term: 1, Command: testCommand{Key: "k"}})), sizeOf([]LogEntry{{Term: 1, Command: testCommand{Key: "k"}}}))
	require.NoError(t, newPeer(t, 1).Extend(raftapi.Pipeline))
}
