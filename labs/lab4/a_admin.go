package lab4

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/configs"
	"raftlab/shardapi"
)

// admin is a client of the controller. What it asks and what it is answered goes into the trace,
// and into the history. Its operations are for one goroutine, started with goes or must.
type admin struct {
	*kit.Person
	c     *controller
	clerk shardapi.ControllerClerk
}

// admin makes a client that reaches all servers.
func (c *controller) admin() *admin {
	a := &admin{Person: c.Person(c.NewClient(), "admin"), c: c}
	a.Client.Make(func() { a.clerk = c.made.New().Controller.Clerk(a.Client.Ends(), c.options) })
	c.admins = append(c.admins, a)
	return a
}

// do carries out an operation and records it.
func (a *admin) do(op configs.Op, call func() shardapi.Config) shardapi.Config {
	op.Client = a.Client.Number()
	a.Does(fmt.Sprintf("%s %s", op.Kind, op.Question()), func() {
		place := a.c.begins(op)
		o := a.Client.Invoke(string(op.Kind), op.Question())
		a.Client.Call(func() { op.Got = call() })
		op.Got = op.Got.Clone() // whoever keeps the one he gave us may change it
		a.c.answered(place, op.Got)
		if what := fmt.Sprintf("%s %s of client %d", op.Kind, op.Question(), a.Client.Number()); op.Kind != configs.Query {
			o.Asked(what)
			o.Wrote(what)
		} else if op.Num < 0 { // what has been does not change, and a clerk may know it
			o.Asked(what)
		}
		o.Return(op.Answer())
	})
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

// query asks for a configuration; -1 is the latest. One that could never be right ends the case at
// once.
func (a *admin) query(num int) shardapi.Config {
	got := a.do(configs.Op{Kind: configs.Query, Num: num}, func() shardapi.Config { return a.clerk.Query(num) })
	if bad := configs.Sound(got); bad != nil {
		a.c.Fail(ruleOf(bad.Fault), nil, "query %d: %s", num, bad.Text)
	}
	return got
}

// mix says what the clients of a load do.
type mix struct {
	admins int
	each   int           // operations of each
	think  time.Duration // the longest time between two operations of a client
}

// load sets clients to work, with operations drawn from the seed, and returns at once, as soon as
// the two groups that stay have joined. Each client has groups of its own, which come and go; two
// groups belong to all, and stay, so that there is somebody to move shards to.
func (c *controller) load(m mix) *kit.Load {
	stay := c.gids(2)
	first := c.admin()
	first.Must("join", func() { first.join(stay...) })
	l := c.NewLoad()
	for range m.admins {
		a, own := c.admin(), c.gids(3)
		l.Add(a.Person, func() { a.work(m, stay, own) })
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
		gid := own[a.Rand.IntN(len(own))]
		switch a.Rand.IntN(8) {
		case 0, 1, 2:
			if members[gid] {
				a.leave(gid)
			} else {
				a.join(gid)
			}
			members[gid] = !members[gid]
		case 3:
			a.move(a.Rand.IntN(shardapi.NShards), stay[a.Rand.IntN(len(stay))])
		case 4:
			a.query(a.Rand.IntN(12))
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
			a.c.env.Sleep(time.Duration(a.Rand.Int64N(int64(m.think))))
		}
	}
}
