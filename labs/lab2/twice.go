package lab2

import (
	"fmt"
	"slices"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Cases of part 2G about extensions without a pipeline: what is on its way to a follower is not sent
// again because of them. A leader of Figure 2 may, with each heartbeat, and is not judged here.

func nothingTwice() []tester.Case {
	return []tester.Case{
		{Part: "2G", Name: "NewsAlone", Points: 6, Section: "§5.3", Run: newsAlone,
			Checks: "news of commitments does not bring along once more what is on its way: it is told in few bytes"},
		{Part: "2G", Name: "ThinLink", Points: 6, Section: "§5.3", Run: thinLink,
			Checks: "links carry what comes in once, and not twice: with a limit on what waits it is committed soon, and the leader stays"},
		{Part: "2G", Name: "SnapshotOnItsWay", Points: 6, Section: "§7", Run: snapshotOnItsWay,
			Checks: "a snapshot takes longer than a heartbeat interval, from a leader that keeps entries so as to send few: it goes out once"},
		{Part: "2G", Name: "LoadLost", Points: 6, Section: "§5.3", Run: loadLost,
			Checks: "entries are lost, and nobody reports it: they are sent again soon after the follower has answered something later"},
	}
}

// only is a cluster whose peers have these extensions, and no other one that concerns how often
// something is sent.
func only(e *tester.Env, extensions ...string) tester.Options {
	others := slices.DeleteFunc(slices.Clone(e.With()), func(text string) bool {
		x, err := raftapi.ParseExtension(text)
		return err == nil && slices.Contains([]string{raftapi.Pipeline, raftapi.EagerCommit, raftapi.UncommittedLimit, raftapi.CatchUp}, x.Name)
	})
	all := raftapi.AddExtensions(others, extensions...)
	return tester.Options{ExtensionsOf: func(int) []string { return slices.Clone(all) }}
}

// stopsAndWaits finds out whether the leader waits for an answer before it sends new entries. What
// does not, asked for or not, has a pipeline, and other rules.
func (c *cluster) stopsAndWaits() bool {
	const oneWay, commands, gap = 20 * time.Millisecond, 30, 2 * time.Millisecond
	c.Network().Latency(oneWay, oneWay)
	defer c.Network().Latency(0, 0)
	rpcs, _, took, ok := c.measured(func() {
		c.trickle(c.Leader(), commands, gap)
		c.agreeAll()
	})
	each := int(took/(2*oneWay)) + 2
	if limit := (c.N()-1)*each + heartbeats(c.N(), took); ok && rpcs <= limit {
		return true
	}
	c.env.NotChecked(tester.RuleTooManyBytes, "the peer does not wait for answers, although nobody has asked for a pipeline")
	return false
}

// newsAlone counts the bytes of the same commands with eager news and without. Messages take
// 20 ms, and a command of 1,000 bytes comes each 2 ms: entries are committed by some, and on their
// way to others. None overtakes another, for that costs some peers bytes of its own.
//
//	leader   --[1..20]--> a, b, c, d     a and b have answered: news; to c and d with 1..20 again?
func newsAlone(e *tester.Env) {
	const peers, oneWay, commands, size = 5, 20 * time.Millisecond, 120, 1000
	cost := func(extensions ...string) (int64, bool) {
		c := newCluster(e, peers, only(e, extensions...))
		c.agreeAll()
		if !c.stopsAndWaits() {
			return 0, false
		}
		_, bytes, _, ok := c.measured(func() {
			leader := c.Leader()
			c.Network().Latency(oneWay, oneWay)
			defer c.Network().Latency(0, 0)
			for k := range commands {
				c.Propose(leader, c.large(k, size))
				e.Sleep(2 * time.Millisecond)
			}
			c.agreeAll()
		})
		c.recovers()
		c.Shutdown()
		return bytes, ok
	}
	without, ok := cost()
	if !ok {
		return
	}
	with, ok := cost(raftapi.EagerCommit)
	const news = 100_000
	if limit := without*6/5 + news; ok && with > limit {
		e.Fail(tester.Violation{Rule: tester.RuleTooManyBytes, Section: "§5.3", Message: fmt.Sprintf(
			"%d commands of %d bytes made %d bytes without eagercommit, and %d with it: news takes a few bytes, and entries that are on their way need not come with it; %d would be enough",
			commands, size, without, with, limit)})
	}
}

// thinLink has so much come in, in bursts, that the links are busy for half of the time. A burst
// takes longer than a heartbeat interval; if it goes out twice for that, they are busy all the time,
// and heartbeats come too late.
func thinLink(e *tester.Env) {
	const link, size, gap, burst, commands = 4 << 20, 100_000, 300 * time.Millisecond, 6, 72
	c := newCluster(e, 3, only(e, raftapi.UncommittedLimit))
	c.agreeAll()
	if !c.stopsAndWaits() {
		return
	}
	var refused int
	_, bytes, took, ok := c.measured(func() {
		leader := c.Leader()
		c.Network().Bandwidth(link)
		c.Network().Latency(time.Millisecond, time.Millisecond) // none overtakes another
		defer c.Network().Bandwidth(0)
		defer c.Network().Latency(0, 0)
		refused = 0
		for k := range commands {
			if _, _, taken := c.Propose(leader, c.large(k, size)); !taken {
				refused++
			}
			if k%burst == burst-1 {
				e.Sleep(gap)
			}
		}
		c.agreeWithin(tester.WaitLimit, 3)
	})
	if !ok {
		c.fail(tester.RuleUnwantedLeader, "§5.2", nil, "links of %d bytes a second carried commands of %d a second, and in each of 5 tries a peer stood for election meanwhile: what is on its way goes out once more with each heartbeat?",
			link, int(burst*size*time.Second/gap))
	}
	if limit := int64(2 * commands * size * 4); bytes > limit {
		c.fail(tester.RuleTooManyBytes, "§5.3", nil, "%d commands of %d bytes for two followers made %d bytes on links that take a while for them; %d are enough to send all of it four times", commands, size, bytes, limit)
	}
	e.Note("%d refused, %v", refused, took)
	c.recovers()
}

// snapshotOnItsWay lets a follower come back that lacks what the leader has dropped. Its snapshot
// takes 150 ms on the link.
func snapshotOnItsWay(e *tester.Env) {
	const link, size, rounds = 4 << 20, 600_000, 4
	o := only(e, raftapi.CatchUp+":entries=2:bytes=1000")
	o.SnapshotEvery, o.SnapshotBytes = every, size
	c := newCluster(e, 3, o)
	twice := 0
	for range rounds {
		c.agreeAll()
		leader, term := c.leadership()
		away := c.any(leader)
		c.Disconnect(away)
		for range 3 {
			c.batch(2)
		}
		c.Network().Bandwidth(link)
		before := c.Bytes()
		c.HealAll()
		e.Sleep(time.Second)
		sent := c.Bytes() - before
		c.Network().Bandwidth(0)
		if now, leads := c.State(leader); leads && now == term && sent > size*8/5 {
			twice++
		}
	}
	if twice > 1 {
		c.fail(tester.RuleTooManyBytes, "§7", nil, "a snapshot of %d bytes takes %v on its link; %d times of %d, at least, it was sent again while it was on its way", size, size*time.Second/link, twice, rounds)
	}
	c.recovers()
}

// loadLost is tailLost without a pipeline: the leader waits for the answer to entries that were
// lost, and the call takes up to seven seconds to fail.
func loadLost(e *tester.Env) {
	c := newCluster(e, 3, only(e, raftapi.UncommittedLimit))
	c.agreeAll()
	c.Network().LongDelays(true)
	c.Crash(c.any(c.Leader()))
	slowly := 0
	for range 5 {
		c.agree(2)
		leader, term := c.leadership()
		follower := c.Others(leader)[slices.IndexFunc(c.Others(leader), c.Running)]
		c.Cut(leader, follower)
		taken := c.propose(leader, 1)
		e.Sleep(3 * time.Millisecond)
		c.Heal(leader, follower)
		there := func() bool { return len(taken) == 0 || c.applied(taken[0]) }
		if !c.Until(time.Second, there) && c.Term() == term {
			slowly++
		}
	}
	if slowly > 1 {
		c.fail(tester.RuleTooSlow, "§5.3", nil, "entries for the only follower were lost, and heartbeats behind them were not; %d times of 5 that was not noticed within a second, ten heartbeats", slowly)
	}
	c.recovers()
}
