package stacks

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// peer is as much of a Raft peer as a deadlock needs: a timer, an applier, and a mutex.
type peer struct {
	mu, other sync.Mutex
	toApply   *sync.Cond // on mu
	news      *sync.Cond // on other
	channel   chan int
	end       chan struct{}
	ended     bool
	all       sync.WaitGroup
}

func newPeer() *peer {
	p := &peer{channel: make(chan int), end: make(chan struct{})}
	p.toApply, p.news = sync.NewCond(&p.mu), sync.NewCond(&p.other)
	p.all.Go(p.runTimer)
	p.all.Go(p.runApplier)
	return p
}

func (p *peer) begin(deadlock func(*peer)) {
	p.all.Add(1)
	go p.run(deadlock)
}

func (p *peer) run(deadlock func(*peer)) {
	defer p.all.Done()
	deadlock(p)
}

func (p *peer) runTimer() {
	select {
	case <-time.After(time.Hour):
	case <-p.end:
	}
}

func (p *peer) runApplier() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended {
		p.toApply.Wait()
	}
}

func (p *peer) getState() {
	p.mu.Lock()
	defer p.mu.Unlock()
}

func (p *peer) sendsWithLock() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.channel <- 1
}

func (p *peer) receivesWithLock() {
	p.mu.Lock()
	defer p.mu.Unlock()
	<-p.channel
}

func (p *peer) waitsForNewsWithLock() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.other.Lock()
	defer p.other.Unlock()
	p.news.Wait()
}

// TestWhoHoldsTheLock: of three peers one stands still, since a goroutine of it waits for something with
// the mutex held. It comes first, before those that wait for the mutex and the idle ones of all peers.
func TestWhoHoldsTheLock(t *testing.T) {
	for name, c := range map[string]struct{ deadlock, solve func(*peer) }{
		"sendsWithLock":    {(*peer).sendsWithLock, func(p *peer) { <-p.channel }},
		"receivesWithLock": {(*peer).receivesWithLock, func(p *peer) { p.channel <- 1 }},
		"waitsForNewsWithLock": {(*peer).waitsForNewsWithLock, func(p *peer) {
			p.other.Lock()
			defer p.other.Unlock()
			p.news.Broadcast()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			peers := []*peer{newPeer(), newPeer(), newPeer()}
			own := func(f Frame) bool { return strings.HasPrefix(f.Function, "raftlab/internal/stacks.(*peer).") }
			await := func(function, state string, n int) (all []Goroutine) {
				require.Eventually(t, func() bool {
					all = All()
					there := 0
					for _, g := range all {
						if f, ok := g.innermost(own); ok && strings.HasSuffix(f.Function, "."+function) && strings.Contains(g.State, state) {
							there++
						}
					}
					return there == n
				}, 10*time.Second, time.Millisecond)
				return all
			}
			await("runApplier", "sync.Cond.Wait", len(peers))
			await("runTimer", "select", len(peers))
			stuck := peers[1]
			stuck.begin(c.deadlock)
			await(name, "", 1)
			for range 6 {
				stuck.all.Go(stuck.getState)
			}
			all := await("getState", "sync.Mutex", 6)
			Order(all, own)
			f, _ := all[0].innermost(own)
			require.Contains(t, f.Function, name)
			f, _ = all[1].innermost(own)
			require.Contains(t, f.Function, "getState", "those that wait for it come before the idle ones")

			c.solve(stuck)
			for _, p := range peers {
				p.mu.Lock()
				p.ended = true
				p.toApply.Broadcast()
				p.mu.Unlock()
				close(p.end)
				p.all.Wait()
			}
		})
	}
}
