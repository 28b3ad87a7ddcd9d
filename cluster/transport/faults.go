package transport

import (
	"slices"
	"sync"
	"time"
)

// Faults are what a test does to the connections of a member.
type Faults struct {
	Cut   []int         // other members that cannot be reached, nor reach this one
	Delay time.Duration // that each message to another member takes in addition
}

const cutText = "cut off by a test"

type faults struct {
	mu  sync.Mutex
	now Faults
}

func (f *faults) isCut(member int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.now.Cut, member)
}

func (f *faults) delay() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now.Delay
}

// Inject puts faults in the place of those before. Connections that are cut end at once, in both
// directions.
func (n *Node) Inject(f Faults) {
	n.faults.mu.Lock()
	n.faults.now = f
	n.faults.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	for c, from := range n.conns {
		if slices.Contains(f.Cut, from) {
			c.Close()
		}
	}
	for _, l := range n.links {
		if slices.Contains(f.Cut, l.to) {
			l.drop()
		}
	}
}
