package lab4

import (
	"slices"
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
	"raftlab/tester/faults"
)

// Part 4A: many clients; messages are lost, leaders fail, networks break.

// manyClients lets several clients change configurations at the same time.
func manyClients(e *tester.Env) {
	c := startController(e, setup{})
	c.ends(c.load(mix{admins: 6, each: 12, think: 3 * time.Millisecond}))
}

// joinTogether has ten clients join a group each at one moment, and leave at another.
func joinTogether(e *tester.Env) {
	c := startController(e, setup{})
	gids := c.gids(10)
	for _, what := range []string{"join", "leave"} {
		var done []<-chan struct{}
		var who []*admin
		for _, gid := range gids {
			a := c.admin()
			who = append(who, a)
			done = append(done, a.Goes(func() {
				if what == "join" {
					a.join(gid)
				} else {
					a.leave(gid)
				}
				a.query(-1)
			}))
		}
		for i, d := range done {
			who[i].EndsWithin(tester.ProgressLimit, d)
		}
	}
	c.judge()
}

// replicasAgree makes one server after the other lead, and asks each for all configurations. They
// were computed by each server for itself.
func replicasAgree(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(9)
	r := e.Rand()
	a.Must("join, move and leave", func() {
		for at := 0; at < len(gids); {
			n := min(len(gids)-at, 1+r.IntN(4))
			a.join(gids[at : at+n]...)
			at += n
			a.move(r.IntN(shardapi.NShards), gids[0])
			a.move(r.IntN(shardapi.NShards), gids[at-1])
		}
		a.leave(gids[4:7]...)
	})
	const rounds = 12
	led := map[int]bool{}
	var made []shardapi.Config
	for range rounds {
		leader := c.Leader()
		asker := c.admin()
		now := c.everything(asker)
		if made != nil && !slices.EqualFunc(made, now, shardapi.Config.Equal) {
			break // the judge says where
		}
		made = now
		if led[leader] = true; len(led) == c.N() {
			break
		}
		c.Disconnect(leader)
		for _, admin := range c.admins {
			admin.Client.Reach(c.Others(leader)...)
		}
		c.LeaderAmong(c.Others(leader))
		c.Connect(leader)
	}
	c.ends()
}

// leaderCrashes crashes leaders in the middle of changes. What they had not answered is done by the
// next one, or has been done and must not be done twice.
func leaderCrashes(e *tester.Env) {
	c := startController(e, setup{})
	l := c.load(mix{admins: 4, each: 12, think: 100 * time.Millisecond})
	for range 4 {
		leader := c.Leader()
		c.Idle(200 * time.Millisecond)
		c.Crash(leader)
		c.Idle(500 * time.Millisecond)
		c.Restart(leader)
	}
	c.ends(l)
}

// restarts crashes all servers at once, again and again. All configurations must be there
// afterwards, old ones and all.
func restarts(e *tester.Env) {
	c := startController(e, setup{})
	l := c.load(mix{admins: 3, each: 10, think: 150 * time.Millisecond})
	for range 3 {
		c.Idle(600 * time.Millisecond)
		for _, i := range c.Shuffled() {
			c.Crash(i)
		}
		c.Idle(100 * time.Millisecond)
		for _, i := range c.Shuffled() {
			c.Restart(i)
		}
	}
	c.ends(l)
}

// historySurvives asks for all configurations before all servers restart, and afterwards.
func historySurvives(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(7)
	a.Must("join, move and leave", func() {
		for _, gid := range gids {
			a.join(gid)
		}
		a.move(3, gids[6])
		a.leave(gids[0], gids[1])
	})
	before := c.everything(a)
	for _, i := range c.Shuffled() {
		c.Crash(i)
	}
	for _, i := range c.Shuffled() {
		c.Restart(i)
	}
	after := c.everything(c.admin())
	if len(after) != len(before) {
		c.Fail(tester.RuleWrongAnswer, nil, "there were %d configurations, and after all servers have restarted there are %d", len(before), len(after))
	}
	c.judge()
}

// unreliable loses messages, doubles them and lets them overtake each other.
func unreliable(e *tester.Env) {
	c := startController(e, setup{net: tester.Options{Unreliable: true, Duplicates: true, LongReordering: e.Rand().IntN(2) == 0}})
	l := c.load(mix{admins: 5, each: 10, think: 20 * time.Millisecond})
	l.Finish()
	c.ends(l)
}

// lateCopies has one group come and go, and one shard go back and forth, while requests are sent
// again and come twice. A change that is made a second time, late, brings back what was over.
func lateCopies(e *tester.Env) {
	c := startController(e, setup{net: tester.Options{Unreliable: true, Duplicates: true, LongReordering: true}})
	a := c.admin()
	gids := c.gids(3)
	a.Must("join, move and leave", func() {
		a.join(gids[:2]...)
		for i := range 6 {
			a.join(gids[2])
			a.move(i, gids[i%2])
			a.leave(gids[2])
			a.move(i, gids[1-i%2])
			a.query(-1)
		}
	})
	c.ends()
}

// minority leaves clients with a minority. Neither a change nor a query is answered there, whatever
// the leader there believes; both are soon after the network is whole again.
func minority(e *tester.Env) {
	c := startController(e, setup{servers: 5})
	a, q, w := c.admin(), c.admin(), c.admin()
	gids := c.gids(4)
	a.Must("join", func() { a.join(gids[0]) })
	q.Must("ask", func() { q.query(-1) })
	old := c.Leader()
	rest := c.Shuffled(old)
	few, many := append(rest[:1:1], old), rest[1:]
	a.Client.Reach(few...)
	q.Client.Reach(few...)
	w.Client.Reach(many...)
	c.Partition(few, many)
	changed := a.Goes(func() { a.join(gids[1]) })
	asked := q.Goes(func() { q.query(-1) })
	w.Must("join at the majority", func() { w.join(gids[2]); w.leave(gids[0]) })
	if e.Await(changed, time.Second) {
		c.Fail(tester.RuleUnwantedCommit, few, "a client that reaches servers %v only was told that its group has joined; those are two of five", few)
	}
	if e.Await(asked, 0) {
		c.Fail(tester.RuleUnwantedCommit, few, "a client that reaches servers %v only was shown a configuration; those are two of five, and cannot know whether it is the latest", few)
	}
	c.healed()
	const limit = 10 * time.Second // an election, and a client that finds the new leader
	for _, d := range []<-chan struct{}{changed, asked} {
		if !e.Await(d, limit) {
			c.Fail(tester.RuleTooSlow, nil, "a client that waited in the minority still waits %v after the network is whole: an old leader has to tell its clients when its term is over", limit)
		}
	}
	c.ends()
}

// deposedLeader cuts a leader off, together with one of five servers, and lets clients ask it, for
// the latest configuration and for old ones, while others change them at the majority.
func deposedLeader(e *tester.Env) {
	c := startController(e, setup{servers: 5})
	w, askers := c.admin(), []*admin{c.admin(), c.admin()}
	for range 3 {
		gids := c.gids(7)
		w.Must("join", func() { w.join(gids[0]) })
		old := c.Leader()
		rest := c.Shuffled(old)
		few, many := append(rest[:1:1], old), rest[1:]
		for _, q := range askers {
			q.Must("ask", func() { q.query(-1) })
			q.Client.Reach(few...)
		}
		w.Client.Reach(many...)
		c.Partition(few, many)
		stop, done := make(chan struct{}), []<-chan struct{}{}
		for _, q := range askers {
			done = append(done, q.Goes(func() { q.queryUntil(stop) }))
		}
		c.LeaderAmong(many)
		for i := 1; i < len(gids); i += 2 {
			w.Must("change configurations at the majority", func() { w.join(gids[i], gids[i+1]); w.leave(gids[i]) })
			c.Idle(150 * time.Millisecond)
		}
		close(stop)
		c.healed()
		for i, d := range done {
			askers[i].EndsWithin(tester.ProgressLimit, d)
		}
	}
	c.ends()
}

// queryUntil asks again and again: mostly for the latest configuration, and sometimes for the next
// one, as groups of servers do.
func (a *admin) queryUntil(stop <-chan struct{}) {
	for next := -1; ; {
		select {
		case <-stop:
			return
		default:
		}
		if got := a.query(next); a.Rand.IntN(2) == 0 {
			next = got.Num + 1
		} else {
			next = -1
		}
		a.c.env.Sleep(time.Duration(a.Rand.Int64N(int64(10 * time.Millisecond))))
	}
}

// clientDies lets clients die in the middle of a change: it is made once, or not at all, and nobody
// else may notice.
func clientDies(e *tester.Env) {
	c := startController(e, setup{net: tester.Options{Duplicates: true}})
	l := c.load(mix{admins: 2, each: 12, think: 60 * time.Millisecond})
	c.Leader()
	for range 8 {
		a, gids := c.admin(), c.gids(2)
		a.Goes(func() { a.join(gids...); a.leave(gids[0]) })
		c.Idle(6 * time.Millisecond)
		a.Client.Close()
		c.Idle(50 * time.Millisecond)
	}
	c.admins = slices.DeleteFunc(c.admins, func(a *admin) bool { return a.Client.Closed() })
	c.ends(l)
}

// pending has clients wait at a leader that cannot commit, and crashes it. They all find the next
// one.
func pending(e *tester.Env) {
	c := startController(e, setup{})
	l := c.load(mix{admins: 12, each: 2})
	leader := c.Leader()
	c.Disconnect(leader)
	e.Sleep(300 * time.Millisecond)
	c.Crash(leader)
	c.Idle(300 * time.Millisecond)
	c.ends(l)
}

// strikes that a swarm can choose from. Each does something to the controller, which lasts until
// the next.
var strikes = []func(c *controller){
	func(c *controller) { faults.Halves.On(c, c.Shuffled()...) },
	func(c *controller) { c.HealAll(); faults.CutOff.On(c, c.AnyLeader()) },
	func(c *controller) { faults.Mute.On(c, c.AnyLeader()) },
	func(c *controller) { faults.Crash.On(c, c.AnyLeader()) },
	func(c *controller) { faults.Crash.On(c, c.Shuffled()[0]) },
	func(c *controller) { c.CrashAll(c.Others()); c.RestartAll(c.Others()) },
	func(c *controller) { faults.Loss.Either(c, c.env.Rand().IntN(2) == 1) },
	func(c *controller) { faults.LateReplies.Either(c, c.env.Rand().IntN(2) == 0) },
	func(c *controller) { faults.Duplicates.Either(c, c.env.Rand().IntN(2) == 0) },
	func(c *controller) { // clients see different servers
		for _, a := range c.admins {
			order := c.Shuffled()
			a.Client.Reach(order[:1+c.env.Rand().IntN(c.N())]...)
		}
	},
}

// swarm is a load under some of all faults, drawn by the seed; see lab 3.
func swarm(e *tester.Env) {
	r := e.Rand()
	c := startController(e, setup{servers: 3 + 2*r.IntN(2)})
	l := c.load(mix{admins: 4, each: 12, think: 200 * time.Millisecond})
	chosen := r.Perm(len(strikes))[:2+r.IntN(4)]
	kit.Swarm(c, 8, func() { strikes[chosen[r.IntN(len(chosen))]](c) })
	c.ends(l)
}
