package raft

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/labgob"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

type testCommand struct {
	Key   string
	Value int
	Tags  []string
}

func init() { labgob.Register(testCommand{}) }

func TestEntryEncoding(t *testing.T) {
	for _, command := range []any{
		nil, 0, 1, -1, 1 << 62, "", "x", strings.Repeat("long ", 1000), []byte{}, []byte("bytes"),
		true, 3.25, int64(7), uint8(200), testCommand{}, testCommand{"k", 3, []string{"a", "b"}},
	} {
		e := LogEntry{Term: 1 << 40, Command: command}
		got, err := decodeEntry(encodeEntry(e))
		require.NoError(t, err)
		require.Equal(t, e, got, "%T: the type has to survive as well as the value", command)
	}
}

func TestUnregisteredCommandIsNamed(t *testing.T) {
	type secret struct{ A int }
	defer func() {
		message := fmt.Sprint(recover())
		require.Contains(t, message, "raft.secret")
		require.Contains(t, message, "labgob.Register")
	}()
	encodeEntry(LogEntry{Term: 1, Command: secret{1}})
}

func TestHeaderEncoding(t *testing.T) {
	for _, h := range []header{{}, {1, nobody, 0}, {1 << 50, 6, 1 << 49}} {
		b := encodeHeader(h)
		got, err := decodeHeader(b)
		require.NoError(t, err)
		require.Equal(t, h, got)
		for n := range b {
			_, err := decodeHeader(b[:n])
			require.Error(t, err, "cut to %d bytes", n)
		}
		_, err = decodeHeader(append(b, 0))
		require.Error(t, err)
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte{})
	for _, command := range []any{nil, 5, "text", []byte("bytes"), testCommand{Key: "k"}} {
		f.Add(encodeEntry(LogEntry{Term: 3, Command: command}))
	}
	f.Fuzz(func(t *testing.T, b []byte) { decodeEntry(b) }) // any error will do, but no panic
}

func TestDamagedStorageIsRefused(t *testing.T) {
	p := raftapi.MakePersister()
	p.Write(raftapi.Update{Header: []byte{1}})
	require.PanicsWithValue(t, "raft: peer 0 cannot read the header it had stored: it ends too early", func() { reopen(t, p) })

	p.Write(raftapi.Update{Header: encodeHeader(header{1, 0, 0}), From: 1, Entries: [][]byte{{2}}})
	require.PanicsWithValue(t, "raft: peer 0 cannot read the log entry 1 it had stored: it ends too early", func() { reopen(t, p) })
}

// crashes is a storage that keeps a copy of what it holds after every write: the states in which a
// crash may leave a peer.
type crashes struct {
	*raftapi.Memory
	copies []*raftapi.Persister
}

func (c *crashes) Write(u raftapi.Update) {
	c.Memory.Write(u)
	c.copies = append(c.copies, raftapi.NewPersister(raftapi.MemoryFrom(c.Load())))
}

// A peer lives through a random history. After every request, what is stored is what the peer
// knows. After every single write, a crash there leaves a state that is sound: terms do not go
// back, a vote is not taken back, and the log is the one before or the one after the request.
func TestCrashPoints(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		disk := &crashes{Memory: raftapi.NewMemory()}
		rf := restore(Config{Peers: make([]*labrpc.ClientEnd, 3), Persister: raftapi.NewPersister(disk), ApplyCh: make(chan raftapi.ApplyMsg, 1)})
		rf.becomeFollower(1) // before the first term there is nothing to remember
		for range 60 {
			before := reopen(t, rf.persister.Copy())
			disk.copies = nil
			randomStep(r, rf)
			requireStored(t, rf)
			after := reopen(t, rf.persister.Copy())
			for _, p := range disk.copies {
				crashed := reopen(t, p)
				require.GreaterOrEqual(t, crashed.currentTerm, before.currentTerm)
				if crashed.currentTerm == before.currentTerm && before.votedFor != nobody {
					require.Equal(t, before.votedFor, crashed.votedFor)
				}
				require.Contains(t, []entryLog{before.log, after.log}, crashed.log)
				before = crashed
			}
		}
		rf.Kill()
	}
}

// randomStep does one of the things that change the persistent state.
func randomStep(r *rand.Rand, rf *Raft) {
	prev := rf.log.base + r.IntN(rf.log.lastIndex()-rf.log.base+1)
	switch r.IntN(7) {
	case 0:
		rf.RequestVote(&RequestVoteArgs{
			Term: rf.currentTerm + r.IntN(2), CandidateId: r.IntN(3), LastLogIndex: 1000, LastLogTerm: 1000,
		}, &RequestVoteReply{})
	case 1, 2:
		entries := make([]LogEntry, r.IntN(4))
		for i := range entries {
			entries[i] = LogEntry{Term: max(rf.log.term(prev), rf.currentTerm), Command: i}
		}
		rf.AppendEntries(&AppendEntriesArgs{
			Term: max(1, rf.currentTerm+r.IntN(2)), PrevLogIndex: max(prev, rf.commitIndex), Entries: entries,
			PrevLogTerm: rf.log.term(max(prev, rf.commitIndex)), LeaderCommit: prev,
		}, &AppendEntriesReply{})
	case 3:
		lead(rf)
		rf.Start(testCommand{Value: r.IntN(100)})
		rf.state = follower
	case 4:
		rf.lastApplied = rf.commitIndex
		rf.Snapshot(rf.log.base+r.IntN(rf.commitIndex-rf.log.base+1), []byte{byte(r.IntN(256))})
	case 5:
		rf.InstallSnapshot(&InstallSnapshotArgs{
			Term: rf.currentTerm, LastIncludedIndex: prev + r.IntN(3), LastIncludedTerm: rf.log.term(prev), Data: []byte("theirs"),
		}, &InstallSnapshotReply{})
	case 6:
		rf.becomeFollower(rf.currentTerm + r.IntN(3))
	}
}

// Appending an entry costs the same whether the log is long or short.
func BenchmarkStart(b *testing.B) {
	for _, length := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("log=%d", length), func(b *testing.B) {
			rf := restore(Config{Peers: make([]*labrpc.ClientEnd, 3), Persister: raftapi.MakePersister()})
			lead(rf)
			for i := range length {
				rf.Start(i)
			}
			b.ResetTimer()
			for i := range b.N {
				rf.Start(i)
			}
		})
	}
}

// What is stored keeps its bytes when the arrays that it was encoded in are used for the next
// entries; and a peer keeps no more of them than it may.
func TestEncodedEntriesTakeTheArraysOfThoseBefore(t *testing.T) {
	rf := newPeer(t, 1)
	for i := range 50 {
		from := rf.log.lastIndex() + 1
		for n := range 1 + i%3 {
			rf.log.append(LogEntry{Term: 1, Command: strings.Repeat(fmt.Sprint(i), 1+100*n)})
		}
		rf.persistEntries(from)
		requireStored(t, rf)
	}
	require.Len(t, rf.spare.arrays, 3, "as many as one write had at most")

	for range 3 {
		rf.log.append(LogEntry{Term: 1, Command: strings.Repeat("x", maxSpare/2)})
	}
	rf.persistEntries(rf.log.lastIndex() - 2)
	requireStored(t, rf)
	require.LessOrEqual(t, rf.spare.bytes, maxSpare)
	bytes := 0
	for _, b := range rf.spare.arrays {
		bytes += cap(b)
	}
	require.Equal(t, bytes, rf.spare.bytes)
}

func TestEncodedSize(t *testing.T) {
	for _, command := range []any{nil, 0, -1, 63, 64, 1 << 40, "", "text", strings.Repeat("long ", 10000), []byte("bytes"), NoOp{}, NoOp{Leader: 300}} {
		e := LogEntry{Term: 300, Command: command}
		n, ok := encodedSize(e)
		require.True(t, ok)
		require.Len(t, encodeEntry(e), n, "%T", command)
	}
	_, ok := encodedSize(LogEntry{Command: testCommand{}})
	require.False(t, ok)
}
