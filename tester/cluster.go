package tester

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Options says what kind of network a cluster begins on and what service runs on its peers.
type Options struct {
	Unreliable     bool // messages are lost and late (labrpc: not Reliable)
	LongReordering bool // replies can be late by seconds
	LongDelays     bool // calls to nobody can take seconds to fail
	Duplicates     bool // requests can arrive twice
	// SnapshotEvery makes the service on each peer, which is the tester, call Snapshot each time it
	// has applied an entry whose index is a multiple of it. 0: never.
	SnapshotEvery int
}

// Cluster is a number of Raft peers on a simulated network, each with a service on it that keeps
// what it applies. Peers are numbered from 0.
//
// A peer has one life after another: Crash ends one, Restart begins the next from what the last one
// had persisted. What a peer does after its crash (its goroutines may go on for a while) reaches
// nobody, is not stored and not checked.
type Cluster struct {
	r       *run
	env     *Env
	newPeer raftapi.MakeFunc
	n       int
	options Options
	number  int // of the cluster in this run, from 0
	net     *labrpc.Network
	checks  *checks

	// mu is never held while the network or a peer is called.
	mu        sync.Mutex
	lives     []*life // the present or last life of each peer
	stored    []raftapi.Stored
	connected []bool
	cut       [][]bool   // by Cut, Partition and Links: from, to
	works     [][]bool   // what the network has been told
	maxState  int        // largest persisted state there has been
	down      bool       // Shutdown has begun
	starts    *rand.Rand // draws when lives begin
}

// NewCluster starts a cluster of n peers made by newPeer, all connected to each other, each started at
// its own instant of virtual time. A case may have several clusters, one after the other or at
// once. It is for the case's main goroutine, and takes some milliseconds of virtual time.
func (e *Env) NewCluster(newPeer raftapi.MakeFunc, n int, o Options) *Cluster {
	c := &Cluster{r: e.r, env: e, newPeer: newPeer, n: n, options: o, number: len(e.r.clusters)}
	c.lives = make([]*life, n)
	c.stored = make([]raftapi.Stored, n)
	c.connected = make([]bool, n)
	c.cut, c.works = matrix(n, false), matrix(n, true)
	for i := range c.connected {
		c.connected[i] = true
	}
	c.starts = e.r.stream(fmt.Sprintf("starts %d", c.number))
	c.net = labrpc.MakeNetwork()
	c.net.Seed(e.r.number(fmt.Sprintf("weather %d", c.number)))
	c.checks = newChecks(e.r, c.number, n)
	c.net.Observe(c.message)
	c.net.OnMistake(c.mistake)
	c.net.Reliable(!o.Unreliable)
	c.net.LongReordering(o.LongReordering)
	c.net.LongDelays(o.LongDelays)
	c.net.Duplicates(o.Duplicates)
	e.r.clusters = append(e.r.clusters, c)
	for i := range n {
		c.begin(i, record.Start)
	}
	return c
}

func matrix(n int, value bool) [][]bool {
	m := make([][]bool, n)
	for i := range m {
		m[i] = make([]bool, n)
		for j := range m[i] {
			m[i][j] = value
		}
	}
	return m
}

// N returns the number of peers.
func (c *Cluster) N() int { return c.n }

// Env returns the run that the cluster belongs to.
func (c *Cluster) Env() *Env { return c.env }

// Network returns the network. Reliable, LongReordering, LongDelays and Duplicates may be changed at
// any time. Links are the cluster's business.
func (c *Cluster) Network() *labrpc.Network { return c.net }

// Shutdown kills every peer, and looks for goroutines that are left over. It takes up to
// LeftoverGrace of virtual time and is called for you at the end of the case. Counters can still be
// read afterwards.
func (c *Cluster) Shutdown() {
	c.mu.Lock()
	done := c.down
	c.down = true
	c.mu.Unlock()
	if done {
		return
	}
	c.r.emit(record.Event{Kind: record.Note, Peer: record.None, Other: record.None, Text: "shutdown"}, "")
	all := c.everyone()
	for _, l := range all {
		c.end(l)
	}
	for _, l := range all {
		c.kill(l)
		l.store.announce()
	}
	c.net.Cleanup()
	c.checks.summarise()
	if c.alone() {
		c.r.checkLeftovers()
	}
	for _, l := range c.checks.everyLife() {
		l.forget()
	}
}

// alone says whether no other cluster of the run is up, so that whatever goroutine is left over is
// left over.
func (c *Cluster) alone() bool {
	for _, other := range c.r.clusters {
		other.mu.Lock()
		up := !other.down
		other.mu.Unlock()
		if up {
			return false
		}
	}
	return true
}

// everyone returns the present lives of all running peers.
func (c *Cluster) everyone() []*life {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*life
	for _, l := range c.lives {
		if l != nil && l.alive.Load() {
			all = append(all, l)
		}
	}
	return all
}

// running returns the present life of peer i, or nil.
func (c *Cluster) running(i int) *life {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lives[i]; l != nil && l.alive.Load() {
		return l
	}
	return nil
}

// mistake hears from the network how the code under test misused it.
func (c *Cluster) mistake(err error) {
	c.r.violate(Violation{Rule: RuleNetwork, Message: err.Error()})
}

// RPCs returns how many requests have reached peer i since the cluster began.
func (c *Cluster) RPCs(i int) int { return c.checks.delivered(i) }

// TotalRPCs returns how many calls the peers have made since the cluster began, answered or not.
func (c *Cluster) TotalRPCs() int { return c.net.GetTotalCount() }

// Bytes returns how many bytes the peers have sent since the cluster began: requests, also lost
// ones, and the replies that arrived.
func (c *Cluster) Bytes() int64 { return c.net.GetTotalBytes() }

// pause draws the time until the next start.
func (c *Cluster) pause() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return startLow + time.Duration(c.starts.Int64N(int64(startHigh-startLow)))
}
