package rsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// journal is a state machine that writes down what it is told.
type journal struct{ lines []string }

// Apply returns the number of the line.
func (j *journal) Apply(line string) int {
	j.lines = append(j.lines, line)
	return len(j.lines)
}

func (j *journal) Snapshot() []byte {
	b, err := json.Marshal(j.lines)
	if err != nil {
		panic(err)
	}
	return b
}

func (j *journal) Restore(b []byte) error {
	j.lines = nil
	return json.Unmarshal(b, &j.lines)
}

type replica = RSM[string, int]

// cluster is some replicas on a network. All of it lives in a bubble.
type cluster struct {
	t          *testing.T
	net        *labrpc.Network
	adjust     func(*Config[string, int])
	mu         sync.Mutex // guards replicas and journals, which change when one is restarted
	replicas   []*replica
	journals   []*journal
	persisters []*raftapi.Persister
	ends       [][]string
	lives      int
}

// inBubble runs f with n replicas. When it is over all of them are killed; the bubble waits for
// their goroutines, and reports those that do not end.
func inBubble(t *testing.T, n int, adjust func(*Config[string, int]), f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{
			t: t, net: labrpc.MakeNetwork(), adjust: adjust,
			replicas: make([]*replica, n), journals: make([]*journal, n), ends: make([][]string, n),
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
	for _, r := range c.replicas {
		r.Kill()
	}
	c.net.Cleanup()
	time.Sleep(time.Second) // calls that were under way return; time stands still after the test's function
}

func (c *cluster) start(i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	c.lives++
	ends := make([]*labrpc.ClientEnd, len(c.replicas))
	c.ends[i] = nil
	for j := range ends {
		name := fmt.Sprintf("%d-%d-%d", c.lives, i, j)
		ends[j] = c.net.MakeEdge(name, i, j)
		c.net.Connect(name, j)
		c.net.Enable(name, true)
		c.ends[i] = append(c.ends[i], name)
	}
	machine := &journal{}
	config := Config[string, int]{
		Servers: ends, Me: i, Persister: c.persisters[i], Machine: machine,
		Make: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
			return raft.Make(ends, me, p, applyCh)
		},
	}
	if c.adjust != nil {
		c.adjust(&config)
	}
	r := New(config)
	c.mu.Lock()
	c.replicas[i], c.journals[i] = r, machine
	c.mu.Unlock()
	server := labrpc.MakeServer()
	peer := r.Raft()
	if p, ok := peer.(*slowPeer); ok {
		peer = p.Raft // services are called by the name of their type
	}
	server.AddService(labrpc.MakeService(peer))
	c.net.AddServer(i, server)
}

// all returns the replicas, for use while others restart them.
func (c *cluster) all() []*replica {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.replicas)
}

// crash ends a replica. It keeps what is on its stable storage at this instant.
func (c *cluster) crash(i int) {
	c.net.DeleteServer(i)
	for _, name := range c.ends[i] {
		c.net.DeleteEnd(name)
	}
	c.persisters[i] = c.persisters[i].Copy()
	c.replicas[i].Kill()
}

// alone cuts i off from all others, or lets it back.
func (c *cluster) alone(i int, yes bool) {
	for j := range c.replicas {
		if yes && i != j {
			c.net.Cut(i, j)
			c.net.Cut(j, i)
		} else {
			c.net.Heal(i, j)
			c.net.Heal(j, i)
		}
	}
}

// leader waits for a leader other than not.
func (c *cluster) leader(not ...int) int {
	c.t.Helper()
	for range 200 {
		time.Sleep(50 * time.Millisecond)
		newest, at := -1, -1
		for i, r := range c.replicas {
			if term, leads := r.Raft().GetState(); leads && term > newest && !slices.Contains(not, i) {
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

// open begins a session, somewhere.
func (c *cluster) open() Client {
	c.t.Helper()
	for {
		if client, err := c.replicas[c.leader()].Open(); err == nil {
			return client
		}
	}
}

// submit repeats an operation until it is executed.
func (c *cluster) submit(client Client, seq uint64, line string) int {
	c.t.Helper()
	for range 1000 {
		for _, r := range c.all() {
			if number, err := r.Submit(client, seq, line); err == nil {
				return number
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	require.FailNow(c.t, "not executed", line)
	return 0
}

// agree waits until all replicas have applied the same, and returns it. It has the leader commit
// something, for a leader that was just elected does not commit older entries by themselves
// (§5.4.2).
func (c *cluster) agree(lines int) []string {
	c.t.Helper()
	for range 500 {
		time.Sleep(20 * time.Millisecond)
		for _, r := range c.replicas {
			r.Read(kvapi.ReadLog, func() {})
		}
		same := true
		for i := range c.replicas {
			own := c.lines(i)
			same = same && len(own) >= lines && slices.Equal(own, c.lines(0))
		}
		if same {
			return c.lines(0)
		}
	}
	require.FailNow(c.t, "the replicas do not agree", "0: %q\n1: %q\n2: %q", c.lines(0), c.lines(1), c.lines(2))
	return nil
}

// lines returns what replica i has applied.
func (c *cluster) lines(i int) []string {
	r := c.replicas[i]
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(c.journals[i].lines)
}

// requireOneOf checks that err is one of those.
func requireOneOf(t *testing.T, err error, these ...error) {
	t.Helper()
	for _, e := range these {
		if errors.Is(err, e) {
			return
		}
	}
	require.FailNow(t, "unexpected error", "%v is none of %v", err, these)
}

// reached collects the situations that f produces.
func reached(f func()) map[string]bool {
	seen := make(chan string, 100_000)
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
