package lab2

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 2G: what followers hear of commitments, and what a leader takes that it cannot commit.

// commitNews looks how long followers lag behind their leader on a cluster that is quiet otherwise:
// the time of a message, or until the next heartbeat.
func commitNews(e *tester.Env) {
	const oneWay, commands, limit = 20 * time.Millisecond, 20, 50 * time.Millisecond
	c := newCluster(e, 3, with(raftapi.Pipeline, raftapi.EagerCommit))
	c.agreeAll()
	if raftapi.HasExtension(e.With(), raftapi.ReadIndex) {
		e.Note("nobody reads, so nobody has to be told at once")
		return
	}
	var lag time.Duration
	_, _, _, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Latency(oneWay, oneWay+time.Millisecond)
		defer c.Network().Latency(0, 0)
		lag = 0
		for range commands {
			for _, p := range c.propose(leader, 1) {
				c.untilWithin(time.Millisecond, tester.CommitLimit, func() bool { return c.AppliedThrough(leader) >= p.index })
				began := e.Now()
				c.untilWithin(time.Millisecond, tester.CommitLimit, func() bool { n, _ := c.Applied(p.index); return n == c.N() })
				lag += (e.Now() - began) / commands
			}
			c.Idle(100 * time.Millisecond)
		}
	})
	if ok && lag > limit {
		c.fail(tester.RuleTooSlow, "§5.3", nil, "on average %v went by from when the leader applied a command until the last follower did; a message takes %v, so that is the next heartbeat", lag, oneWay)
	}
	c.recovers()
}

// newsTogether counts the messages for commands that follow each other much faster than news
// travels, and for a quiet half second afterwards. etcd has one message of news for each
// commitment; it need not be so many, and must not be more.
func newsTogether(e *tester.Env) {
	const oneWay, commands, gap = 20 * time.Millisecond, 100, 2 * time.Millisecond
	c := newCluster(e, 3, with(raftapi.Pipeline, raftapi.EagerCommit))
	c.agreeAll()
	rpcs, _, took, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Latency(oneWay, oneWay+time.Millisecond)
		defer c.Network().Latency(0, 0)
		c.trickle(leader, commands, gap)
		c.agreeAll()
		c.Network().Latency(0, 0)
		e.Sleep(500 * time.Millisecond)
	})
	const others = 2
	if limit := 2*others*(commands+1) + heartbeats(1+others, took); ok && rpcs > limit {
		c.fail(tester.RuleTooManyRPCs, "§5.3", nil, "%d commands, one every %v, and then nothing made %d messages; with one for each command and one for the news of its commitment to each follower it is %d at most",
			commands, gap, rpcs, limit)
	}
	c.recovers()
}

// leavesATail has a leader crash that has sent its commands to others, and has heard no answer. One
// of them leads next, with all of that in its log. It is none of its own proposals: whoever has it
// counts for nothing, neither when it comes nor when it is committed.
func (c *cluster) leavesATail(commands, size int) {
	leader := c.Leader()
	for _, i := range c.Others(leader) {
		c.Cut(i, leader)
	}
	for k := range commands {
		c.Propose(leader, strings.Repeat("t", size)+c.env.Now().String()+" "+strconv.Itoa(k))
	}
	for size := size / 10; size > 0; size /= 10 { // up to the limit, to a few bytes
		for n, leads := 0, true; leads && n < 20; n++ {
			_, _, leads = c.Propose(leader, strings.Repeat("t", size))
		}
	}
	c.propose(leader, 20)
	c.env.Sleep(20 * time.Millisecond)
	c.Crash(leader)
	c.HealAll()
	c.agree(2)
	c.Restart(leader)
}

// uncommitted has clients write to leaders that have no majority, and looks how much they take.
// Then they have one again. Some of it is left over from an earlier leader, and some comes all at once.
func uncommitted(e *tester.Env) {
	const limit, size = 1 << 20, 100_000
	c := newCluster(e, 3, with(raftapi.Pipeline, raftapi.UncommittedLimit))
	text := func(size int) string { return strings.Repeat("u", size) + e.Now().String() }
	for k := range 4 {
		if k%2 == 0 {
			c.leavesATail(14, size)
		}
		c.agreeAll()
		leader, term := c.leadership()
		if k%2 == 1 {
			c.burst(leader, term, 25, 2*size)
		}
		c.takes(leader, term, 14, size, 5*time.Millisecond) // more than the limit, and all of it is committed
		c.agreeAll()
		c.Disconnect(leader)
		taken := c.takes(leader, term, 20, size, 0)
		if taken > limit+2*size {
			c.fail(tester.RuleHoards, "§5.3", []int{leader}, "peer %d led nobody, and took commands of %d bytes, of which it can commit none; %d bytes are the limit", leader, taken, limit)
		}
		c.saysWhy(leader, term, text(size))
		c.LeaderAmong(c.Others(leader))
		c.HealAll()
	}
	c.recovers()
	leader, term := c.leadership()
	if _, _, leads := c.Propose(leader, text(limit+1)); !leads {
		if now, still := c.State(leader); still && now == term {
			c.fail(tester.RuleNoAgreement, "§5.3", []int{leader}, "peer %d leads, has committed everything, and does not take a command of %d bytes: nobody ever will", leader, limit+1)
		}
	}
	c.recovers()
}

// takes proposes commands to a leader, and returns how many bytes it takes. The first that it does not
// take while it leads is noted.
func (c *cluster) takes(leader, term, commands, size int, pause time.Duration) (taken int) {
	noted := false
	for range commands {
		_, now, leads := c.Propose(leader, strings.Repeat("u", size)+c.env.Now().String())
		if leads && now == term {
			taken += size
		} else if now, still := c.State(leader); still && now == term && !noted {
			noted = true
			c.env.Note("peer %d leads, and refuses a command of %d bytes, having taken %d of them", leader, size, taken/size)
		}
		if pause > 0 {
			c.env.Sleep(pause)
		}
	}
	return taken
}

// saysWhy asks the leader, which takes nothing more, and a follower, why they do not take a command.
// A client that hears of another leader goes looking for it, and is sent back here.
func (c *cluster) saysWhy(leader, term int, command string) {
	why, asked := c.Refusal(leader, command)
	if !asked {
		c.env.NotChecked(tester.RuleWrongAnswer, "the peer does not say why it takes no command (raftapi.Proposer)")
		return
	}
	if now, leads := c.State(leader); leads && now == term && errors.Is(why, raftapi.ErrNotLeader) {
		c.fail(tester.RuleWrongAnswer, "§5.3", []int{leader}, "peer %d leads term %d, and Propose says %q; what it lacks is a majority, so it is to say %q", leader, term, why, raftapi.ErrUncommitted)
	}
	follower := c.any(leader)
	before, leads := c.State(follower)
	why, _ = c.Refusal(follower, command)
	if now, _ := c.State(follower); !leads && now == before && errors.Is(why, raftapi.ErrUncommitted) {
		c.fail(tester.RuleWrongAnswer, "§5.3", []int{follower}, "peer %d does not lead, and Propose says %q; a client has to try another server, so it is to say %q", follower, why, raftapi.ErrNotLeader)
	}
}
