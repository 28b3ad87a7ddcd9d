package etcdraft

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"raftlab/labgob"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Each election leaves an empty entry in the log, and none of them is counted.
func TestCommandsAreCountedDensely(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		total := 0
		for range 3 {
			leader := c.leader()
			c.commit(leader, fmt.Sprint("a", total), fmt.Sprint("b", total))
			total += 2
			require.Equal(t, total, c.peers[leader].CommitIndex())
			c.Isolate(leader)
			index, _, ok := c.peers[leader].Start("never")
			require.True(t, ok, "nobody has told it")
			require.Equal(t, total+1, index)
			next := c.leader(leader)
			c.commit(next, fmt.Sprint("c", total))
			total++
			c.Net.HealAll()
			c.caughtUp(total)
		}
	})
}

// Start promises an index in the very turn after the election, with entries of older terms before
// it.
func TestIndexAfterUncommittedEntries(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		old := c.leader()
		c.commit(old, "a")
		other := (old + 1) % 3
		c.Isolate((old + 2) % 3)
		for _, s := range []string{"b", "c"} {
			c.peers[old].Start(s)
		}
		time.Sleep(time.Millisecond) // they have arrived; the answers may have not
		c.Isolate(old)
		time.Sleep(50 * time.Millisecond)
		c.Net.HealAll()
		c.Isolate(old)
		leader := c.leader(old)
		index, _, ok := c.peers[leader].Start("d")
		require.True(t, ok)
		c.eventually("d at its index", func() bool { return c.at(leader, index) == "d" })
		require.Equal(t, other, leader, "its log is longer")
		require.Equal(t, 4, index)
	})
}

func TestBurstTravelsTogether(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "first")
		time.Sleep(200 * time.Millisecond)
		before := c.Net.GetTotalCount()
		for i := range 100 {
			c.peers[leader].Start(fmt.Sprint(i))
		}
		c.caughtUp(101)
		// Two bundles to each follower at best: the entries, and that they are committed.
		require.Less(t, c.Net.GetTotalCount()-before, 60)
	})
}

func TestRestart(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "a", "b", "c")
		c.peers[leader].Snapshot(2, []byte("state at 2"))
		require.Equal(t, "state at 2", string(c.Disks[leader].ReadSnapshot()), "as the service gave it")
		c.caughtUp(3)
		term, _ := c.peers[leader].GetState()
		for i := range c.peers {
			c.restart(i)
		}
		again, _ := c.peers[leader].GetState()
		require.GreaterOrEqual(t, again, term)
		require.Equal(t, "", c.at(leader, 2), "in the snapshot")
		next := c.leader()
		c.commit(next, "d")
		c.caughtUp(4)
		require.Equal(t, "c", c.at(leader, 3))
	})
}

// What a follower lacks is in no log any more, and the first snapshots are lost on the way.
func TestLostSnapshotStrandsNobody(t *testing.T) {
	// An election would start the follower's progress afresh; so there must not be one.
	bubble(t, 3, Config{PreVote: true, CheckQuorum: true}, func(c *cluster) {
		leader := c.leader()
		behind := (leader + 1) % 3
		c.Isolate(behind)
		for i := range 20 {
			c.commit(leader, fmt.Sprint(i))
		}
		c.peers[leader].Snapshot(15, []byte("state at 15"))
		term, _ := c.peers[leader].GetState()
		c.Net.HealAll()
		for !c.sendsSnapshot(leader, behind) {
			time.Sleep(20 * time.Microsecond)
		}
		c.Isolate(behind) // with the snapshot half way
		time.Sleep(time.Millisecond)
		c.Net.HealAll()
		c.eventually("the rest of the log", func() bool { return c.count(behind) == 20 })
		now, _ := c.peers[leader].GetState()
		require.Equal(t, term, now)
		require.Equal(t, "state at 15", string(c.Disks[behind].ReadSnapshot()))
		require.Equal(t, "17", c.at(behind, 18))
		c.restart(behind)
		c.eventually("the log behind the snapshot", func() bool { return c.at(behind, 20) == "19" })
	})
}

// Entries that are kept for followers are not in what is stored.
func TestCatchUp(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		for _, p := range c.peers {
			require.NoError(t, p.Extend("catchup:entries=5000:bytes=100000"))
		}
		leader := c.leader()
		behind := (leader + 1) % 3
		c.Isolate(behind)
		for i := range 30 {
			c.commit(leader, strings.Repeat("x", 100)+fmt.Sprint(i))
		}
		full := c.Disks[leader].RaftStateSize()
		c.peers[leader].Snapshot(30, []byte("state"))
		require.Less(t, c.Disks[leader].RaftStateSize(), full/10)
		c.Net.HealAll()
		c.eventually("the entries", func() bool { return c.count(behind) == 30 })
		require.Equal(t, 0, c.Disks[behind].SnapshotSize(), "it needed no snapshot")
		time.Sleep(time.Second) // the one that was away may have a newer term, and deposed the leader
		p := c.peers[c.leader()]
		p.betweenTurns(func() { p.config.CatchUpBytes = 500 })
		c.commit(p.me, "last")
		p.Snapshot(31, []byte("state"))
		first, _ := p.store.FirstIndex()
		last, _ := p.store.LastIndex()
		require.LessOrEqual(t, last-first, uint64(5), "bounded in bytes")
	})
}

// slowDisk takes its time for each write.
type slowDisk struct {
	*raftapi.Memory
	write time.Duration
}

func (d slowDisk) Write(u raftapi.Update) {
	time.Sleep(d.write)
	d.Memory.Write(u)
}

// The leader's disk works while the entry is on its way (dissertation §10.2.1), and what comes in
// meanwhile is written together.
func TestDisksInParallel(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		const write = 20 * time.Millisecond
		for i := range c.peers {
			c.crash(i)
			c.Disks[i] = raftapi.NewPersister(slowDisk{raftapi.MemoryFrom(c.Disks[i].Read()), write})
			c.start(i)
		}
		leader := c.leader()
		c.commit(leader, "a")
		time.Sleep(time.Second)
		began := time.Now()
		c.commit(leader, "b")
		require.Less(t, time.Since(began), 2*write)

		began = time.Now()
		for i := range 20 {
			c.peers[leader].Start(fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		c.caughtUp(22)
		require.Less(t, time.Since(began), 6*write)
	})
}

func TestSnapshotsThatComeLate(t *testing.T) {
	bubble(t, 1, Config{}, func(c *cluster) {
		c.commit(c.leader(), "a", "b", "c")
		p := c.peers[0]
		p.Snapshot(2, []byte("two"))
		p.Snapshot(1, []byte("one"))
		p.Snapshot(2, []byte("again"))
		require.Equal(t, "two", string(c.Disks[0].ReadSnapshot()))
		p.Snapshot(3, []byte("three"))
		c.restart(0)
		require.Equal(t, 3, c.count(0))
		c.commit(c.leader(), "d")
	})
}

func TestTransfer(t *testing.T) {
	bubble(t, 3, Config{CheckQuorum: true, PreVote: true}, func(c *cluster) {
		leader := c.leader()
		to := (leader + 1) % 3
		term, _ := c.peers[leader].GetState()
		require.False(t, c.peers[to].TransferLeadership(leader), "it does not lead")
		require.False(t, c.peers[leader].TransferLeadership(leader))
		require.True(t, c.peers[leader].TransferLeadership(to))
		newer, leads := c.peers[to].GetState()
		require.True(t, leads)
		require.Equal(t, term+1, newer)

		c.Isolate(leader)
		require.False(t, c.peers[to].TransferLeadership(leader), "it cannot be reached")
		c.commit(to, "goes on")
	})
}

func TestExtensions(t *testing.T) {
	bubble(t, 3, Config{}, func(c *cluster) {
		require.ErrorContains(t, c.peers[0].Extend("lease"), "UnsafeLease")
		require.ErrorContains(t, c.peers[0].Extend("telepathy"), "telepathy")
		for _, p := range c.peers {
			require.NoError(t, p.Extend(raftapi.PreVote, raftapi.CheckQuorum, raftapi.ReadIndex, raftapi.Transfer))
		}
		leader := c.leader()
		term, _ := c.peers[leader].GetState()
		c.Isolate(leader)
		c.eventually("end of a leadership that nobody hears of", func() bool { _, leads := c.peers[leader].GetState(); return !leads })
		_, _, ok := c.peers[leader].Start("x")
		require.False(t, ok)
		next := c.leader()
		time.Sleep(5 * time.Second)
		c.Net.HealAll()
		time.Sleep(time.Second)
		now, leads := c.peers[next].GetState()
		require.True(t, leads, "the one that comes back disturbs nobody")
		require.Equal(t, term+1, now)
	})
}

// Kill ends a peer's goroutines also where they wait: for a service that takes nothing, and in a
// read that nobody answers.
func TestKill(t *testing.T) {
	bubble(t, 2, Config{}, func(c *cluster) {
		leader := c.leader()
		c.Isolate(leader)
		go func() {
			_, ok := c.peers[leader].ReadIndex()
			require.False(t, ok)
		}()
		time.Sleep(time.Millisecond)
		c.peers[leader].Kill()
		c.peers[leader].Kill()
		_, _, ok := c.peers[leader].Start("x")
		require.False(t, ok)
		_, ok = c.peers[leader].ReadIndex()
		require.False(t, ok)
		c.peers[leader].Snapshot(1, nil)
	})
}

func TestForeignPersister(t *testing.T) {
	disk := raftapi.MakePersister()
	disk.Save([]byte("a student's"), nil)
	require.Panics(t, func() { Make(make([]*labrpc.ClientEnd, 1), 0, disk, nil) })
}

type move struct{ From, To int }

func TestCommands(t *testing.T) {
	labgob.Register(move{})
	for _, c := range []any{nil, 0, -7, 1 << 40, "", "x", []byte{}, []byte("b"), move{1, 2}} {
		b := encodeCommand(c)
		require.NotEmpty(t, b, "an empty entry would count as the library's own")
		require.Equal(t, c, decodeCommand(b))
	}
	require.Panics(t, func() { encodeCommand(make(chan int)) })
	require.Panics(t, func() { decodeCommand([]byte{'?'}) })
}

func TestIndices(t *testing.T) {
	entries := func(first uint64, what string) (es []*pb.Entry) { // "-" is an empty entry
		for i, s := range what {
			e := &pb.Entry{Index: proto.Uint64(first + uint64(i))}
			if s != '-' {
				e.Data = []byte{byte(s)}
			}
			es = append(es, e)
		}
		return es
	}
	var x indices
	x.append(entries(1, "-ab-c-d")) // the picture at indices
	require.Equal(t, []uint64{2, 3, 5, 7}, x.at)
	for index, want := range []int{0, 0, 1, 2, 2, 3, 3, 4, 4} {
		require.Equal(t, want, x.through(uint64(index)), "through %d", index)
	}
	x.compact(2)
	require.Equal(t, indices{base: 2, at: []uint64{5, 7}}, x)
	_, ok := x.find(2)
	require.False(t, ok)
	index, ok := x.find(4)
	require.True(t, ok)
	require.Equal(t, uint64(7), index)
	_, ok = x.find(5)
	require.False(t, ok)

	x.append(entries(6, "x-y")) // replaces a tail
	require.Equal(t, indices{base: 2, at: []uint64{5, 6, 8}}, x)
	require.Equal(t, 5, x.last())
	x.append(nil)
	require.Equal(t, 5, x.last())
	x.reset(9)
	require.Equal(t, 9, x.last())
	x.append(entries(20, "z"))
	require.Equal(t, 10, x.last())
}
