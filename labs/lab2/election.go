package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2A: one leader, soon, and a new one when it is gone.

func initialElection(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.Leader()
	if term := c.Term(); term < 1 {
		c.fail(tester.RuleTermsDiffer, "§5.2", nil, "a leader was elected in term %d; each election begins a new term, so the first one is at least 1", term)
	}
	c.staysQuiet()
}

func reElection(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	first, term := c.leadership()

	c.Disconnect(first)
	c.Leader()

	// The old leader comes back, in an old term. That is no reason for anyone to give up.
	c.Connect(first)
	c.waitUntilDeposed(first, term)
	c.staysQuiet()

	// One of three is no majority, however often it tries.
	second := c.Leader()
	c.Disconnect(second, c.any(second))
	c.NoLeader(3 * time.Second)

	// The two that do not lead are enough, and nobody but they can begin: both have stood before,
	// and go on standing.
	others := c.Others(second)
	c.Connect(others...)
	c.LeaderAmong(others)

	c.HealAll()
	c.Leader()
	c.Term()
}

func manyElections(e *tester.Env) {
	const peers, rounds, cut = 7, 9, 3
	c := newCluster(e, peers, tester.Options{})
	c.Leader()
	for range rounds {
		gone := c.Shuffled()[:cut]
		c.Disconnect(gone...)
		c.Leader() // four of seven: the old leader or another one
		c.Connect(gone...)
	}
	c.Leader()
	c.Term()
}

// leadersFall takes away one leader after the other. Each successor must lead a newer term: terms
// are what tells leaders apart.
func leadersFall(e *tester.Env) {
	const rounds = 6
	c := newCluster(e, 5, tester.Options{})
	for range rounds {
		old := c.Leader()
		c.Disconnect(old)
		before, led := c.State(old)
		leader := c.Leader()
		if now, leads := c.State(leader); led && leads && now <= before {
			c.fail(tester.RuleTwoLeaders, "§5.2", []int{old, leader}, "peer %d led term %d and was cut off; its successor %d leads term %d, which is not newer", old, before, leader, now)
		}
		c.Connect(old)
		c.waitUntilDeposed(old, before)
	}
	c.Leader()
	c.Term()
}

// evenHalves splits four peers before there is a leader. Two of four are not a majority, although a
// count that divides first and compares with >= says so. Replies are late, so that elections in the
// two halves overlap: each counts its own votes.
func evenHalves(e *tester.Env) {
	c := newCluster(e, 4, tester.Options{LongReordering: true})
	order := c.Shuffled()
	c.Partition(order[:2], order[2:])
	c.throughout(10*time.Second, func() {
		for i := range c.N() {
			if term, leads := c.State(i); leads {
				c.fail(tester.RuleUnwantedLeader, "§5.2", []int{i}, "peer %d of 4 leads term %d, but can reach only one other peer: 2 of 4 are no majority", i, term)
			}
		}
	})

	c.Network().LongReordering(false)
	c.Partition(order[:3], order[3:])
	c.LeaderAmong(order[:3])
	c.HealAll()
	c.Leader()
	c.Term()
}

// quietLeader counts messages while nothing happens. Heartbeats are needed, a flood of them is not.
func quietLeader(e *tester.Env) {
	const peers, seconds = 3, 5
	c := newCluster(e, peers, tester.Options{})
	rpcs, _, took, ok := c.measured(func() { e.Sleep(seconds * time.Second) })
	if limit := heartbeats(peers, took); ok && rpcs > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.2", nil, "%d RPCs in %v without any work; at most %d are needed for heartbeats", rpcs, took, limit)
	}
	c.staysQuiet()
}

// freshElections runs two clusters, one after the other, in one process. What the first one learned
// must not reach the second: a peer's state belongs into the peer, not into package variables.
func freshElections(e *tester.Env) {
	first := newCluster(e, 5, tester.Options{})
	for range 3 {
		leader := first.Leader()
		first.Disconnect(leader)
		first.Leader()
		first.Connect(leader)
	}
	first.Shutdown()

	second := newCluster(e, 3, tester.Options{})
	for i := range second.N() {
		if term, leads := second.State(i); term > 1 || leads {
			second.fail(tester.RuleTermChanged, "Figure 2", []int{i}, "peer %d was created a moment ago in a new cluster, with an empty persister, and is in term %d (leader: %v); do package variables survive?", i, term, leads)
		}
	}
	second.Leader()
	second.staysQuiet()
	leader := second.Leader()
	second.Disconnect(leader)
	second.Leader()
	second.Connect(leader)
	second.Leader()
	second.Term()
}
