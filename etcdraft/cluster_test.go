package etcdraft

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/raft/v3/tracker"

	"raftlab/internal/servertest"
	"raftlab/raftapi"
)

// cluster is some peers on a network, in a bubble: time is virtual, and a goroutine that outlives
// its peer is a deadlock that the bubble reports.
type cluster struct {
	*servertest.Servers
	config Config // for every peer
	peers  []*Peer

	mu      sync.Mutex
	applied [][]string // by peer: its commands in order; commands a snapshot covers are "-"
}

// bubble runs a test with n peers.
func bubble(t *testing.T, n int, config Config, test func(c *cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{Servers: servertest.New(t, n, rand.Uint64()), config: config, peers: make([]*Peer, n), applied: make([][]string, n)}
		for i := range n {
			c.start(i)
			time.Sleep(3 * time.Millisecond)
		}
		defer c.End(func(i int) { c.peers[i].Kill() }) // also when the test has failed
		test(c)
	})
}

// start brings peer i up from its disk.
func (c *cluster) start(i int) {
	config := c.config
	config.Peers, config.Me, config.Persister, config.ApplyCh = c.Begin(i), i, c.Disks[i], make(chan raftapi.ApplyMsg)
	p := New(config)
	c.mu.Lock()
	c.peers[i] = p
	c.applied[i] = make([]string, p.disk.snapshotCommand)
	c.mu.Unlock()
	go c.consume(i, p)
	c.Serve(i, p)
}

func (c *cluster) consume(i int, p *Peer) {
	for {
		select {
		case m := <-p.applyCh:
			c.mu.Lock()
			if m.SnapshotValid {
				c.applied[i] = make([]string, m.SnapshotIndex)
			} else {
				c.applied[i] = append(c.applied[i], m.Command.(string))
				require.Equal(c.T, len(c.applied[i]), m.CommandIndex, "dense and in order")
			}
			c.mu.Unlock()
		case <-p.done:
			return
		}
	}
}

func (c *cluster) crash(i int) { c.Crash(i, c.peers[i].Kill) }

// restart crashes peer i and starts it again from what it had stored.
func (c *cluster) restart(i int) {
	c.crash(i)
	c.start(i)
}

// leader waits for a leader among peers that is not one of without.
func (c *cluster) leader(without ...int) int {
	c.T.Helper()
	return c.Leader(func(i int) (int, bool) { return c.peers[i].GetState() }, without...)
}

func (c *cluster) eventually(what string, is func() bool) {
	c.T.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Fail(c.T, "no "+what+" within 10 s")
}

// commit has peer i's cluster commit commands, and waits until peer i has applied them where Start
// said.
func (c *cluster) commit(i int, commands ...string) {
	c.T.Helper()
	for _, command := range commands {
		index, _, ok := c.peers[i].Start(command)
		require.True(c.T, ok, "peer %d leads", i)
		c.eventually(command+" at its index", func() bool { return c.at(i, index) == command })
	}
}

// at returns what peer i has applied at index, "" if nothing.
func (c *cluster) at(i, index int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if index > len(c.applied[i]) {
		return ""
	}
	return c.applied[i][index-1]
}

// count returns how much peer i has applied.
func (c *cluster) count(i int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.applied[i])
}

// sendsSnapshot says whether peer i, which leads, waits for what becomes of a snapshot to peer to.
func (c *cluster) sendsSnapshot(i, to int) bool {
	p := c.peers[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.node.Status().Progress[idOf(to)].State == tracker.StateSnapshot
}

func (c *cluster) caughtUp(n int) {
	c.T.Helper()
	for i := range c.peers {
		c.eventually(fmt.Sprintf("%d entries on peer %d", n, i), func() bool { return c.count(i) == n })
	}
}
