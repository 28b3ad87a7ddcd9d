package labrpc

import (
	"fmt"
	"time"
)

// What a network and its servers take time for, beside the way: both are off unless they are set,
// and then throughput has a limit. The labs leave them off.

// line does one thing at a time.
type line struct{ free time.Time }

// take adds something that takes d to what the line has to do, and returns how long it is until
// that is done.
func (l *line) take(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(d)
	return l.free.Sub(now)
}

// Bandwidth sets how many bytes a second go from one peer to another, from now on: a message leaves
// when those before it on the same link have left, and as long as its bytes take. Each direction
// between two peers has its own; an end that belongs to nobody has one for both. 0 is the default:
// no limit. It panics if bytesPerSecond is negative.
func (rn *Network) Bandwidth(bytesPerSecond int) {
	if bytesPerSecond < 0 {
		panic(fmt.Sprintf("labrpc: Bandwidth(%d): a number of bytes is wanted, or 0 for no limit", bytesPerSecond))
	}
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.bandwidth = bytesPerSecond
}

// ServiceTime sets how long a server is busy with each request that reaches it, before its handler
// runs, from now on. It does one at a time, in the order of arrival. 0 is the default: none. It
// panics if each is negative.
func (rn *Network) ServiceTime(each time.Duration) {
	if each < 0 {
		panic(fmt.Sprintf("labrpc: ServiceTime(%v): it must not be negative", each))
	}
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.service = each
}

// transmit says how long it is until a message of that size has left by the edge. rn.mu is held.
func (rn *Network) transmit(e *edge, size int) time.Duration {
	if rn.bandwidth == 0 {
		return 0
	}
	return e.wire.take(time.Duration(size) * time.Second / time.Duration(rn.bandwidth))
}

// queues says whether a request that has arrived has to wait for its turn at the server; it arrives
// again then. rn.mu is held.
func (c *call) queues() bool {
	if c.served {
		return false
	}
	c.served = true
	wait := c.slot.processor.take(c.rn.service)
	if wait == 0 {
		return false
	}
	c.arrival.Reset(wait)
	return true
}
