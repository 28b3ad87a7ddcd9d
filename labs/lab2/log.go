package lab2

import (
	"time"

	"raftlab/tester"
)

// Part 2B: commands are agreed on, by a majority and never by less.

func basicAgreement(e *tester.Env) {
	const peers, commands = 5, 4
	c := newCluster(e, peers, tester.Options{})
	last := 0
	for range commands {
		index := c.agreeAll()
		if index <= last {
			c.fail(tester.RuleWrongIndex, "§5.3", nil, "a command was committed at index %d, after one at index %d", index, last)
		}
		last = index
	}
	c.audit()
}

// startAtOnce asks every peer to take a command. Followers say no; the leader says where the
// command will stand, and does not wait for anyone, not even when nobody can hear it.
func startAtOnce(e *tester.Env) {
	const limit = time.Second
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	for _, alone := range []bool{false, true} {
		leader := c.Leader()
		if alone {
			c.Disconnect(leader)
		}
		for i := range c.N() {
			before, led := c.State(i)
			began := e.Now()
			proposals := c.propose(i, 5)
			if took := e.Now() - began; took > limit {
				c.fail(tester.RuleTooSlow, "§5.3", []int{i}, "5 calls of Start at peer %d took %v together; Start returns at once and leaves the rest to goroutines", i, took)
			}
			if after, leads := c.State(i); len(proposals) > 0 && !led && !leads && before == after {
				c.fail(tester.RuleWrongIndex, "§5.3", []int{i}, "peer %d does not lead, but its Start said that it had taken a command", i)
			}
			c.consecutive(i, proposals)
		}
	}
	c.recovers()
}

// consecutive fails unless a leader gave commands taken in one term one index after the other.
func (c *cluster) consecutive(leader int, proposals []proposal) {
	for k := 1; k < len(proposals); k++ {
		a, b := proposals[k-1], proposals[k]
		if a.term == b.term && b.index != a.index+1 {
			c.fail(tester.RuleWrongIndex, "§5.3", []int{leader}, "peer %d took two commands in a row in term %d and said indices %d and %d", leader, a.term, a.index, b.index)
		}
	}
}

// followersFail takes one follower after the other away from three peers.
func followersFail(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()

	leader := c.Leader()
	c.Disconnect(c.any(leader))
	c.commit(2, 2)

	leader = c.Leader()
	for _, i := range c.Others(leader) {
		c.Disconnect(i)
	}
	proposals := c.startTogether(leader, 3)
	e.Sleep(2 * time.Second)
	c.neverApplied(proposals, "§5.3", "only the leader itself can have stored it")
	c.recovers()
}

// leadersFail takes one leader after the other away from three peers.
func leadersFail(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()

	c.Disconnect(c.Leader())
	c.commit(2, 2)

	c.Disconnect(c.Leader())
	var proposals []proposal
	for i := range c.N() { // old leaders take commands, too
		proposals = append(proposals, c.propose(i, 2)...)
	}
	e.Sleep(2 * time.Second)
	c.neverApplied(proposals, "§5.3", "no two peers can talk to each other")
	c.recovers()
}

// followerReturns lets the others go on without one follower, which has to be told all of it later.
func followerReturns(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	away := c.any(c.Leader())
	c.Disconnect(away)
	c.commit(6, 2)
	c.Connect(away)
	c.agreeAll()
	c.commit(3, 3)
	c.audit()
}

// manyMissed has a follower miss hundreds of entries, more than most leaders put into one message.
// When it is back it is needed for a majority, and so has to be told all of them: what a message
// had no room for has not been sent.
func manyMissed(e *tester.Env) {
	const missed = 600
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	leader := c.Leader()
	rest := c.Shuffled(leader)
	c.Disconnect(rest[0])
	c.propose(leader, missed)
	c.agreeWithin(missedLimit, 2)
	c.Connect(rest[0])
	c.Disconnect(rest[1])
	c.agreeWithin(missedLimit, 2)
	c.Connect(rest[1])
	c.agreeAll()
	c.audit()
}

// missedLimit is generous to leaders that send one entry after the other, or go back by one after
// each refusal and wait for the next heartbeat.
const missedLimit = 3 * time.Minute

// noMajority cuts three of five off. The leader takes commands and cannot commit them; when the
// others are back, in whatever way the new leader was elected, there must be one log.
func noMajority(e *tester.Env) {
	c := newCluster(e, 5, tester.Options{})
	c.agreeAll()
	leader := c.Leader()
	c.Disconnect(c.Shuffled(leader)[:3]...)
	proposals := c.startTogether(leader, 4)
	e.Sleep(2 * time.Second)
	c.neverApplied(proposals, "§5.3", "only two of five peers can have stored it")
	c.HealAll()
	c.agreeAll()
	c.commit(2, 5)
	c.audit()
}

// evenCommits leaves the leader of four peers with one follower. Two of four are no majority.
func evenCommits(e *tester.Env) {
	c := newCluster(e, 4, tester.Options{})
	c.agreeAll()
	leader := c.Leader()
	c.Disconnect(c.Shuffled(leader)[:2]...)
	proposals := c.startTogether(leader, 3)
	e.Sleep(2 * time.Second)
	c.neverApplied(proposals, "§5.3", "only two of four peers can have stored it")
	c.HealAll()
	c.agreeAll()
	c.Disconnect(c.any())
	c.agree(3)
	c.recovers()
}

// concurrentStarts hands the leader several commands at the same time. They get different indices,
// and if its term lasts all of them are committed.
func concurrentStarts(e *tester.Env) {
	const tries, clients, enough = 8, 6, 3
	c := newCluster(e, 3, tester.Options{})
	checked := 0
	for range tries {
		leader := c.Leader()
		term, _ := c.State(leader)
		commands := make([]int, clients)
		indices := make([]int, clients)
		for k := range commands {
			commands[k] = c.command()
			e.Go(func() {
				if index, at, leads := c.Propose(leader, commands[k]); leads && at == term {
					indices[k] = index
				}
			})
		}
		e.Wait()
		if c.committedAsPromised(term, commands, indices) {
			checked++
		}
		if checked == enough {
			break
		}
	}
	e.Note("checked: %d times; in other tries the term changed", checked)
	c.agreeAll()
	c.audit()
}

// committedAsPromised waits until each command is committed at its index. It returns false if
// the term changed before that, in which case nothing was promised.
func (c *cluster) committedAsPromised(term int, commands, indices []int) bool {
	seen := map[int]bool{}
	for k, index := range indices {
		if index == 0 {
			return false
		}
		if seen[index] {
			c.fail(tester.RuleWrongIndex, "§5.3", nil, "two concurrent Starts in term %d got the same index %d", term, index)
		}
		seen[index] = true
		command, ok := c.WaitApplied(index, c.N(), term)
		if !ok {
			return false
		}
		if command != commands[k] {
			c.fail(tester.RuleWrongIndex, "§5.3", nil, "Start promised index %d in term %d to command %d; the term lasted, but %v was committed there", index, term, commands[k], command)
		}
		c.ledger[index] = commands[k]
	}
	return true
}

// duplicates delivers many requests twice, the second copy some time after the first.
func duplicates(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{Unreliable: true, Duplicates: true})
	for range 8 {
		c.writeToAnyLeader(3)
		c.agree(2)
	}
	c.recovers()
}

// overtaken holds back most replies for a second or so, so that they arrive in another order, and
// some when the question has long been asked again: a new leader gets many refusals from a follower
// that has nothing yet, several of them to the same request, before it hears of the first one. The
// log is short, so there is not much room for going back too far.
func overtaken(e *tester.Env) {
	for range 4 {
		c := newCluster(e, 3, tester.Options{LongReordering: true})
		behind := c.any(c.Leader())
		c.Disconnect(behind)
		c.commit(2, 2)
		leader := c.Leader()
		c.Disconnect(leader)
		c.Connect(behind)
		c.agree(2)
		c.Idle(2 * time.Second)
		c.Connect(leader)
		c.agree(2)
		c.recovers()
		c.Shutdown()
	}
}

// freshLogs runs two clusters, one after the other, in one process. The second one's log must hold
// its own commands and nothing else.
func freshLogs(e *tester.Env) {
	first := newCluster(e, 5, tester.Options{})
	first.commit(5, 5)
	first.Shutdown()

	second := newCluster(e, 3, tester.Options{})
	second.first, second.next = first.next, first.next // so that whose command it is can be told
	second.commit(3, 3)
	for index := 1; index <= second.AppliedThrough(0); index++ {
		n, command := second.Applied(index)
		if old, ok := command.(int); n > 0 && ok && old <= first.next {
			second.fail(tester.RuleTwoCommands, "Figure 2", nil, "index %d of a new cluster, with empty persisters, holds command %d of an earlier cluster; do package variables survive?", index, old)
		}
	}
	second.audit()
}

// lostCalls lets nobody hear a follower for so long that hundreds of the leader's calls come to
// nothing, and lets it back. The leader must not have given it up: if nobody sends to it, it stands
// for election.
func lostCalls(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	disturbed := 0
	for range 3 {
		leader, term := c.leadership()
		away := c.any(leader)
		c.mute(away)
		c.commit(2, 2)
		e.Sleep(40 * time.Second)
		unchanged := func() bool { now, leads := c.State(leader); return leads && now == term }
		quiet := unchanged()
		c.HealAll()
		e.Sleep(3 * time.Second)
		if quiet && !unchanged() {
			disturbed++
		}
		if disturbed > 1 {
			c.fail(tester.RuleTermChanged, "§5.3", []int{leader, away}, "nobody heard peer %d for 40 s, and within seconds after that it deposed leader %d, as another one had before; does the leader still send to a peer when hundreds of calls to it have come to nothing?", away, leader)
		}
		c.agreeAll()
	}
	c.recovers()
}

// steadyWrites has the answers of a follower get lost for a moment while a client writes all the
// time. The follower goes on hearing its leader, whatever else that has to do, and so does not
// stand.
//
//	leader     |-- 1 -->|-- 2 -->|-- 3 -->|-- 4 -->| ...     a command every 40 ms
//	follower   |- yes - X                                    for a moment nobody hears it
func steadyWrites(e *tester.Env) {
	const interval, forgiven = 40 * time.Millisecond, 1 // shorter than that of heartbeats
	c := newCluster(e, 3, tester.Options{})
	c.agreeAll()
	disturbed := 0
	for range 4 {
		leader, term := c.leadership()
		away := c.any(leader)
		c.mute(away)
		c.writeSteadily(leader, interval, 300*time.Millisecond)
		unchanged := func() bool { now, leads := c.State(leader); return leads && now == term }
		quiet := unchanged()
		c.HealAll()
		c.writeSteadily(leader, interval, 2*time.Second)
		if quiet && !unchanged() {
			disturbed++
		}
		if disturbed > forgiven {
			c.fail(tester.RuleTermChanged, "§5.2", []int{leader, away}, "some answers of peer %d were lost while a client wrote all the time, and then it deposed leader %d, as another one had before; do commands put heartbeats off?", away, leader)
		}
		c.agreeAll()
	}
	c.recovers()
}

// writeSteadily hands peer i one command after the other for d.
func (c *cluster) writeSteadily(i int, interval, d time.Duration) {
	for end := c.env.Now() + d; c.env.Now() < end; c.env.Sleep(interval) {
		c.propose(i, 1)
	}
}
