package rsm

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
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
	*servertest.Servers
	adjust   func(*Config[string, int])
	mu       sync.Mutex // guards replicas and journals, which change when one is restarted
	replicas []*replica
	journals []*journal
}

// inBubble runs f with n replicas. When it is over all of them are killed; the bubble waits for
// their goroutines, and reports those that do not end.
func inBubble(t *testing.T, n int, adjust func(*Config[string, int]), f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{
			Servers: servertest.New(t, n, rand.Uint64()), adjust: adjust,
			replicas: make([]*replica, n), journals: make([]*journal, n),
		}
		for i := range n {
			c.start(i)
		}
		defer c.End(func(i int) { c.replicas[i].Kill() })
		f(c)
	})
}

func (c *cluster) start(i int) {
	time.Sleep(rand.N(10 * time.Millisecond)) // no two peers at the same instant
	machine := &journal{}
	config := Config[string, int]{
		Servers: c.Begin(i), Me: i, Persister: c.Disks[i], Machine: machine,
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
	peer := r.Raft()
	if p, ok := peer.(*slowPeer); ok {
		peer = p.Raft // services are called by the name of their type
	}
	c.Serve(i, peer)
}

// all returns the replicas, for use while others restart them.
func (c *cluster) all() []*replica {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.replicas)
}

func (c *cluster) crash(i int) { c.Crash(i, c.replicas[i].Kill) }

// leader waits for a leader other than not.
func (c *cluster) leader(not ...int) int {
	c.T.Helper()
	return c.Leader(func(i int) (int, bool) { return c.replicas[i].Raft().GetState() }, not...)
}

// open begins a session, somewhere.
func (c *cluster) open() Client {
	c.T.Helper()
	for {
		if client, err := c.replicas[c.leader()].Open(); err == nil {
			return client
		}
	}
}

// submit repeats an operation until it is executed.
func (c *cluster) submit(client Client, seq uint64, line string) int {
	c.T.Helper()
	for range 1000 {
		for _, r := range c.all() {
			if number, err := r.Submit(client, seq, line); err == nil {
				return number
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	require.FailNow(c.T, "not executed", line)
	return 0
}

// agree waits until all replicas have applied the same, and returns it. It has the leader commit
// something, for a leader that was just elected does not commit older entries by themselves
// (§5.4.2).
func (c *cluster) agree(lines int) []string {
	c.T.Helper()
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
	require.FailNow(c.T, "the replicas do not agree", "0: %q\n1: %q\n2: %q", c.lines(0), c.lines(1), c.lines(2))
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
