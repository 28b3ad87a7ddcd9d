package lab4

import (
	"time"

	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4A: joins, leaves and moves, while nothing fails. What the configurations have to be is
// checked when the history is judged.

// empty asks a new controller what it knows, and once more when there is something to know.
func empty(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(2)
	a.Must("ask", func() {
		for _, num := range []int{-1, 0, 7} {
			if got := a.query(num); got.Num != 0 {
				c.Fail(tester.RuleWrongAnswer, nil, "query %d was answered with configuration %d; nobody has joined yet, so there is number 0 and no other", num, got.Num)
			}
		}
		a.join(gids...)
		a.query(0)
		a.query(7)
	})
	c.judge()
}

// joinLeave lets groups come and go one by one, and looks each time.
func joinLeave(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(4)
	a.Must("join and leave", func() {
		for _, gid := range gids {
			a.join(gid)
			a.query(-1)
		}
		for _, gid := range gids[1:] {
			a.leave(gid)
			a.query(-1)
		}
	})
	c.judge()
}

// thePast asks for old configurations again and again, while new ones are made. They must not
// change.
func thePast(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(6)
	a.Must("join and ask", func() {
		for i, gid := range gids {
			a.join(gid)
			if i%2 == 1 {
				a.leave(gids[i-1])
			}
			for num := range a.query(-1).Num + 2 {
				a.query(num)
			}
		}
	})
	c.judge()
}

// moves gives shards to groups by hand. They stay there until the next join, which spreads them
// anew.
func moves(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(3)
	a.Must("move", func() {
		a.join(gids[:2]...)
		for shard := range shardapi.NShards {
			a.move(shard, gids[shard%2])
			a.query(-1)
		}
		for shard := range 4 {
			a.move(shard, gids[0])
		}
		if got := a.query(-1); got.Shards[1] != gids[0] {
			c.Fail(tester.RuleWrongAnswer, nil, "shard 1 was moved to group %d, and belongs to group %d", gids[0], got.Shards[1])
		}
		a.join(gids[2])
		a.move(9, gids[2])
		a.move(9, gids[1])
		a.query(-1)
		a.leave(gids[0])
		a.query(-1)
	})
	c.judge()
}

// fewMoves lets groups come and go, at random, one or several at a time, and moves shards in
// between: each time the sizes have to come out even, and no more shards may move than need to.
func fewMoves(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	r := e.Rand()
	in, out := []int(nil), c.gids(8)
	a.Must("join, leave and move", func() {
		for range 30 {
			switch k := r.IntN(4); {
			case k == 3 && len(in) > 0:
				for range 1 + r.IntN(6) {
					a.move(r.IntN(shardapi.NShards), in[r.IntN(len(in))])
				}
			case k < 2 && len(out) > 0 || len(in) == 0:
				r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
				n := 1 + r.IntN(min(3, len(out)))
				a.join(out[:n]...)
				in, out = append(in, out[:n]...), out[n:]
			default:
				r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
				n := 1 + r.IntN(min(3, len(in)))
				a.leave(in[:n]...)
				out, in = append(out, in[:n]...), in[n:]
			}
		}
	})
	c.judge()
}

// manyAtOnce has ten groups join by one request, and most of them leave by another.
func manyAtOnce(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(10)
	a.Must("join and leave", func() {
		a.join(gids...)
		a.query(-1)
		a.leave(gids[3:]...)
		a.query(-1)
		a.join(gids[3:]...)
		a.leave(gids...)
		a.query(-1)
		a.join(gids[:7]...)
	})
	c.judge()
}

// moreGroups has more groups than there are shards: some have none, and get one when another
// leaves.
func moreGroups(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(shardapi.NShards + 6)
	r := e.Rand()
	a.Must("join and leave", func() {
		for i, gid := range gids {
			a.join(gid)
			if i == 12 {
				a.move(r.IntN(shardapi.NShards), gids[12])
				a.move(r.IntN(shardapi.NShards), gids[12])
			}
		}
		r.Shuffle(len(gids), func(i, j int) { gids[i], gids[j] = gids[j], gids[i] })
		for len(gids) > 0 {
			n := min(len(gids), 1+r.IntN(3))
			a.leave(gids[:n]...)
			gids = gids[n:]
		}
	})
	c.judge()
}

// comeBack lets all groups leave, and some of them come back with other servers.
func comeBack(e *tester.Env) {
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(3)
	a.Must("join, leave, and join", func() {
		a.join(gids...)
		a.leave(gids...)
		a.query(-1)
		a.joinAs("'", gids[0])
		a.join(gids[1])
		a.query(-1)
		a.leave(gids[0])
		a.leave(gids[1])
		a.query(-1)
		a.joinAs("''", gids...)
	})
	c.judge()
}

// repeated has members join, and groups leave that are none.
func repeated(e *tester.Env) {
	c := startController(e, setup{})
	a, b := c.admin(), c.admin()
	gids := c.gids(6)
	for _, who := range []*admin{a, b} {
		who.Must("join and leave", func() {
			who.join(gids[0], gids[1])
			who.join(gids[1])
			who.join(gids[1], gids[2], gids[3])
			who.query(-1)
			who.leave(gids[2], gids[4])
			who.leave(gids[2])
			who.leave(gids[4], gids[5])
			who.query(-1)
		})
	}
	c.judge()
}

// freshController starts a second controller in the same process, which must not know what the
// first one was told.
func freshController(e *tester.Env) {
	first := startController(e, setup{})
	a, gids := first.admin(), first.gids(3)
	a.Must("join", func() { a.join(gids...) })
	first.Shutdown()

	second := startController(e, setup{})
	b := second.admin()
	b.Must("ask", func() {
		if got := b.query(-1); got.Num != 0 {
			second.Fail(tester.RuleWrongAnswer, nil, "a new controller, on empty persisters, has configuration %d, which was made by an earlier controller of this process; do package variables survive?", got.Num)
		}
		b.join(gids[1:]...)
	})
	second.judge()
}

// soon measures how long a change takes when nothing is wrong. A controller that is woken by its
// own clock instead of by what it applies, or a clerk that waits before it asks, is too slow.
func soon(e *tester.Env) {
	const changes = 20
	c := startController(e, setup{})
	a := c.admin()
	gids := c.gids(changes + 1)
	a.Must("begin", func() { a.join(gids[0]) })
	before := e.Now()
	a.Must("join", func() {
		for _, gid := range gids[1:] {
			a.join(gid)
		}
	})
	took := (e.Now() - before) / changes
	// A peer may replicate with its heartbeats only, and a service may look every now and then.
	if limit := tester.HeartbeatHigh + 100*time.Millisecond; took > limit {
		c.Fail(tester.RuleTooSlow, nil, "a change takes %v on average, and may take %v: one heartbeat and some polling",
			took.Round(time.Millisecond), limit)
	}
	c.judge()
}
