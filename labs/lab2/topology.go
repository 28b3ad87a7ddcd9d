package lab2

import (
	"time"

	"raftlab/tester"
	"raftlab/tester/topology"
)

// On a bridge, a ring and a star (package topology) a leader can win and commit. It need not last:
// a peer that does not hear the leader stands for election with ever newer terms, which reach the
// leader by way of the others. So nothing but safety is asserted until the links are back.

// electionsOn lets five peers elect leaders on a topology, takes the leaders away now and then, and
// heals. Two leaders in one term would be seen by the harness at once.
func electionsOn(shape func([]int) topology.Links) func(*tester.Env) {
	return func(e *tester.Env) {
		c := newCluster(e, 5, tester.Options{})
		for range 3 {
			c.Links(shape(c.Shuffled()))
			e.Sleep(2 * time.Second)
			for i := range c.N() {
				if _, leads := c.State(i); leads {
					c.Disconnect(i)
					e.Sleep(time.Second)
					c.Connect(i)
				}
			}
		}
		c.recoversElection()
	}
}

// writesOn lets clients write to whoever claims to lead, while the topology changes.
func writesOn(shape func([]int) topology.Links) func(*tester.Env) {
	return func(e *tester.Env) {
		c := newCluster(e, 5, tester.Options{})
		c.agreeAll()
		for range 3 {
			c.Links(shape(c.Shuffled()))
			for range 6 {
				c.writeToAnyLeader(2)
				c.Idle(600 * time.Millisecond)
			}
			c.HealAll()
			c.agreeAll()
		}
		c.recovers()
	}
}

// writeToAnyLeader proposes n commands to every peer that takes them, and does not wait.
func (c *cluster) writeToAnyLeader(n int) {
	for _, i := range c.Shuffled() {
		if c.Running(i) {
			c.propose(i, n)
		}
	}
}

// deafLeader can speak but hears nothing: its heartbeats keep the others quiet, its entries reach
// them, and it never learns that they did. So it must not commit: what has been sent is not
// what has been stored.
func deafLeader(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	leader := c.Leader()
	c.deafen(leader)
	proposals := c.propose(leader, 3)
	c.throughout(3*time.Second, func() {
		for _, p := range proposals {
			if c.AppliedThrough(leader) >= p.index {
				c.fail(tester.RuleUnwantedCommit, "§5.3", []int{leader}, "peer %d applied index %d, but no reply to its AppendEntries, and no message of another leader, can have reached it", leader, p.index)
			}
		}
	})
	c.recovers()
}

// muteFollower hears everything and answers nothing. To its leader it is as good as dead, so with
// the third peer away nothing can be committed; and it hears its leader, so it starts no election.
func muteFollower(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	leader := c.Leader()
	rest := c.Shuffled(leader)
	silent, away := rest[0], rest[1]
	c.mute(silent)
	c.Disconnect(away)
	proposals := c.propose(leader, 3)
	e.Sleep(3 * time.Second)
	c.neverApplied(proposals, "§5.3", "the leader has had no answer from anyone")

	c.Connect(away) // two of three talk again
	c.Disconnect(silent)
	c.agree(2)
	c.recovers()
}
