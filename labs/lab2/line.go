package lab2

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// voteInLine has a peer vote, or stand for election, while its disk is at an entry and a snapshot
// waits in line behind it. When both are stored, and the vote is counted, it crashes. The snapshot
// was ordered in the old term; what stands in its header is not the last word.
//
//	voter's disk   [====== an entry ======][ a snapshot, term 4 ][ term 5, and its vote ]
//	               |            |          |
//	comes in       entry 12     snapshot   asked for its vote in term 5
func voteInLine(e *tester.Env) {
	const long, short, rounds = 800 * time.Millisecond, 20 * time.Millisecond, 6
	var slow lameDisk
	c := newCluster(e, 3, tester.Options{SnapshotEvery: every, Extensions: []string{raftapi.Disk}, FsyncOf: slow.fsync})
	for range rounds {
		c.agreeAll()
		leader, term := c.leadership()
		voter := c.any(leader)
		other := c.Others(leader, voter)[0]
		slow.is(voter, long, short)
		c.trickle(leader, 1, 20*time.Millisecond)
		c.Disconnect(voter)
		c.propose(leader, 2*every)
		c.agree(2)
		c.Connect(voter)
		e.Sleep(150 * time.Millisecond) // a heartbeat is refused, and a snapshot sent
		c.Disconnect(leader)
		elected := func() bool {
			now, leads := c.State(other)
			mine, lead := c.State(voter)
			return leads && now > term || lead && mine > term
		}
		c.Until(3*long, elected)
		e.Sleep(5 * short) // what was in line is written
		slow.isWell()
		c.Crash(voter)
		c.remembersItsTerm(voter)
		c.Mend()
	}
	c.recovers()
}

// remembersItsTerm restarts peer i, which has crashed, with nobody there to tell it of a term, and
// looks at what it says before it stands for election in the next one.
func (c *cluster) remembersItsTerm(i int) {
	c.Disconnect(c.Others(i)...)
	c.Restart(i)
	c.throughout(600*time.Millisecond, func() { c.State(i) })
}
