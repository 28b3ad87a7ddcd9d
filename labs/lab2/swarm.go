package lab2

import (
	"strings"
	"time"

	"raftlab/tester"
	"raftlab/tester/faults"
)

// Swarm cases. Each run draws some of the faults below and leaves the others out altogether: a run
// with all faults at once mostly shows a cluster that gets nowhere, while some mistakes need one
// fault for a long time without the others ("swarm testing", Groce et al., ISSTA 2012).

// strike is a fault, and whom it hits.
type strike struct {
	part  string // the first part whose peers have to bear it
	name  string
	lands func(*cluster)
}

// hit is a strike by a fault on the machines that who draws.
func hit(part, name string, f faults.Fault, who func(*cluster) []int) strike {
	return strike{part, name, func(c *cluster) { f.On(c, who(c)...) }}
}

// turns is a strike that switches a fault of the network on or off.
func turns(f faults.Fault, on func(*cluster) bool) strike {
	return strike{"2A", f.Name, func(c *cluster) { f.Either(c, on(c)) }}
}

func anyone(c *cluster) []int   { return []int{c.any()} }
func shuffled(c *cluster) []int { return c.Shuffled() }
func leaders(c *cluster) []int  { return c.where(c.leads) }
func heads(c *cluster) bool     { return c.env.Rand().IntN(2) == 0 }
func tails(c *cluster) bool     { return !heads(c) }

var strikes = []strike{
	hit("2A", "peer cut off", faults.CutOff, anyone),
	hit("2A", "leaders cut off", faults.CutOff, leaders),
	{"2A", "two halves", func(c *cluster) { o := c.Shuffled(); k := c.env.Rand().IntN(c.N()); c.Partition(o[:k], o[k:]) }},
	hit("2A", "one-way cut", faults.OneLink, func(c *cluster) []int { i := c.any(); return []int{i, c.any(i)} }),
	{"2A", "mute peer", func(c *cluster) { c.mute(c.any()) }},
	{"2A", "deaf peer", func(c *cluster) { c.deafen(c.any()) }},
	hit("2A", "bridge", faults.Bridge, shuffled),
	hit("2A", "ring", faults.Ring, shuffled),
	hit("2A", "star", faults.Star, shuffled),
	turns(faults.Loss, tails),
	turns(faults.LateReplies, heads),
	turns(faults.Duplicates, heads),
	turns(faults.LongDelays, heads),
	{"2B", "burst", func(c *cluster) { c.writeToAnyLeader(8) }},
	hit("2C", "crash", faults.Crash, anyone),
	hit("2C", "leaders crash", faults.Crash, leaders),
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
	faults.CrashWriting(1+c.env.Rand().IntN(4)).On(c, i)
}

// chosen draws the faults of a run, from those that peers of a part have to bear.
func chosen(e *tester.Env, part string) []strike {
	var some []strike
	var names []string
	for _, f := range strikes {
		if f.part <= part && e.Rand().IntN(3) == 0 {
			some = append(some, f)
			names = append(names, f.name)
		}
	}
	if some == nil {
		some, names = strikes[:1], []string{strikes[0].name}
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
				some[e.Rand().IntN(len(some))].lands(c)
			}
			if part >= "2B" {
				c.writeToAnyLeader(1)
			}
			c.Idle(600 * time.Millisecond)
		}
		if part == "2A" {
			c.recoversElection()
			return
		}
		c.recovers()
	}
}
