package raft

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// keeper is a leader of term 5 with the log 1 1 2 2 3 3 5 5, all of it applied, that keeps
// entries behind its snapshots.
func keeper(t *testing.T, entries, bytes int) *Raft {
	rf := newPeer(t, 5, 1, 1, 2, 2, 3, 3, 5, 5)
	rf.KeepCatchUp(entries, bytes)
	rf.commitIndex, rf.lastApplied = 8, 8
	lead(rf)
	return rf
}

// asked returns what the leader would send to a follower that needs the entry at next.
func asked(rf *Raft, next int) (*AppendEntriesArgs, bool) {
	rf.followers[1].nextIndex = next
	return rf.catchUpArgs(rf.followers[1])
}

func TestNothingIsKeptUnasked(t *testing.T) {
	rf := keeper(t, 0, 0)
	rf.Snapshot(6, []byte("state"))
	require.Equal(t, keptEntries{}, rf.kept)
	_, ok := asked(rf, 6)
	require.False(t, ok)
}

// What is sent to a follower that needs an entry of the snapshot is what would have been sent from
// a log that was never compacted.
func TestKeptEntriesAreThoseOfTheLog(t *testing.T) {
	for _, c := range []struct {
		name      string
		limit     int
		snapshots []int
		first     int // the first index that can be served
	}{
		{"all", 100, []int{6}, 1},
		{"in several steps", 100, []int{1, 3, 4, 7}, 1},
		{"the newest three", 3, []int{6}, 4},
		{"the newest three, in several steps", 3, []int{2, 3, 5, 6}, 4},
		{"a term begins at the edge", 2, []int{4}, 3},
		{"a term ends at the edge", 3, []int{7}, 5},
		{"up to the last entry", 4, []int{3, 8}, 5},
		{"one", 1, []int{8}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, rf := keeper(t, 0, 0), keeper(t, c.limit, 1<<20)
			for _, index := range c.snapshots {
				rf.Snapshot(index, []byte("state"))
			}
			for next := 1; next <= rf.log.base; next++ {
				args, ok := asked(rf, next)
				require.Equal(t, next >= c.first, ok, "entry %d", next)
				if ok {
					whole.followers[1].nextIndex = next
					require.Equal(t, whole.appendEntriesArgs(whole.followers[1]), args, "entry %d", next)
				}
			}
			_, ok := asked(rf, rf.log.base+1)
			require.False(t, ok, "the log has it")
			requireStored(t, rf)
		})
	}
}

// A request holds maxEntries at most, whether they are all kept ones or not.
func TestKeptEntriesAreSentInBatches(t *testing.T) {
	rf := newPeer(t, 1)
	rf.KeepCatchUp(1000, 1<<20)
	lead(rf)
	for i := range 3 * maxEntries {
		rf.log.append(LogEntry{Term: 1, Command: i})
	}
	rf.persistEntries(1)
	rf.commitIndex, rf.lastApplied = 3*maxEntries, 3*maxEntries
	rf.Snapshot(2*maxEntries, []byte("state"))
	for _, next := range []int{1, 2, maxEntries + 1, maxEntries + 100, 2 * maxEntries} {
		args, ok := asked(rf, next)
		require.True(t, ok)
		require.Len(t, args.Entries, maxEntries)
		for i, e := range args.Entries {
			require.Equal(t, next-1+i, e.Command, "the entry at %d", next+i)
		}
	}
}

func TestKeptEntriesAreBoundedInBytes(t *testing.T) {
	rf := newPeer(t, 1)
	lead(rf)
	each := len(encodeEntry(LogEntry{Term: 1, Command: strings.Repeat("x", 100)}))
	for range 20 {
		rf.log.append(LogEntry{Term: 1, Command: strings.Repeat("x", 100)})
	}
	rf.persistEntries(1)
	rf.commitIndex, rf.lastApplied = 20, 20
	for _, c := range []struct{ bytes, index, kept int }{
		{3*each + 1, 5, 3}, {3 * each, 10, 3}, {each - 1, 12, 0}, {5 * each, 14, 2}, {5 * each, 20, 5},
	} {
		rf.KeepCatchUp(1000, c.bytes)
		rf.Snapshot(c.index, []byte("state"))
		require.Len(t, rf.kept.entries, c.kept)
		require.Equal(t, c.index, rf.kept.last)
	}
}

// A request that is on its way is read without the mutex; later snapshots must leave it alone.
func TestKeptEntriesOnTheirWay(t *testing.T) {
	rf := keeper(t, 3, 1<<20)
	rf.Snapshot(4, []byte("state"))
	args, ok := asked(rf, 2)
	require.True(t, ok)
	before := append([]LogEntry(nil), args.Entries...)
	rf.Snapshot(6, []byte("state"))
	rf.Snapshot(8, []byte("state"))
	require.Equal(t, before, args.Entries)
}

// A snapshot from another leader leaves a gap behind what was kept.
func TestLeadersSnapshotEndsWhatWasKept(t *testing.T) {
	rf := keeper(t, 100, 1<<20)
	rf.Snapshot(4, []byte("state"))
	rf.InstallSnapshot(&InstallSnapshotArgs{Term: 6, LastIncludedIndex: 20, LastIncludedTerm: 6, Data: []byte("theirs")}, &InstallSnapshotReply{})
	rf.AppendEntries(&AppendEntriesArgs{Term: 6, PrevLogIndex: 20, PrevLogTerm: 6, Entries: entriesOf(6, 6), LeaderCommit: 22}, &AppendEntriesReply{})
	lead(rf)
	for next := 1; next <= 20; next++ {
		_, ok := asked(rf, next)
		require.False(t, ok, "entry %d", next)
	}
	rf.lastApplied = 22
	rf.Snapshot(22, []byte("ours"))
	_, ok := asked(rf, 20)
	require.False(t, ok)
	args, ok := asked(rf, 21)
	require.True(t, ok)
	require.Equal(t, 6, args.PrevLogTerm)
	require.Equal(t, entriesOf(6, 6), args.Entries)
}

// Nothing of it is stored: the log on disk is as short as without, and a restarted peer has none.
func TestKeptEntriesAreNotStored(t *testing.T) {
	without, with := keeper(t, 0, 0), keeper(t, 100, 1<<20)
	for _, rf := range []*Raft{without, with} {
		rf.Snapshot(3, []byte("state"))
		rf.Snapshot(6, []byte("state"))
	}
	require.Equal(t, without.persister.Read(), with.persister.Read())
	again := restore(Config{
		Peers: rf3(), Persister: with.persister.Copy(), ApplyCh: make(chan raftapi.ApplyMsg, 1000),
		CatchUpEntries: 100, CatchUpBytes: 1 << 20,
	})
	t.Cleanup(again.Kill)
	lead(again)
	_, ok := asked(again, 6)
	require.False(t, ok)
}

// Three peers, a follower that misses some entries, and a snapshot at the leader meanwhile. With
// kept entries no snapshot travels, until the follower misses more than is kept.
func TestSlowFollowerNeedsNoSnapshot(t *testing.T) {
	inCluster(t, 3, all(Config{PreVote: true, CatchUpEntries: 10, CatchUpBytes: 1000}), func(c *cluster) {
		installs := 0
		c.Net.Observe(func(m *labrpc.Message) {
			if m.Kind == labrpc.Delivered && m.Method == "Raft.InstallSnapshot" {
				installs++
			}
		})
		leader := c.leader()
		behind := c.others(leader)[0]
		for _, missed := range []int{8, 10, 11} {
			c.settle()
			reached := c.situations()
			c.Isolate(behind)
			for k := range missed {
				c.commit(leader, k)
			}
			c.peers[leader].Snapshot(c.committed(leader), []byte("state"))
			c.Net.HealAll()
			c.settle()
			require.Equal(t, missed <= 10, reached("follower caught up with kept entries") > 0, "missed %d", missed)
			require.Equal(t, missed > 10, installs > 0, "missed %d: %d snapshots", missed, installs)
			time.Sleep(time.Second) // the follower gets some heartbeats, and no second of anything
		}
	})
}
