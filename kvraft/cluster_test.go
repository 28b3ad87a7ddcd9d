package kvraft

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"raftlab/internal/servertest"
	"raftlab/kvapi"
)

// cluster is three servers and any number of clerks, on a network, in a bubble.
type cluster struct {
	*servertest.Servers
	options []Option
	limit   int // maxraftstate
	servers []*KVServer
}

// inBubble runs f. When it is over all servers are killed; the bubble waits for their goroutines,
// and reports those that do not end.
func inBubble(t *testing.T, limit int, options []Option, f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		c := &cluster{Servers: servertest.New(t, n, rand.Uint64()), options: options, limit: limit, servers: make([]*KVServer, n)}
		for i := range n {
			c.start(i)
		}
		defer c.End(func(i int) { c.servers[i].Kill() })
		f(c)
	})
}

func (c *cluster) start(i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	c.servers[i] = StartKVServer(c.Begin(i), i, c.Disks[i], c.limit, c.options...)
	c.Serve(i, c.servers[i].Services()...)
}

func (c *cluster) crash(i int) { c.Crash(i, c.servers[i].Kill) }

func (c *cluster) leader() int {
	c.T.Helper()
	return c.Leader(func(i int) (int, bool) { return c.servers[i].Raft().GetState() })
}

func (c *cluster) clerk() *Clerk {
	return MakeClerk(c.Client(), c.options...)
}

func (c *cluster) versioned() *VersionedClerk {
	return MakeVersionedClerk(c.Client(), c.options...)
}

// eachPath runs f once for each read path that promises something.
func eachPath(t *testing.T, f func(*testing.T, []Option)) {
	for _, path := range kvapi.ReadPaths {
		if path != kvapi.ReadLocal {
			t.Run(string(path), func(t *testing.T) { f(t, []Option{WithReads(path)}) })
		}
	}
}
