package raft

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a confirmed read returns is never behind what had been committed before it began: under
// partitions, crashes, and bad weather, on every peer.
func TestReadsAreLinearizable(t *testing.T) {
	for name, config := range map[string]Config{
		"ReadIndex":  {ReadIndex: true},
		"everything": everything,
	} {
		for _, reliable := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				inCluster(t, 5, all(config), func(c *cluster) {
					c.Net.Reliable(reliable)
					c.Net.Duplicates(!reliable)
					h := c.runHistory(30*time.Second, func(rf *Raft) (int, bool) { return rf.ReadIndex() }, c.disturb)
					require.Empty(t, h.stale)
					require.Greater(t, h.reads, 200)
					t.Logf("%d reads, %d answered in vain, %d commands", h.reads, h.failed, h.writes)
				})
			})
		}
	}
}

// history is what readers and writers saw, a writer and a reader per peer.
type history struct {
	c     *cluster
	peers sync.Mutex // of c.peers, which restarts replace
	stop  chan struct{}

	mu                    sync.Mutex
	floor                 int // highest index known to be committed by anybody
	reads, failed, writes int
	stale                 []string
}

// runHistory lets writers and readers work for d while disturb does what it likes.
func (c *cluster) runHistory(d time.Duration, read func(rf *Raft) (int, bool), disturb func(r *rand.Rand)) *history {
	h := &history{c: c, stop: make(chan struct{})}
	var all sync.WaitGroup
	for i := range c.peers {
		all.Go(func() {
			for !h.over() {
				h.write(i)
			}
		})
		all.Go(func() {
			for !h.over() {
				h.read(i, read)
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for began := time.Now(); time.Since(began) < d; {
		h.peers.Lock()
		disturb(r)
		h.peers.Unlock()
		time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
	}
	close(h.stop)
	c.Net.HealAll()
	h.peers.Lock()
	for _, rf := range c.peers {
		rf.Kill()
	}
	h.peers.Unlock()
	all.Wait()
	return h
}

func (h *history) over() bool {
	select {
	case <-h.stop:
		return true
	default:
		return false
	}
}

func (h *history) peer(i int) *Raft {
	h.peers.Lock()
	defer h.peers.Unlock()
	return h.c.peers[i]
}

// write gives peer i a command. Whatever it commits as a leader is known to clients from then on.
func (h *history) write(i int) {
	rf := h.peer(i)
	index, _, ok := rf.Start(i)
	time.Sleep(10 * time.Millisecond)
	h.mu.Lock()
	defer h.mu.Unlock()
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if ok && rf.state == leader && rf.commitIndex >= index {
		h.floor = max(h.floor, rf.commitIndex)
		h.writes++
	}
}

// read reads at peer i, and compares with what was known before.
func (h *history) read(i int, read func(rf *Raft) (int, bool)) {
	h.mu.Lock()
	floor := h.floor
	h.mu.Unlock()
	index, ok := read(h.peer(i))
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !ok:
		h.failed++
	case index < floor:
		h.stale = append(h.stale, "stale read")
	default:
		h.reads++
	}
}

// disturb changes who reaches whom, restarts a peer, or hands over.
func (c *cluster) disturb(r *rand.Rand) {
	switch r.IntN(5) {
	case 0:
		c.Net.HealAll()
	case 1:
		c.Isolate(r.IntN(len(c.peers)))
	case 2:
		c.restart(r.IntN(len(c.peers)))
	case 3:
		for range 5 {
			c.Net.Cut(r.IntN(len(c.peers)), r.IntN(len(c.peers)))
		}
	case 4:
		c.Net.HealAll()
		for _, rf := range c.peers {
			if _, leads := rf.GetState(); leads {
				go rf.TransferLeadership(r.IntN(len(c.peers)))
				break
			}
		}
	}
}
