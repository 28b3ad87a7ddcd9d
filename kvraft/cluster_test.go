package kvraft

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// cluster is three servers and any number of clerks, on a network, in a bubble.
type cluster struct {
	t          *testing.T
	net        *labrpc.Network
	options    []Option
	limit      int // maxraftstate
	servers    []*KVServer
	persisters []*raftapi.Persister
	ends       [][]string
	made       int // servers and clerks
}

// inBubble runs f. When it is over all servers are killed; the bubble waits for their goroutines,
// and reports those that do not end.
func inBubble(t *testing.T, limit int, options []Option, f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		c := &cluster{
			t: t, net: labrpc.MakeNetwork(), options: options, limit: limit,
			servers: make([]*KVServer, n), ends: make([][]string, n),
		}
		c.net.Seed(rand.Uint64())
		for i := range n {
			c.persisters = append(c.persisters, raftapi.MakePersister())
			c.start(i)
		}
		defer c.end()
		f(c)
	})
}

func (c *cluster) end() {
	for _, s := range c.servers {
		s.Kill()
	}
	c.net.Cleanup()
	time.Sleep(time.Second) // calls that were under way return; time stands still after the test's function
}

// connect makes ends to all servers, for a server or a clerk.
func (c *cluster) connect(owner int) (ends []*labrpc.ClientEnd, names []string) {
	c.made++
	for to := range c.servers {
		name := fmt.Sprintf("%d-%d", c.made, to)
		ends = append(ends, c.net.MakeEdge(name, owner, to))
		c.net.Connect(name, to)
		c.net.Enable(name, true)
		names = append(names, name)
	}
	return ends, names
}

func (c *cluster) start(i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	ends, names := c.connect(i)
	c.ends[i] = names
	c.servers[i] = StartKVServer(ends, i, c.persisters[i], c.limit, c.options...)
	server := labrpc.MakeServer()
	for _, s := range c.servers[i].Services() {
		server.AddService(labrpc.MakeService(s))
	}
	c.net.AddServer(i, server)
}

// crash ends a server. It keeps what is on its stable storage at this instant.
func (c *cluster) crash(i int) {
	c.net.DeleteServer(i)
	for _, name := range c.ends[i] {
		c.net.DeleteEnd(name)
	}
	c.persisters[i] = c.persisters[i].Copy()
	c.servers[i].Kill()
}

// alone cuts server i off from the other servers, but not from clerks, or lets it back.
func (c *cluster) alone(i int, yes bool) {
	for j := range c.servers {
		if yes && i != j {
			c.net.Cut(i, j)
			c.net.Cut(j, i)
		} else {
			c.net.Heal(i, j)
			c.net.Heal(j, i)
		}
	}
}

// leader waits for a leader, and returns the one of the newest term.
func (c *cluster) leader() int {
	c.t.Helper()
	for range 200 {
		time.Sleep(50 * time.Millisecond)
		newest, at := -1, -1
		for i, s := range c.servers {
			if term, leads := s.Raft().GetState(); leads && term > newest {
				newest, at = term, i
			}
		}
		if at >= 0 {
			return at
		}
	}
	require.FailNow(c.t, "no leader")
	return -1
}

func (c *cluster) clerk() *Clerk {
	ends, _ := c.connect(1000 + c.made)
	return MakeClerk(ends, c.options...)
}

func (c *cluster) versioned() *VersionedClerk {
	ends, _ := c.connect(1000 + c.made)
	return MakeVersionedClerk(ends, c.options...)
}

// eachPath runs f once for each read path that promises something.
func eachPath(t *testing.T, f func(*testing.T, []Option)) {
	for _, path := range kvapi.ReadPaths {
		if path != kvapi.ReadLocal {
			t.Run(string(path), func(t *testing.T) { f(t, []Option{WithReads(path)}) })
		}
	}
}

// reached collects the situations that f produces.
func reached(f func()) map[string]bool {
	seen := make(chan string, 200_000)
	raftapi.OnReached(func(s string) {
		select {
		case seen <- s:
		default:
		}
	})
	f()
	raftapi.OnReached(nil)
	close(seen)
	situations := map[string]bool{}
	for s := range seen {
		situations[s] = true
	}
	return situations
}
