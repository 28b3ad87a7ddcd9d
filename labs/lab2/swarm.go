package lab2

import (
	"strings"
	"time"

	"raftlab/tester"
)

// Swarm cases. Each run draws some of the faults below and leaves the others out altogether:
// a run with all faults at once mostly shows a cluster that gets nowhere, while some mistakes need one
// fault for a long time without the others ("swarm testing", Groce et al., ISSTA 2012).

// fault is something that can be done to a cluster.
type fault struct {
	part   string // the first part whose peers have to bear it
	name   string
	strike func(*cluster)
}

var faults = []fault{
	{"2A", "peer cut off", func(c *cluster) { c.Disconnect(c.any()) }},
	{"2A", "leaders cut off", func(c *cluster) { c.Disconnect(c.where(c.leads)...) }},
	{"2A", "two halves", func(c *cluster) { o := c.shuffled(); k := c.env.Rand().IntN(c.N()); c.Partition(o[:k], o[k:]) }},
	{"2A", "one-way cut", func(c *cluster) { i := c.any(); c.Cut(i, c.any(i)) }},
	{"2A", "mute peer", func(c *cluster) { c.mute(c.any()) }},
	{"2A", "deaf peer", func(c *cluster) { c.deafen(c.any()) }},
	{"2A", "bridge", func(c *cluster) { c.Links(renamed(bridge, c.shuffled())) }},
	{"2A", "ring", func(c *cluster) { c.Links(renamed(ring, c.shuffled())) }},
	{"2A", "star", func(c *cluster) { c.Links(renamed(star, c.shuffled())) }},
	{"2A", "loss", func(c *cluster) { c.Network().Reliable(c.heads()) }},
	{"2A", "late replies", func(c *cluster) { c.Network().LongReordering(c.heads()) }},
	{"2A", "duplicates", func(c *cluster) { c.Network().Duplicates(c.heads()) }},
	{"2A", "long delays", func(c *cluster) { c.Network().LongDelays(c.heads()) }},
	{"2B", "burst", func(c *cluster) { c.writeToAnyLeader(8) }},
	{"2C", "crash", func(c *cluster) { c.Crash(c.any()) }},
	{"2C", "leaders crash", func(c *cluster) { c.each(c.leads, c.Crash) }},
	{"2C", "restart", func(c *cluster) { c.Restart(c.any()) }},
	{"2C", "everyone restarts", func(c *cluster) { c.restartAll() }},
	{"2C", "crash after a write", func(c *cluster) { c.doom(c.any()) }},
}

// leads reports whether peer i runs and claims to lead.
func (c *cluster) leads(i int) bool {
	if !c.Running(i) {
		return false
	}
	_, leads := c.State(i)
	return leads
}

// doom has peer i crash right after one of its next writes, whenever that is.
func (c *cluster) doom(i int) {
	c.CrashAtPersist(i, 1+c.env.Rand().IntN(4))
}

// each does something to all peers of which something is true.
func (c *cluster) each(is func(int) bool, do func(int)) {
	for _, i := range c.where(is) {
		do(i)
	}
}

func (c *cluster) heads() bool { return c.env.Rand().IntN(2) == 0 }

// chosen draws the faults of a run, from those that peers of a part have to bear.
func chosen(e *tester.Env, part string) []fault {
	var some []fault
	var names []string
	for _, f := range faults {
		if f.part <= part && e.Rand().IntN(3) == 0 {
			some = append(some, f)
			names = append(names, f.name)
		}
	}
	if some == nil {
		some, names = faults[:1], []string{faults[0].name}
	}
	e.Note("faults: %s", strings.Join(names, ", "))
	return some
}

// swarm strikes a cluster of five with some faults, at random moments, heals it now and then, and
// expects it to be well in the end.
func swarm(part string) func(*tester.Env) {
	return func(e *tester.Env) {
		const steps = 40
		some := chosen(e, part)
		o := tester.Options{}
		if part >= "2D" {
			o.SnapshotEvery = []int{1, 3, 5, 10}[e.Rand().IntN(4)]
		}
		c := newCluster(e, 5, o)
		for range steps {
			if e.Rand().IntN(4) == 0 {
				c.Mend()
			} else {
				some[e.Rand().IntN(len(some))].strike(c)
			}
			if part >= "2B" {
				c.writeToAnyLeader(1)
			}
			c.pause(600 * time.Millisecond)
		}
		if part == "2A" {
			c.recoversElection()
			return
		}
		c.recovers()
	}
}
