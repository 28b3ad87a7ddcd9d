package lab2

import (
	"slices"
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2G: pipelined replication (§10.2.2 of Ongaro's dissertation). A leader sends without waiting
// for answers, within a window, and finds back to where the logs agree when something was lost.

func pipelines() []tester.Case {
	return []tester.Case{
		{Part: "2G", Name: "Flows", Points: 10, Section: "§10.2.2", Run: flows,
			Checks: "commands are sent while earlier ones are on their way: each is committed a round trip after it was taken"},
		{Part: "2G", Name: "WindowHolds", Points: 8, Section: "§10.2.2", Run: windowHolds,
			Reaches: []string{"window full"},
			Checks:  "a follower that answers nothing is sent 64 messages with entries at most, and is up to date soon after"},
		{Part: "2G", Name: "WindowInBytes", Points: 8, Section: "§10.2.2", Run: windowInBytes,
			Reaches: []string{"window full"},
			Checks:  "large commands fill the window with a few messages: it is bounded in bytes, too"},
		{Part: "2G", Name: "TailLost", Points: 10, Section: "§10.2.2", Run: tailLost,
			Reaches: []string{"empty append when the window was full", "probing after a refusal"},
			Checks:  "the last message is lost, nothing follows it, and nobody reports it: heartbeats bring it to light"},
		{Part: "2G", Name: "AnswerLost", Points: 6, Section: "§10.2.2", Run: answerLost,
			Reaches: []string{"empty append when the window was full"},
			Checks:  "the answer to the last message is lost: an append without entries is answered, and that frees the window"},
		{Part: "2G", Name: "HeardWhenFull", Points: 8, Section: "§5.2", Run: heardWhenFull,
			Reaches: []string{"window full"},
			Checks:  "a follower whose window is full goes on hearing its leader, and does not stand for election"},
		{Part: "2G", Name: "Overtaking", Points: 8, Section: "§5.5", Run: overtaking,
			Reaches: []string{"append waited for an earlier one"},
			Checks:  "appends overtake each other all the time: one log, and nothing is sent ten times for it"},
		{Part: "2G", Name: "EarlyAndOld", Points: 6, Section: "§5.1", Run: earlyAndOld,
			Checks: "an append comes too early, and its leader is one of the past when its turn has come: it is refused"},
		{Part: "2G", Name: "LossyPipeline", Points: 8, Section: "§5.5", Run: lossyPipeline, Limit: long,
			Reaches: []string{"probing after a loss"},
			Checks:  "a tenth of what is in the pipeline is lost: gaps are found and filled"},
		{Part: "2G", Name: "RestartsWhenFull", Points: 8, Section: "§10.2.2", Run: restartsWhenFull,
			Reaches: []string{"window full", "probing after a loss"},
			Checks:  "a follower crashes while its window is full: what was sent is not what is stored, and it gets all of it"},
		{Part: "2G", Name: "SnapshotLost", Points: 8, Section: "§7", Run: snapshotLost, Limit: long,
			Reaches: []string{"snapshot lost", "snapshot installed"},
			Checks:  "a snapshot is lost on its way, and so may the next one be: none of it strands the follower"},
		{Part: "2G", Name: "CommitNews", Points: 8, Section: "§5.3", Run: commitNews,
			Reaches: []string{"commitment told at once"},
			Checks:  "followers apply what is committed when they hear of it, and they hear of it at once"},
		{Part: "2G", Name: "NewsTogether", Points: 6, Section: "§5.3", Run: newsTogether,
			Reaches: []string{"commitments told together"},
			Checks:  "many commands on a slow network, and then none: commitments are told once, and together if that can be"},
		{Part: "2G", Name: "Uncommitted", Points: 10, Section: "§5.3", Run: uncommitted,
			Reaches: []string{"command refused: too much uncommitted"},
			Checks:  "a leader without a majority takes so much and no more; one with a majority takes everything"},
		{Part: "2G", Name: "PipelineChurn", Points: 6, Section: "§5.4.3", Run: pipelineChurn, Limit: long,
			Checks: "clients write while peers crash and come back, and messages are lost, doubled and overtaken"},
	}
}

// The window that docs/lab2g.md asks for.
const (
	windowMessages = 64
	windowBytes    = 2 << 20
	messageBytes   = 1 << 20
)

// trickle hands n commands to peer i, one each gap.
func (c *cluster) trickle(i, n int, gap time.Duration) (taken []proposal) {
	for range n {
		taken = append(taken, c.propose(i, 1)...)
		c.env.Sleep(gap)
	}
	return taken
}

// large is the text of the k-th of some large commands.
func (c *cluster) large(k, size int) string {
	return strings.Repeat(string(rune('a'+k%26)), size) + c.env.Now().String()
}

// untilItProbes is the time in which a call fails, and its leader notices.
const untilItProbes = 120 * time.Millisecond

// loses has a leader propose a command of which nothing reaches a follower for a while.
func (c *cluster) loses(leader, follower int, while time.Duration) {
	c.Cut(leader, follower)
	c.propose(leader, 1)
	c.env.Sleep(while)
	c.Heal(leader, follower)
}

// flows measures, on a slow network and with one follower, how long it takes from a command to its
// commitment. A leader that waits for an answer before it sends again takes half a round trip more,
// on average.
func flows(e *tester.Env) {
	const oneWay, commands, gap = 60 * time.Millisecond, 60, 10 * time.Millisecond
	c := newCluster(e, 3, with(raftapi.Pipeline))
	c.agreeAll()
	c.Crash(c.any(c.Leader()))
	var mean time.Duration
	_, _, _, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Latency(oneWay, oneWay+oneWay/20)
		defer c.Network().Latency(0, 0)
		mean = c.meanLatency(leader, commands, gap)
	})
	const limit = 5 * oneWay / 2
	if ok && mean > limit {
		c.fail(tester.RuleTooSlow, "§10.2.2", nil, "a message takes %v, and a command every %v takes %v to its commitment on average; a leader that does not wait for answers needs a bit more than one round trip, %v, and may take %v",
			oneWay, gap, mean, 2*oneWay, limit)
	}
	c.recovers()
}

// meanLatency has peer i take commands, one each gap, and returns how long they took on average
// until it applied them.
func (c *cluster) meanLatency(i, commands int, gap time.Duration) time.Duration {
	const look = 2 * time.Millisecond
	var taken []time.Duration
	var sum time.Duration
	first, done := 0, 0
	for end := c.env.Now() + tester.WaitLimit; done < commands && c.env.Now() < end; c.env.Sleep(look) {
		if n := len(taken); n < commands && (n == 0 || c.env.Now() >= taken[n-1]+gap) {
			began := c.env.Now()
			for _, p := range c.propose(i, 1) {
				if len(taken) == 0 {
					first = p.index
				}
				taken = append(taken, began)
			}
		}
		for done < len(taken) && c.AppliedThrough(i) >= first+done {
			sum += c.env.Now() - taken[done]
			done++
		}
	}
	return sum / time.Duration(max(done, 1))
}

// windowHolds stops a follower for others while commands come in, and counts what was sent to it
// meanwhile.
func windowHolds(e *tester.Env) {
	const commands = 250
	c := newCluster(e, 3, with(raftapi.Pipeline))
	c.agreeAll()
	for k := range 4 {
		leader := c.Leader()
		slow := c.any(leader)
		if k%2 == 1 {
			c.loses(leader, slow, untilItProbes)
		}
		began := e.Now()
		c.Pause(slow)
		c.trickle(leader, commands, time.Millisecond)
		c.Cut(slow, leader) // no answers, so nothing new
		before := c.RPCs(slow)
		took := e.Now() - began
		c.Resume(slow)
		e.Sleep(time.Millisecond)
		if held, limit := c.RPCs(slow)-before, 2*windowMessages+heartbeats(2, took)+10; held > limit {
			c.fail(tester.RuleTooManyRPCs, "§10.2.2", []int{leader, slow}, "peer %d answered nothing for %v, and %d messages were on their way to it; a window of %d with entries, as much news of commits, and heartbeats make %d at most", slow, took, held, windowMessages, limit)
		}
		c.HealAll()
		c.agreeAll()
	}
	c.recovers()
}

// windowInBytes is windowHolds with large commands, and counts bytes.
func windowInBytes(e *tester.Env) {
	const commands, size, slack = 32, 200_000, 1 << 20
	c := newCluster(e, 3, with(raftapi.Pipeline))
	_, bytes, _, ok := c.measured(func() {
		c.agreeAll()
		leader := c.Leader()
		slow := c.any(leader)
		c.Pause(slow)
		for k := range commands {
			c.Propose(leader, strings.Repeat(string(rune('a'+k%26)), size)+" "+time.Duration(k).String())
			e.Sleep(4 * time.Millisecond)
		}
		c.Disconnect(slow)
		c.Resume(slow)
		e.Sleep(2 * time.Millisecond)
	})
	limit := int64(commands*size + windowBytes + messageBytes + slack)
	if ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "%d commands of %d bytes went to one follower, and another answered nothing: %d bytes were sent; with a window of %d bytes it is at most %d",
			commands, size, bytes, windowBytes, limit)
	}
	c.HealAll()
	c.recovers()
}

// tailLost has the last message to the only follower lost, with nothing behind it, a small one or
// one that fills the window. The call takes up to seven seconds to fail.
func tailLost(e *tester.Env) {
	endIsLost(e, "append", func(leader, follower int) (from, to int) { return leader, follower })
}

// answerLost is tailLost with an answer: the follower has the entries, and the leader does not
// know.
func answerLost(e *tester.Env) {
	endIsLost(e, "answer", func(leader, follower int) (from, to int) { return follower, leader })
}

// endIsLost has what goes one way between the leader and its only follower lost, at the end of what
// comes in.
func endIsLost(e *tester.Env, what string, way func(leader, follower int) (from, to int)) {
	c := newCluster(e, 3, with(raftapi.Pipeline))
	c.agreeAll()
	c.Network().LongDelays(true)
	c.Crash(c.any(c.Leader()))
	slowly := 0
	for k := range 5 {
		c.agree(2)
		leader := c.Leader()
		follower := c.Others(leader)[slices.IndexFunc(c.Others(leader), c.Running)]
		term := c.Term()
		size := 10
		if k%2 == 1 {
			size = windowBytes + 1
		}
		from, to := way(leader, follower)
		c.Cut(from, to)
		index, _, leads := c.Propose(leader, strings.Repeat("x", size)+time.Duration(k).String())
		e.Sleep(3 * time.Millisecond)
		c.Heal(from, to)
		if !leads {
			continue
		}
		c.Until(time.Second, func() bool { n, _ := c.Applied(index); return n > 0 })
		if n, _ := c.Applied(index); n == 0 && c.Term() == term {
			slowly++
		}
	}
	if slowly > 1 {
		c.fail(tester.RuleTooSlow, "§10.2.2", nil, "the last %s between a leader and a follower was lost, and nothing followed it; %d times of 5 that was not noticed within a second, ten heartbeats: their answers allow an append, which the follower accepts or refuses", what, slowly)
	}
	c.recovers()
}

// heardWhenFull leaves a follower hearing its leader, which hears nothing of it. Before that the
// window is filled with one large command, or a message is lost, so that the leader probes.
func heardWhenFull(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.Pipeline))
	c.agreeAll()
	u := undisturbed{c: c}
	for k := range 6 {
		what := "a follower heard its leader, which had no answers from it, with a full window"
		if k%2 == 1 {
			what = "a follower heard its leader, which had no answers from it, after a loss"
		}
		u.by(what, func(leader int) {
			silent := c.any(leader)
			if k%2 == 1 {
				c.loses(leader, silent, untilItProbes)
			}
			c.Network().LongDelays(true)
			c.Cut(silent, leader)
			if k%2 == 1 {
				c.propose(leader, 1)
			} else {
				c.Propose(leader, strings.Repeat("x", windowBytes+1)+e.Now().String())
			}
			e.Sleep(2 * time.Second)
			c.Network().LongDelays(false)
			c.HealAll()
			c.agreeAll()
		})
	}
	c.recovers()
}

// overtaking sends so many commands, so close together, that most appends overtake another one.
func overtaking(e *tester.Env) {
	const commands, size, often = 150, 1000, 10
	c := newCluster(e, 3, with(raftapi.Pipeline))
	_, bytes, _, ok := c.measured(func() {
		c.agreeAll()
		leader := c.Leader()
		c.Network().Latency(5*time.Millisecond, 40*time.Millisecond)
		defer c.Network().Latency(0, 0)
		for k := range commands {
			c.Propose(leader, c.large(k, size))
			e.Sleep(2 * time.Millisecond)
		}
		c.agreeAll()
	})
	if limit := int64(2 * often * commands * size); ok && bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§10.2.2", nil, "%d commands of %d bytes for two followers made %d bytes, on a network where messages overtake each other and none is lost; %d would be enough for sending each %d times",
			commands, size, bytes, limit, often)
	}
	c.recovers()
}

// earlyAndOld has a follower get an append before the one that it builds upon, and then a new
// leader's log. If it has let the append wait, then that finds what it has waited for, and its
// leader's term is over.
//
//	old leader     x to the others, y to the follower only: behind x, which it lacks
//	new leader     x z committed         -- x z -->  the follower: y would go where z is
func earlyAndOld(e *tester.Env) {
	c := newCluster(e, 5, with(raftapi.Pipeline))
	for range 5 {
		c.agreeAll()
		old := c.Leader()
		rest := c.Shuffled(old)
		follower, others := rest[0], rest[1:]
		c.Cut(old, follower)
		c.propose(old, 1)
		e.Sleep(3 * time.Millisecond)
		c.Heal(old, follower)
		for _, i := range others {
			c.Cut(old, i)
		}
		c.propose(old, 1)
		e.Sleep(2 * time.Millisecond)
		c.Partition(others, []int{old}, []int{follower})
		c.LeaderAmong(others)
		c.agree(len(others))
		c.HealAll()
	}
	c.recovers()
}

func lossyPipeline(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{Unreliable: true, Extensions: []string{raftapi.Pipeline}})
	for range 6 {
		c.trickle(c.Leader(), 40, 2*time.Millisecond)
		c.agree(2)
	}
	c.recovers()
}

// restartsWhenFull crashes the only follower while it has been sent all that fits into the window,
// and has seen none of it.
func restartsWhenFull(e *tester.Env) {
	c := newCluster(e, 3, with(raftapi.Pipeline))
	for range 4 {
		c.agreeAll()
		leader := c.Leader()
		follower := c.any(leader)
		c.Crash(c.Others(leader, follower)[0])
		c.Pause(follower)
		taken := c.trickle(leader, 200, time.Millisecond) // beyond the next heartbeat, which finds the window full
		c.neverApplied(taken, "§5.3", "no follower has heard of it: what is sent is not stored")
		c.Restart(follower)
		c.agree(2)
		c.Mend()
	}
	c.recovers()
}

// snapshotLost has a follower come back, which lacks what the leader's log has dropped, while
// messages are lost.
func snapshotLost(e *tester.Env) {
	c := newCluster(e, 3, tester.Options{SnapshotEvery: 4, Extensions: []string{raftapi.Pipeline}})
	for range 10 {
		c.agreeAll()
		leader := c.Leader()
		behind := c.any(leader)
		c.Crash(behind) // and not disconnected: its term would rise, and a new leader begin anew
		c.commit(9, 2)
		c.Network().Reliable(false)
		c.Restart(behind)
		e.Sleep(300 * time.Millisecond)
		c.Network().Reliable(true)
	}
	c.recovers()
}

func pipelineChurn(e *tester.Env) {
	churn(e, tester.Options{Unreliable: true, Duplicates: true, LongReordering: true, SnapshotEvery: 15, Extensions: []string{raftapi.Pipeline}})
}
