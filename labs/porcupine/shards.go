package porcupine

import (
	"fmt"
	"math/rand/v2"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/sharded"
	"raftlab/porcupine-tests/history"
	"raftlab/shardapi"
	"raftlab/tester"
)

// moving is the size of a history of a sharded service: a key in each shard.
var moving = size{seats: 20, each: 100, keys: shardapi.NShards, deaths: 8, think: 200 * time.Millisecond, faults: 40 * time.Second}

// changeEvery is the longest time between two changes of the configuration. Each has to be carried
// out by all groups before the next one, also when faults have held them up: faster changes would
// only pile up.
const changeEvery = 1200 * time.Millisecond

// tryShards is try for a sharded service: the faults hit its controller, each of its groups and the
// links between them, and the configuration changes all the time.
func tryShards(e *tester.Env, reads kvapi.ReadPath, m mix) *trial {
	t := &trial{env: e, size: moving, key: func(i int) string { return string(rune('d' + i)) }} // 'd' is 100, and so in shard 0
	r := e.Rand()
	groups := 2 + r.IntN(3)
	setup := sharded.Setup{
		Service:    tester.MakerOf[shardapi.Service](e).New,
		Sizes:      []int{3},
		MaxState:   []int{-1, 1000, 4000}[r.IntN(3)],
		Options:    kvapi.Options{Reads: reads, Extensions: e.With()},
		Extensions: m.of,
	}
	var all [][]int
	for range groups {
		setup.Sizes = append(setup.Sizes, 3)
	}
	setup.Options.CatchUp = setup.MaxState > 0 && r.IntN(2) == 0
	e.Note("%d groups, reads by %s, maxraftstate %d, catch-up %t", groups, reads, setup.MaxState, setup.Options.CatchUp)
	s := sharded.Start(e, setup)
	for group := range setup.Sizes {
		all = append(all, s.Members(group))
	}
	t.Servers = s.Servers
	t.clerk = func(who *sitter) { who.classic = history.Classic(who.client, s.User(who.client)) }
	s.LeaderOf(sharded.Controller)

	g := &government{t: t, s: s, rand: e.Fork("government"), groups: groups, members: map[int]bool{}}
	t.begin()
	t.also = map[string]<-chan struct{}{"the client that changes configurations": g.governs()}
	t.suffer(r, s, all, m.faults)
	t.finish()
	return t
}

// government changes configurations, one change after the other, as long as there are clients at
// work. At least one group is a member at any time.
type government struct {
	t       *trial
	s       *sharded.Service
	rand    *rand.Rand
	groups  int
	members map[int]bool
}

// governs begins to do that. The channel is closed when the last change has been made.
func (g *government) governs() <-chan struct{} {
	client := g.s.NewClient()
	clerk := g.s.Administrator(client)
	return client.Go(func() {
		for !g.t.over() {
			what, change := g.next(clerk)
			g.t.env.Note("%s", what)
			client.Call(change)
			time.Sleep(time.Duration(g.rand.Int64N(int64(changeEvery))))
		}
	})
}

// next draws a change.
func (g *government) next(clerk shardapi.ControllerClerk) (what string, change func()) {
	in, out := g.sorted()
	switch kind := g.rand.IntN(10); {
	case len(in) == 0 || len(out) > 0 && kind < 4:
		who := g.some(out, len(out))
		return fmt.Sprintf("groups %v join", who), func() { clerk.Join(g.s.Joining(who...)) }
	case len(in) > 1 && kind < 8:
		who := g.some(in, len(in)-1)
		return fmt.Sprintf("groups %v leave", who), func() { clerk.Leave(sharded.GIDs(who...)) }
	default:
		shard, to := g.rand.IntN(shardapi.NShards), in[g.rand.IntN(len(in))]
		return fmt.Sprintf("shard %d moves to group %d", shard, to), func() { clerk.Move(shard, sharded.GID(to)) }
	}
}

// sorted returns the groups that are members, and those that are not.
func (g *government) sorted() (in, out []int) {
	for group := 1; group <= g.groups; group++ {
		if g.members[group] {
			in = append(in, group)
		} else {
			out = append(out, group)
		}
	}
	return in, out
}

// some draws one to most of the groups, and has them change sides.
func (g *government) some(groups []int, most int) (who []int) {
	for _, at := range g.rand.Perm(len(groups))[:1+g.rand.IntN(most)] {
		group := groups[at]
		who = append(who, group)
		g.members[group] = !g.members[group]
	}
	return who
}
