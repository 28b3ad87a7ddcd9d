package tester

import (
	"fmt"

	"raftlab/tester/process"
)

// weather is what a cluster's network gets for a seed.
func (c *machines) weather() uint64 {
	name := fmt.Sprintf("weather %d", c.number)
	if p := c.r.params; p.Anew > 0 && c.r.now() >= p.Anew {
		name += fmt.Sprintf(" anew %d", p.Salt)
	}
	return c.r.number(name)
}

// anew has everything that is decided by chance drawn from other numbers from here on: what happens
// to messages, the order of goroutines, the program's random numbers. The case goes on with its
// own, so that faults stay what they are. The run up to here is the one without it. It is called by
// a timer.
func (r *run) anew() {
	process.Resalt(r.params)
	r.mu.Lock()
	clusters := append([]*machines(nil), r.clusters...)
	r.mu.Unlock()
	for _, c := range clusters {
		c.net.Seed(c.weather())
	}
}
