package shardctrler

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/kvapi"
)

// Lab 4 (shardkv/lab_test.go) tests the controller as its clients see it. Here is what it does not:
// snapshots, the read paths, and what a clerk refuses.

// cluster is three servers on a network, in a bubble.
type cluster struct {
	*servertest.Servers
	options []Option
	servers []*ShardCtrler
}

func inBubble(t *testing.T, options []Option, f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		c := &cluster{Servers: servertest.New(t, n, rand.Uint64()), options: options, servers: make([]*ShardCtrler, n)}
		for i := range n {
			c.start(i)
		}
		defer c.End(func(i int) { c.servers[i].Kill() })
		f(c)
	})
}

func (c *cluster) start(i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	c.servers[i] = StartServer(c.Begin(i), i, c.Disks[i], c.options...)
	c.Serve(i, c.servers[i].Services()...)
}

func (c *cluster) restart(i int) {
	c.Crash(i, c.servers[i].Kill)
	c.start(i)
}

func (c *cluster) clerk() *Clerk { return MakeClerk(c.Client(), c.options...) }

func group(gid int) map[int][]string { return map[int][]string{gid: {fmt.Sprint("s", gid)}} }

func TestEachReadPath(t *testing.T) {
	for _, path := range kvapi.ReadPaths {
		if path == kvapi.ReadLocal {
			continue
		}
		t.Run(string(path), func(t *testing.T) {
			inBubble(t, []Option{WithReads(path)}, func(c *cluster) {
				a, b := c.clerk(), c.clerk()
				for gid := 1; gid <= 8; gid++ {
					a.Join(group(gid))
					require.Equal(t, gid, b.Query(-1).Num)
					require.Len(t, b.Query(gid-1).Groups, gid-1)
				}
			})
		})
	}
}

// The log is cut; sessions and old configurations go into the snapshot.
func TestSnapshots(t *testing.T) {
	const limit = 2000
	inBubble(t, []Option{WithMaxRaftState(limit)}, func(c *cluster) {
		ck := c.clerk()
		var before []Config
		for gid := 1; gid <= 40; gid++ {
			ck.Join(group(gid))
			ck.Move(gid%NShards, gid)
			if gid > 3 {
				ck.Leave([]int{gid - 3})
			}
			if gid == 20 {
				for i := range c.servers {
					c.restart(i)
				}
			}
		}
		latest := ck.Query(-1)
		for num := range latest.Num + 1 {
			before = append(before, ck.Query(num))
		}
		for i := range c.servers {
			require.Less(t, c.Disks[i].RaftStateSize(), 2*limit)
			c.restart(i)
		}
		require.NotZero(t, c.Disks[0].SnapshotSize())
		for num, config := range before {
			require.True(t, config.Equal(ck.Query(num)), "number %d", num)
		}
		require.Len(t, latest.Groups, 3)
	})
}

// An answer belongs to whoever got it: changing it changes nothing at the controller.
func TestAnswersAreCopies(t *testing.T) {
	inBubble(t, nil, func(c *cluster) {
		ck := c.clerk()
		mine := group(1)
		ck.Join(mine)
		mine[1][0] = "changed"
		got := ck.Query(-1)
		got.Groups[1][0], got.Groups[2] = "changed", nil
		require.Equal(t, group(1), ck.Query(-1).Groups)
	})
}

func TestClerkRefuses(t *testing.T) {
	ck := MakeClerk(nil)
	require.PanicsWithValue(t, "shardctrler: group 0 cannot join; gids are positive", func() { ck.Join(group(0)) })
	require.Panics(t, func() { ck.Move(NShards, 1) })
	require.Panics(t, func() { ck.Move(-1, 1) })
}
