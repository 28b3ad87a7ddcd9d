package tester

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
)

// A message gets from one peer to another if neither has been disconnected and nobody has cut the
// link in this direction. The functions below change these two things, and tell the network the
// difference.

// Disconnect takes peers off the network: none of their links works, in either direction.
func (c *machines) Disconnect(is ...int) {
	k := c.next(scenario.Disconnect)
	what := "peers " + strings.Trim(fmt.Sprint(is), "[]") + " are"
	if len(is) == 1 {
		what = fmt.Sprintf("peer %d is", is[0])
	}
	if !c.plays(k, "%s disconnected", what) {
		return
	}
	c.relink(k, func() {
		for _, i := range is {
			c.connected[i] = false
		}
	})
}

// Connect puts peers on the network again. Links that were cut one by one stay cut.
func (c *machines) Connect(is ...int) {
	c.relink(scenario.Key{}, func() {
		for _, i := range is {
			c.connected[i] = true
		}
	})
}

// Connected says whether peer i can exchange messages with at least one other peer: it has not been
// disconnected, and not been cut off on all sides. It does not matter whether either runs.
func (c *machines) Connected(i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 1 {
		return c.connected[i]
	}
	for j := range c.n {
		if j != i && c.works[i][j] && c.works[j][i] {
			return true
		}
	}
	return false
}

// Cut makes messages from one peer to another get lost: requests of the one, and replies to
// requests of the other.
func (c *machines) Cut(from, to int) {
	if k := c.next(scenario.Cut); c.plays(k, "the link %d->%d is cut", from, to) {
		c.relink(k, func() { c.cut[from][to] = true })
	}
}

// Heal undoes Cut.
func (c *machines) Heal(from, to int) { c.relink(scenario.Key{}, func() { c.cut[from][to] = false }) }

// Partition divides the network: only links inside a group work, and peers in no group are alone.
// It replaces all earlier cuts; disconnected peers stay so.
func (c *machines) Partition(groups ...[]int) {
	c.Links(func(from, to int) bool {
		return slices.ContainsFunc(groups, func(g []int) bool { return slices.Contains(g, from) && slices.Contains(g, to) })
	})
}

// Links makes any topology: a message gets from one peer to another if works says so. It replaces
// all earlier cuts; disconnected peers stay so.
func (c *machines) Links(works func(from, to int) bool) {
	k := c.next(scenario.Partition)
	cut, cuts := matrix(c.n, false), false
	for from := range c.n {
		for to := range c.n {
			cut[from][to] = from != to && !works(from, to)
			cuts = cuts || cut[from][to]
		}
	}
	if cuts && !c.plays(k, "links are cut") {
		cut, cuts = matrix(c.n, false), false // it would have replaced the cuts before
	}
	if !cuts {
		k = scenario.Key{}
	}
	c.relink(k, func() { c.cut = cut })
}

// HealAll undoes all cuts and connects all peers. Crashed ones stay crashed.
func (c *machines) HealAll() {
	c.relink(scenario.Key{}, func() {
		c.cut = matrix(c.n, false)
		for i := range c.connected {
			c.connected[i] = true
		}
	})
}

// relink makes a change and tells the network and the trace which links it broke or mended. k is
// the key of a fault.
func (c *machines) relink(k scenario.Key, change func()) {
	type link struct{ from, to int }
	var broken, mended []link
	c.mu.Lock()
	change()
	for from := range c.n {
		for to := range c.n {
			works := c.connected[from] && c.connected[to] && !c.cut[from][to] || from == to
			if works == c.works[from][to] {
				continue
			}
			c.works[from][to] = works
			if works {
				mended = append(mended, link{from, to})
			} else {
				broken = append(broken, link{from, to})
			}
		}
	}
	c.mu.Unlock()
	if len(broken) == 0 && k.N > 0 && c.r.script != nil { // it shows when others are mended
		c.r.tell(record.None, k, "links stay cut that others had cut before")
	}
	for _, l := range broken {
		c.r.emit(record.Event{Kind: record.Cut, Peer: l.from, Other: l.to}, c.r.detail(k))
	}
	for _, l := range broken {
		c.net.Cut(l.from, l.to)
	}
	for _, l := range mended {
		c.r.emit(record.Event{Kind: record.Heal, Peer: l.from, Other: l.to}, "")
		c.net.Heal(l.from, l.to)
	}
}
