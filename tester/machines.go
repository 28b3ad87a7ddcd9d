package tester

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester/watch"
)

// machines are what a [Cluster] of bare peers and [Servers] of a service have in common: a number
// of machines on a simulated network, each of which starts, crashes and restarts, and what is
// watched of them. A machine is called a peer, because there is a Raft peer on each.
type machines struct {
	r       *run
	env     *Env
	n       int
	options Options
	number  int // of the cluster in this run, from 0
	net     *labrpc.Network
	checks  *watch.Checks

	start    func(l *life, ends []*labrpc.ClientEnd, p *raftapi.Persister) *node
	restored func(l *life) string // what a life finds in its storage, for the trace

	// mu is never held while the network or a peer is called.
	mu        sync.Mutex
	lives     []*life // the present or last life of each peer
	all       []*life // all there have been
	stored    []raftapi.Stored
	connected []bool
	cut       [][]bool  // by Cut, Partition and Links: from, to
	works     [][]bool  // what the network has been told
	rates     []float64 // of the peers' clocks; 1 unless DriftClock says otherwise
	writes    []int     // to each peer's storage, in all its lives
	written   []int64   // ... in bytes
	clients   []*Client // of Servers
	faults    map[scenario.Kind]int
	spared    map[int]bool // peers whose crash a scenario leaves out, and so the restart
	cast      []string     // what each is in Groups: "controller", "group 1"; nil elsewhere
	maxState  int          // largest persisted state there has been
	down      bool         // Shutdown has begun
	starts    *rand.Rand   // draws when lives begin
}

// newMachines makes machines that have not started yet, and a network that is whole.
func newMachines(e *Env, n int, o Options) *machines {
	c := &machines{r: e.r, env: e, n: n, options: o, number: len(e.r.clusters)}
	c.faults, c.spared = map[scenario.Kind]int{}, map[int]bool{}
	c.lives = make([]*life, n)
	c.stored = make([]raftapi.Stored, n)
	c.connected, c.rates = make([]bool, n), make([]float64, n)
	c.writes, c.written = make([]int, n), make([]int64, n)
	c.cut, c.works = matrix(n, false), matrix(n, true)
	for i := range n {
		c.connected[i], c.rates[i] = true, 1
	}
	c.starts = e.r.stream(fmt.Sprintf("starts %d", c.number))
	c.net = labrpc.MakeNetwork()
	c.net.Seed(c.weather())
	c.net.Fates(e.r.script.fates(c.number))
	c.checks = watch.New(watched{e.r}, c.number, n, e.r.params.Detail, e.r.terms)
	c.checks.SnapshotBytes(c.options.SnapshotBytes)
	c.checks.SnapshotTerms(c.options.SnapshotTerms)
	c.net.Observe(c.message)
	c.net.OnMistake(c.mistake)
	c.net.Reliable(!o.Unreliable)
	c.net.LongReordering(o.LongReordering)
	c.net.LongDelays(o.LongDelays)
	c.net.Duplicates(o.Duplicates)
	e.r.mu.Lock()
	e.r.clusters = append(e.r.clusters, c)
	e.r.mu.Unlock()
	return c
}

func (c *machines) startAll() {
	for i := range c.n {
		c.begin(i, record.Start)
	}
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
func (c *machines) N() int { return c.n }

// Env returns the run that the cluster belongs to.
func (c *machines) Env() *Env { return c.env }

// Network returns the network. Reliable, LongReordering, LongDelays and Duplicates may be changed
// at any time. Links are the cluster's business.
func (c *machines) Network() *labrpc.Network { return c.net }

// Shutdown kills every peer, and looks for goroutines that are left over. It takes up to
// LeftoverGrace of virtual time and is called for you at the end of the case. Counters can still be
// read afterwards.
func (c *machines) Shutdown() {
	c.mu.Lock()
	done := c.down
	c.down = true
	c.mu.Unlock()
	if done {
		return
	}
	c.r.emit(record.Event{Kind: record.Note, Peer: record.None, Other: record.None, Text: "shutdown"}, "")
	c.closeClients()
	all := c.everyone()
	for _, l := range all {
		c.end(l)
	}
	for _, l := range all {
		c.kill(l)
		l.store.announce()
	}
	c.net.Cleanup()
	c.checks.Summarise()
	if c.alone() && !c.r.terms.Processes {
		c.r.checkLeftovers()
	}
	for _, l := range c.all {
		l.forget()
	}
}

// alone says whether no other cluster of the run is up, so that whatever goroutine is left over is
// left over.
func (c *machines) alone() bool {
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
func (c *machines) everyone() []*life {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*life
	for _, l := range c.lives {
		if l != nil && l.Alive() {
			all = append(all, l)
		}
	}
	return all
}

// running returns the present life of peer i, or nil.
func (c *machines) running(i int) *life {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lives[i]; l != nil && l.Alive() {
		return l
	}
	return nil
}

// mistake hears from the network how the code under test misused it.
func (c *machines) mistake(err error) {
	c.r.violate(Violation{Rule: RuleNetwork, Message: err.Error()})
}

// Observe has f see what happens to the messages of peers or servers to each other from now on, as
// [labrpc.Network.Observe] describes it: f must not block, and not call the network. What zombies
// send is left out. nil ends it.
func (c *machines) Observe(f func(*labrpc.Message)) { c.checks.Observe(f) }

// RPCs returns how many requests of other peers have reached peer i since the cluster began.
func (c *machines) RPCs(i int) int { return c.checks.Delivered(i) }

// TotalRPCs returns how many calls peers and clients have made since the cluster began, answered or
// not.
func (c *machines) TotalRPCs() int { return c.net.GetTotalCount() }

// Bytes returns how many bytes peers and clients have sent since the cluster began: requests, also
// lost ones, and the replies that arrived.
func (c *machines) Bytes() int64 { return c.net.GetTotalBytes() }

// pause draws the time until the next start.
func (c *machines) pause() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return startLow + time.Duration(c.starts.Int64N(int64(startHigh-startLow)))
}
