package lab2

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/tester"
)

// Part 2C: clients write while peers crash, come back and lose each other. Whatever a client has
// seen committed must be there in the end.

func reliableChurn(e *tester.Env)   { churn(e, tester.Options{}) }
func unreliableChurn(e *tester.Env) { churn(e, tester.Options{Unreliable: true, Duplicates: true}) }

func churn(e *tester.Env, o tester.Options) {
	const peers, clients, writes, rounds = 5, 3, 25, 30
	c := newCluster(e, peers, o)
	done := c.startClients(clients, writes)
	for range rounds {
		if done.all() {
			break
		}
		if e.Rand().IntN(5) == 0 {
			c.Disconnect(c.any())
		}
		if i := c.any(); e.Rand().IntN(2) == 0 {
			c.Restart(i)
		} else {
			c.Connect(i)
		}
		if e.Rand().IntN(5) == 0 {
			c.Crash(c.any())
		}
		// Long enough for an election, most of the time, and too short for things to settle.
		c.Idle(1200 * time.Millisecond)
	}
	c.Mend()
	done.wait()
	c.agreeAll()
	c.audit()
}

// clients are goroutines that write to a cluster.
type clients struct {
	c       *cluster
	left    atomic.Int32
	mu      sync.Mutex
	written map[int]int // index -> command that a client has seen committed
}

// startClients lets n clients begin, each of which tries so many writes, one after the other.
func (c *cluster) startClients(n, writes int) *clients {
	cs := &clients{c: c, written: map[int]int{}}
	cs.left.Store(int32(n))
	for k := range n {
		first := c.next + 1
		c.next += writes
		random := c.env.Fork(fmt.Sprintf("client %d", k))
		c.env.Go(func() {
			defer cs.left.Add(-1)
			for command := first; command < first+writes; command++ {
				cs.write(random, command)
				c.env.Sleep(time.Duration(random.Int64N(int64(400 * time.Millisecond))))
			}
		})
	}
	return cs
}

// all reports whether all clients have ended.
func (cs *clients) all() bool { return cs.left.Load() == 0 }

// wait waits for the clients' end, and enters what they wrote into the cluster's ledger.
func (cs *clients) wait() {
	cs.c.env.Wait()
	for index, command := range cs.written {
		cs.c.ledger[index] = command
	}
}

// write proposes command to everyone who claims to lead, and waits a while for it to be committed
// by one of them. If it is not, nobody promised anything.
func (cs *clients) write(random *rand.Rand, command int) {
	var indices []int
	for _, i := range random.Perm(cs.c.N()) {
		if !cs.c.Running(i) {
			continue
		}
		if index, _, leads := cs.c.Propose(i, command); leads {
			indices = append(indices, index)
		}
	}
	for wait := 10 * time.Millisecond; len(indices) > 0 && wait < time.Second; wait *= 2 {
		cs.c.env.Sleep(wait)
		for _, index := range indices {
			if n, there := cs.c.Applied(index); n > 0 && there == command {
				cs.mu.Lock()
				cs.written[index] = command
				cs.mu.Unlock()
				return
			}
		}
	}
}
