package raft

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/raftapi"
)

// cluster is a few peers on a real labrpc network inside a bubble, for the tests of the extensions.
type cluster struct {
	*servertest.Servers
	config func(i int) Config
	peers  []*Raft

	mu     sync.Mutex // a leaf
	counts map[string]int
}

// inCluster runs f on n peers that are configured by config; nil means the default. Their services
// apply and forget. A goroutine that outlives Kill fails the test: the bubble waits for it.
func inCluster(t *testing.T, n int, config func(i int) Config, f func(c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{Servers: servertest.New(t, n, uint64(len(t.Name()))), config: config, peers: make([]*Raft, n), counts: map[string]int{}}
		raftapi.OnReached(c.count) // before any peer runs
		defer raftapi.OnReached(nil)
		for i := range n {
			c.start(i)
			time.Sleep(time.Millisecond) // no two at the same instant
		}
		defer c.End(func(i int) { c.peers[i].Kill() }) // also after a failure
		f(c)
	})
}

// all returns a configuration for every peer alike.
func all(config Config) func(int) Config { return func(int) Config { return config } }

// everything is every extension at once.
var everything = Config{PreVote: true, CheckQuorum: true, ReadIndex: true, LeaseRead: true, Transfer: true}

func (c *cluster) start(i int) {
	var config Config
	if c.config != nil {
		config = c.config(i)
	}
	applied := make(chan raftapi.ApplyMsg)
	config.Peers, config.Me, config.Persister, config.ApplyCh = c.Begin(i), i, c.Disks[i], applied
	rf := New(config)
	go func() {
		for {
			select {
			case <-applied:
			case <-rf.done:
				return
			}
		}
	}()
	c.peers[i] = rf
	c.Serve(i, rf)
}

// restart crashes a peer and starts it from what it had stored.
func (c *cluster) restart(i int) {
	c.Crash(i, c.peers[i].Kill)
	c.start(i)
}

// leader waits for the leader of the newest term among peers, all of them if none are named.
func (c *cluster) leader(among ...int) int {
	c.T.Helper()
	if len(among) == 0 {
		for i := range c.peers {
			among = append(among, i)
		}
	}
	for range 1000 {
		leads, newest := -1, 0
		for _, i := range among {
			term, isLeader := c.peers[i].GetState()
			if term > newest {
				leads, newest = -1, term
			}
			if isLeader && term == newest {
				leads = i
			}
		}
		if leads >= 0 {
			return leads
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Fail(c.T, "no leader")
	return -1
}

// term is the newest term of all peers.
func (c *cluster) term() (newest int) {
	for _, rf := range c.peers {
		term, _ := rf.GetState()
		newest = max(newest, term)
	}
	return newest
}

// others returns all peers but those named.
func (c *cluster) others(but ...int) (rest []int) {
peers:
	for i := range c.peers {
		for _, j := range but {
			if i == j {
				continue peers
			}
		}
		rest = append(rest, i)
	}
	return rest
}

// commit proposes a command on a leader and waits until that leader has committed it.
func (c *cluster) commit(leader int, cmd any) int {
	c.T.Helper()
	index, _, ok := c.peers[leader].Start(cmd)
	require.True(c.T, ok, "peer %d does not lead", leader)
	for range 1000 {
		if c.committed(leader) >= index {
			return index
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(c.T, "not committed")
	return -1
}

func (c *cluster) committed(i int) int {
	c.peers[i].mu.Lock()
	defer c.peers[i].mu.Unlock()
	return c.peers[i].commitIndex
}

// settle waits until all peers have committed the same.
func (c *cluster) settle() {
	c.T.Helper()
	for range 1000 {
		same := true
		for i := range c.peers {
			same = same && c.committed(i) == c.committed(0)
		}
		if same {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Fail(c.T, "the peers do not come to agree")
}

// situations returns how often a situation has been reached since it was called.
func (c *cluster) situations() func(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = map[string]int{}
	return func(name string) int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.counts[name]
	}
}

// count hears of situations. It is called with a peer's lock held.
func (c *cluster) count(situation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[situation]++
}
