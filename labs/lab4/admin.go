package lab4

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"raftlab/porcupine-tests/configs"
	"raftlab/shardapi"
	"raftlab/tester"
)

// admin is a client of the controller. What it asks and what it is answered goes into the trace, and into
// the history. Its operations are for one goroutine, started with goes or must.
type admin struct {
	c      *controller
	client *tester.Client
	clerk  shardapi.ControllerClerk
	rand   *rand.Rand
	doing  atomic.Value // string: the operation that has not ended yet; for messages
}

// admin makes a client that reaches all servers.
func (c *controller) admin() *admin {
	a := &admin{c: c, client: c.NewClient()}
	a.doing.Store("nothing")
	a.rand = c.env.Fork(fmt.Sprintf("admin %d", a.client.Number()))
	a.client.Make(func() { a.clerk = c.made.New().Controller.Clerk(a.client.Ends(), c.options) })
	c.admins = append(c.admins, a)
	return a
}

// do carries out an operation and records it.
func (a *admin) do(op configs.Op, call func() shardapi.Config) shardapi.Config {
	op.Client = a.client.Number()
	a.doing.Store(fmt.Sprintf("%s %s", op.Kind, op.Question()))
	place := a.c.begins(op)
	o := a.client.Invoke(string(op.Kind), op.Question())
	a.client.Call(func() { op.Got = call() })
	op.Got = op.Got.Clone() // whoever keeps the one he gave us may change it
	a.c.ended(place, op.Got)
	o.Return(op.Answer())
	a.doing.Store("nothing")
	return op.Got
}

// join adds groups.
func (a *admin) join(gids ...int) { a.joinAs("", gids...) }

// joinAs adds groups whose servers have other names than with another mark.
func (a *admin) joinAs(mark string, gids ...int) {
	op := configs.Op{Kind: configs.Join, Groups: groupsOf(mark, gids)}
	a.do(op, func() (none shardapi.Config) {
		a.clerk.Join(groupsOf(mark, gids))
		return none
	})
}

// groupsOf makes up names for the servers of groups, as many as three or fewer.
func groupsOf(mark string, gids []int) map[int][]string {
	groups := map[int][]string{}
	for _, gid := range gids {
		for i := range 1 + gid%3 {
			groups[gid] = append(groups[gid], fmt.Sprintf("%d%c%s", gid, 'a'+i, mark))
		}
	}
	return groups
}

// leave takes groups away.
func (a *admin) leave(gids ...int) {
	a.do(configs.Op{Kind: configs.Leave, GIDs: slices.Clone(gids)}, func() (none shardapi.Config) {
		a.clerk.Leave(slices.Clone(gids))
		return none
	})
}

// move gives a shard to a group, which has to be a member.
func (a *admin) move(shard, gid int) {
	a.do(configs.Op{Kind: configs.Move, Shard: shard, GID: gid}, func() (none shardapi.Config) {
		a.clerk.Move(shard, gid)
		return none
	})
}

// query asks for a configuration; -1 is the latest. One that could never be right ends the case at once.
func (a *admin) query(num int) shardapi.Config {
	got := a.do(configs.Op{Kind: configs.Query, Num: num}, func() shardapi.Config { return a.clerk.Query(num) })
	if bad := configs.Sound(got); bad != nil {
		a.c.fail(ruleOf(bad.Fault), nil, "query %d: %s", num, bad.Text)
	}
	return got
}

// goes runs f on the client's goroutine and returns a channel that is closed when f has ended.
func (a *admin) goes(f func()) <-chan struct{} { return a.client.Go(f) }

// must runs f on the client's goroutine and waits until it has ended; the case fails if it takes more than
// ProgressLimit.
func (a *admin) must(what string, f func()) {
	done := a.goes(f)
	if !a.c.env.Await(done, tester.ProgressLimit) {
		a.c.fail(tester.RuleNoProgress, nil, "client %d was to %s, which has not ended after %v (it waits for %s), although nothing is in its way",
			a.client.Number(), what, tester.ProgressLimit, a.doing.Load())
	}
}

// ended waits for the end of what the client is doing, now that nothing is in the way any more.
func (a *admin) ended(done <-chan struct{}, limit time.Duration) {
	if !a.c.env.Await(done, limit) {
		a.c.fail(tester.RuleNoProgress, nil, "client %d still waits for %s, %v after the last obstacle is gone",
			a.client.Number(), a.doing.Load(), limit)
	}
}

// mix says what the clients of a load do.
type mix struct {
	admins int
	each   int           // operations of each
	think  time.Duration // the longest time between two operations of a client
}

// load is a number of clients who work at the same time. Each has groups of its own, which come and go; two
// groups belong to all, and stay, so that there is somebody to move shards to.
type load struct {
	c      *controller
	admins []*admin
	done   []<-chan struct{}
}

// load sets clients to work, with operations drawn from the seed, and returns at once, as soon as the two
// groups that stay have joined.
func (c *controller) load(m mix) *load {
	stay := c.gids(2)
	first := c.admin()
	first.must("join", func() { first.join(stay...) })
	l := &load{c: c}
	for range m.admins {
		a, own := c.admin(), c.gids(3)
		l.admins = append(l.admins, a)
		l.done = append(l.done, a.goes(func() { a.work(m, stay, own) }))
	}
	return l
}

// gids returns n gids that nobody has used yet. They do not follow each other closely: nobody may
// take a gid for a place in a list.
func (c *controller) gids(n int) []int {
	var fresh []int
	for range n {
		c.last += 1 + c.env.Rand().IntN(5)
		fresh = append(fresh, c.last)
	}
	return fresh
}

// work is what a client of a load does.
func (a *admin) work(m mix, stay, own []int) {
	members := map[int]bool{}
	for range m.each {
		gid := own[a.rand.IntN(len(own))]
		switch a.rand.IntN(8) {
		case 0, 1, 2:
			if members[gid] {
				a.leave(gid)
			} else {
				a.join(gid)
			}
			members[gid] = !members[gid]
		case 3:
			a.move(a.rand.IntN(shardapi.NShards), stay[a.rand.IntN(len(stay))])
		case 4:
			a.query(a.rand.IntN(12))
		case 5:
			switch in := slices.Sorted(maps.Keys(members)); {
			case len(in) == 0:
				a.join(own...)
				for _, gid := range own {
					members[gid] = true
				}
			default:
				a.leave(in...)
				clear(members)
			}
		default:
			a.query(-1)
		}
		if m.think > 0 {
			a.c.env.Sleep(time.Duration(a.rand.Int64N(int64(m.think))))
		}
	}
}

// finish waits for all clients.
func (l *load) finish() {
	for i, a := range l.admins {
		a.ended(l.done[i], tester.ProgressLimit)
	}
}
