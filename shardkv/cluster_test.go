package shardkv

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/shardkv/shardctrler"
)

// cluster is a controller, some groups of three servers each, and any number of clerks, on one
// network, in a bubble.
type cluster struct {
	t       *testing.T
	net     *labrpc.Network
	options []Option
	limit   int // maxraftstate
	nodes   map[string]*node
	ctrl    *shardctrler.Clerk

	mu   sync.Mutex // guards what changes when an end is made, which servers and clerks do at any time
	made int        // ends
}

// node is one server, of the controller (gid 0) or of a group, in one of its lives.
type node struct {
	gid, me   int
	persister *raftapi.Persister
	server    kvapi.Server
	ends      []string
}

const perGroup = 3

func nameOf(gid, i int) string { return fmt.Sprintf("%d-%d", gid, i) }

// place is the number of a server on the network.
func place(gid, i int) int { return 10*gid + i }

func namesOf(gid int) (names []string) {
	for i := range perGroup {
		names = append(names, nameOf(gid, i))
	}
	return names
}

// inBubble runs f with a controller and groups 1 to n, none of which has joined. When it is over
// all servers are killed; the bubble waits for their goroutines, and reports those that do not end.
func inBubble(t *testing.T, n, limit int, options []Option, f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, net: labrpc.MakeNetwork(), options: options, limit: limit, nodes: map[string]*node{}}
		c.net.Seed(rand.Uint64())
		for gid := range n + 1 {
			for i := range perGroup {
				c.nodes[nameOf(gid, i)] = &node{gid: gid, me: i, persister: raftapi.MakePersister()}
			}
			for i := range perGroup {
				c.start(gid, i)
			}
		}
		c.ctrl = shardctrler.MakeClerk(c.endsTo(nil, 9999, 0))
		defer c.end()
		f(c)
	})
}

func (c *cluster) end() {
	for _, n := range c.nodes {
		n.server.Kill()
	}
	c.net.Cleanup()
	time.Sleep(time.Second) // calls that were under way return; time stands still after the test's function
}

// endTo makes an end that leads to a server; n, if there is one, is who it belongs to.
func (c *cluster) endTo(n *node, from int, server string) *labrpc.ClientEnd {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	name := fmt.Sprintf("end %d", c.made)
	to := c.nodes[server]
	end := c.net.MakeEdge(name, from, place(to.gid, to.me))
	c.net.Connect(name, server)
	c.net.Enable(name, true)
	if n != nil {
		n.ends = append(n.ends, name)
	}
	return end
}

func (c *cluster) endsTo(n *node, from, gid int) (ends []*labrpc.ClientEnd) {
	for _, server := range namesOf(gid) {
		ends = append(ends, c.endTo(n, from, server))
	}
	return ends
}

func (c *cluster) start(gid, i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	n := c.nodes[nameOf(gid, i)]
	from := place(gid, i)
	c.mu.Lock()
	n.ends = nil
	c.mu.Unlock()
	ends := c.endsTo(n, from, gid)
	if gid == 0 {
		n.server = shardctrler.StartServer(ends, i, n.persister)
	} else {
		makeEnd := func(server string) *labrpc.ClientEnd { return c.endTo(n, from, server) }
		n.server = StartServer(ends, i, n.persister, c.limit, gid, c.endsTo(n, from, 0), makeEnd, c.options...)
	}
	server := labrpc.MakeServer()
	for _, s := range n.server.Services() {
		server.AddService(labrpc.MakeService(s))
	}
	c.net.AddServer(nameOf(gid, i), server)
}

// crash ends a server. It keeps what is on its stable storage at this instant.
func (c *cluster) crash(gid, i int) {
	n := c.nodes[nameOf(gid, i)]
	c.net.DeleteServer(nameOf(gid, i))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range n.ends {
		c.net.DeleteEnd(name)
	}
	n.persister = n.persister.Copy()
	n.server.Kill()
}

// crashAll crashes all servers of a group.
func (c *cluster) crashAll(gid int) {
	for i := range perGroup {
		c.crash(gid, i)
	}
}

func (c *cluster) startAll(gid int) {
	for i := range perGroup {
		c.start(gid, i)
	}
}

func (c *cluster) join(gids ...int) {
	groups := map[int][]string{}
	for _, gid := range gids {
		groups[gid] = namesOf(gid)
	}
	c.ctrl.Join(groups)
}

func (c *cluster) clerk() *Clerk {
	c.mu.Lock()
	c.made++
	from := 10_000 + c.made
	c.mu.Unlock()
	return MakeClerk(c.endsTo(nil, from, 0), func(server string) *labrpc.ClientEnd { return c.endTo(nil, from, server) })
}

// look has f look at the machine of each server of a group.
func (c *cluster) look(gid int, f func(*machine)) {
	for i := range perGroup {
		c.nodes[nameOf(gid, i)].server.(*ShardKV).inspect(f)
	}
}

// settled waits until the groups have adopted the newest configuration and nothing is owed any
// more.
func (c *cluster) settled(gids ...int) {
	c.t.Helper()
	newest := c.ctrl.Query(-1).Num
	open := ""
	for range 600 {
		open = ""
		for _, gid := range gids {
			c.look(gid, func(m *machine) {
				if m.config.Num != newest || len(m.awaited)+len(m.kept)+len(m.owed) > 0 {
					open = fmt.Sprintf("group %d: configuration %d of %d, %d awaited, %d kept, %d owed", gid, m.config.Num, newest, len(m.awaited), len(m.kept), len(m.owed))
				}
			})
		}
		if open == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.FailNow(c.t, "not settled", open)
}

// eachPath runs f once for each read path.
func eachPath(t *testing.T, f func(*testing.T, []Option)) {
	for _, path := range ReadPaths() {
		t.Run(string(path), func(t *testing.T) { f(t, []Option{WithReads(path)}) })
	}
}

// fill writes a value to a key of each shard.
func (c *cluster) fill(ck *Clerk, value string) {
	for shard := range shardapi.NShards {
		ck.Append(keyIn(shard), value)
	}
}

func (c *cluster) requireAll(ck *Clerk, value string) {
	c.t.Helper()
	for shard := range shardapi.NShards {
		require.Equal(c.t, value, ck.Get(keyIn(shard)), "shard %d", shard)
	}
}
