package configs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/shardapi"
)

func servers(gid int) []string { return []string{fmt.Sprintf("s%d", gid)} }

func groups(gids ...int) map[int][]string {
	g := map[int][]string{}
	for _, gid := range gids {
		g[gid] = servers(gid)
	}
	return g
}

// config makes a configuration of these groups in which each shard belongs to the group named by
// its letter: 1 to 9.
func config(num int, shards string, gids ...int) shardapi.Config {
	c := shardapi.Config{Num: num, Groups: groups(gids...)}
	for i, r := range strings.ReplaceAll(shards, " ", "") {
		c.Shards[i] = int(r - '0')
	}
	return c
}

func join(gids ...int) Op    { return Op{Kind: Join, Groups: groups(gids...)} }
func leave(gids ...int) Op   { return Op{Kind: Leave, GIDs: gids} }
func move(shard, gid int) Op { return Op{Kind: Move, Shard: shard, GID: gid} }
func query(num, got int) Op  { return Op{Kind: Query, Num: num, Got: shardapi.Config{Num: got}} }
func fault(f *Flaw) Fault {
	if f == nil {
		return ""
	}
	return f.Fault
}

func TestExplain(t *testing.T) {
	none := config(0, "0000000000")
	one := config(1, "1111111111", 1)
	two := config(2, "1111122222", 1, 2)
	for _, c := range []struct {
		name   string
		before shardapi.Config
		op     Op
		after  shardapi.Config
		want   Fault
	}{
		{"the first group", none, join(1), one, ""},
		{"the second", one, join(2), two, ""},
		{"any half will do", one, join(2), config(2, "1212121212", 1, 2), ""},
		{"not even", one, join(2), config(2, "1111112222", 1, 2), Uneven},
		{"nobody gets any", one, join(2), config(2, "1111111111", 1, 2), Uneven},
		{"all change places", two, join(3), config(3, "2222111333", 1, 2, 3), Needless},
		{"a third", two, join(3), config(3, "1111322233", 1, 2, 3), ""},
		{"the first keeps three, the second four", two, join(3), config(3, "1113322223", 1, 2, 3), ""},
		{"three and two and five", two, join(3), config(3, "1112233333", 1, 2, 3), Uneven},
		{"a number is left out", one, join(2), config(3, "1111122222", 1, 2), Wrong},
		{"somebody else has joined", one, join(2), config(2, "1111133333", 1, 3), Wrong},
		{"a shard of nobody", one, join(2), config(2, "1111022222", 1, 2), Wrong},
		{"a shard of somebody who is not there", one, join(2), config(2, "1111322222", 1, 2), Wrong},
		{"leave", two, leave(2), config(3, "1111111111", 1), ""},
		{"leave, and change places", config(2, "1111222333", 1, 2, 3), leave(3), config(3, "2222111112", 1, 2), Needless},
		{"the last one leaves", one, leave(1), config(2, "0000000000"), ""},
		{"the last one leaves shards behind", one, leave(1), config(2, "1111111111"), Wrong},
		{"move", two, move(0, 2), config(3, "2111122222", 1, 2), ""},
		{"move another one", two, move(0, 2), config(3, "1211122222", 1, 2), Wrong},
		{"move, and spread", two, move(0, 2), config(3, "2111112222", 1, 2), Wrong},
		{"join of a member, with a new number", two, join(2), config(3, "1111122222", 1, 2), ""},
		{"join of a member, and change places", two, join(2), config(3, "2222211111", 1, 2), Needless},
		{"leave of nobody, with a new number", two, leave(7), config(3, "1111122222", 1, 2), ""},
		{"join of a member spreads what a move has put elsewhere", config(2, "1112222222", 1, 2), join(2), config(3, "1111122222", 1, 2), ""},
	} {
		require.Equal(t, c.want, fault(Explain(c.before, c.op, c.after)), "%s: %v", c.name, Explain(c.before, c.op, c.after))
	}
}

// Fewest is compared with a search through all ways to spread few shards.
func TestFewest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var before [shardapi.NShards]int
		for i := range before {
			before[i] = 1 + r.IntN(4)
		}
		gids := []int{1, 2, 3, 4, 5}[r.IntN(3):][:1+r.IntN(3)]
		require.Equal(t, bySearch(before, gids), Fewest(before, gids), "%v over %v", before, gids)
	}
	require.Equal(t, 0, Fewest([10]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}))
	require.Equal(t, 10, Fewest([10]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, nil))
}

// bySearch tries all sizes that groups can have.
func bySearch(shards [shardapi.NShards]int, gids []int) int {
	has, best := sizes(shards), shardapi.NShards
	var try func(left, place, kept, least, most int)
	try = func(left, place, kept, least, most int) {
		if place == len(gids) {
			if left == 0 && most <= least+1 {
				best = min(best, shardapi.NShards-kept)
			}
			return
		}
		for size := range left + 1 {
			try(left-size, place+1, kept+min(size, has[gids[place]]), min(least, size), max(most, size))
		}
	}
	try(shardapi.NShards, 0, 0, shardapi.NShards, 0)
	return best
}

// The histories are drawn with letters: an operation is written at its call and, as a capital, at
// its return.
func drawn(picture string, ops map[string]Op) []Op {
	var all []Op
	at := map[string]int{}
	for place, word := range strings.Fields(picture) {
		name := strings.ToLower(word)
		if word == name {
			op := ops[name]
			op.Client, op.Call, op.Open = len(all), place+1, true
			at[name] = len(all)
			all = append(all, op)
			continue
		}
		all[at[name]].Return, all[at[name]].Open = place+1, false
	}
	return all
}

func TestCheck(t *testing.T) {
	made := []shardapi.Config{config(0, "0000000000"), config(1, "1111111111", 1), config(2, "1111122222", 1, 2)}
	a, b := join(1), join(2)
	for _, c := range []struct {
		name, picture string
		ops           map[string]Op
		made          int
		want          Result
		why           string
	}{
		{"one after the other", "a A b B q Q", map[string]Op{"a": a, "b": b, "q": query(-1, 2)}, 2, OK, ""},
		{"at the same time", "a b q B Q A", map[string]Op{"a": a, "b": b, "q": query(-1, 1)}, 2, OK, ""},
		{"old", "a A b B q Q", map[string]Op{"a": a, "b": b, "q": query(-1, 1)}, 2, Illegal, "no order"},
		{"old, and newer was seen", "a A b B p P q Q", map[string]Op{"a": a, "b": b, "p": query(-1, 2), "q": query(-1, 1)}, 2, Illegal, "had been shown number 2"},
		{"seen and unseen", "a A b p P q Q B", map[string]Op{"a": a, "b": b, "p": query(-1, 2), "q": query(-1, 1)}, 2, Illegal, "had been shown number 2"},
		{"the past is the past", "a A b B q Q", map[string]Op{"a": a, "b": b, "q": query(1, 1)}, 2, OK, ""},
		{"not there yet", "a A q Q b B", map[string]Op{"a": a, "b": b, "q": query(7, 1)}, 2, OK, ""},
		{"there, and not shown", "a A b B q Q", map[string]Op{"a": a, "b": b, "q": query(2, 1)}, 2, Illegal, ""},
		{"lost", "a A b B q Q", map[string]Op{"a": a, "b": b, "q": query(-1, 1)}, 1, Illegal, "lost"},
		{"its client died", "a A b", map[string]Op{"a": a, "b": b}, 2, OK, ""},
		{"its client died, and it never was", "a A b q Q", map[string]Op{"a": a, "b": b, "q": query(-1, 1)}, 1, OK, ""},
		{"out of nothing", "a A", map[string]Op{"a": a}, 2, Flawed, "nobody has asked"},
		{"a part of what was asked for", "a A m M", map[string]Op{"a": join(1, 2), "m": move(3, 1)}, 1, Flawed, "after join 1 2, configuration 1 has the groups"},
		{"a group that nobody adds is no move's", "m M", map[string]Op{"m": move(3, 1)}, 1, Flawed, "nobody has asked"},
		{"again, without effect", "a A b B c C", map[string]Op{"a": a, "b": b, "c": join(1)}, 2, OK, ""},
		{"too early", "q Q a A b B", map[string]Op{"a": a, "b": b, "q": query(-1, 1)}, 2, Illegal, ""},
	} {
		ops := drawn(c.picture, c.ops)
		for i := range ops {
			if ops[i].Kind == Query {
				ops[i].Got = made[ops[i].Got.Num]
			}
		}
		v := Check(ops, made[:c.made+1], 0)
		require.Equal(t, c.want, v.Result, "%s: %+v", c.name, v)
		require.Contains(t, v.Why, c.why, c.name)
		require.NotContains(t, v.Why, "\n", c.name)
	}
}

// A change that is made a second time shows even if each step is one that somebody asked for.
func TestMadeTwice(t *testing.T) {
	made := []shardapi.Config{config(0, "0000000000"), config(1, "1111111111", 1), config(2, "1111122222", 1, 2),
		config(3, "1111111111", 1), config(4, "2222211111", 1, 2)}
	ops := drawn("a A b B l L q Q", map[string]Op{"a": join(1), "b": join(2), "l": leave(2), "q": query(-1, 4)})
	ops[3].Got = made[4]
	v := Check(ops, made, 0)
	require.Equal(t, Illegal, v.Result, "%+v", v)
	require.Contains(t, v.Why, "made twice")
}

// Configurations never change, and clients are shown none that is gone.
func TestQueries(t *testing.T) {
	made := []shardapi.Config{config(0, "0000000000"), config(1, "1111111111", 1)}
	other := config(1, "2222222222", 2)
	ops := drawn("a A q Q", map[string]Op{"a": join(1), "q": query(-1, 1)})
	ops[1].Got = other
	require.Contains(t, Check(ops, made, 0).Why, "configurations never change")
	ops[1].Got = config(2, "1111122222", 1, 2)
	require.Contains(t, Check(ops, made, 0).Why, "in the end the latest one is number 1")
	ops[1].Got, ops[1].Num = made[1], 0
	require.Contains(t, Check(ops, made, 0).Why, "asked for configuration 0")
}

// Histories of a real controller are right, however many clients it has, and judged within the
// budget.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(30) {
		ops, made := simulated(seed, 8, 120)
		v := Check(ops, made, 0)
		require.Equal(t, OK, v.Result, "seed %d: %+v", seed, v)
		require.Less(t, v.Steps, Budget/10, "seed %d", seed)
	}
	ops, made := simulated(1, 8, 120)
	require.Equal(t, Unknown, Check(ops, made, 10).Result)
}

// simulated draws a history of n operations, at a controller with the plainest of strategies.
func simulated(seed uint64, clients, n int) ([]Op, []shardapi.Config) {
	r := rand.New(rand.NewPCG(seed, 0))
	made := []shardapi.Config{config(0, "0000000000")}
	var ops []Op
	busy, done := map[int]int{}, map[int]bool{}
	for now := 1; len(ops) < n || len(busy) > 0; now++ {
		c := r.IntN(clients)
		i, is := busy[c]
		switch {
		case !is && len(ops) < n:
			op := []Op{join(1 + r.IntN(14)), leave(1 + r.IntN(14)), query(-1, 0), query(r.IntN(20), 0)}[r.IntN(4)]
			op.Client, op.Call, op.Open = c, now, true
			busy[c], done[c] = len(ops), false
			ops = append(ops, op)
		case is && !done[c]:
			made = act(made, &ops[i])
			done[c] = true
		case is:
			ops[i].Return, ops[i].Open = now, false
			delete(busy, c)
		}
	}
	return ops, made
}

// act carries out an operation.
func act(made []shardapi.Config, op *Op) []shardapi.Config {
	latest := made[len(made)-1]
	if op.Kind == Query {
		op.Got = latest
		if op.Num >= 0 && op.Num < len(made) {
			op.Got = made[op.Num]
		}
		return made
	}
	if Idle(latest, *op) {
		return made
	}
	next := latest.Clone()
	next.Num++
	for gid, s := range op.Groups {
		if _, member := next.Groups[gid]; !member {
			next.Groups[gid] = s
		}
	}
	for _, gid := range op.GIDs {
		delete(next.Groups, gid)
	}
	greedy(&next)
	return append(made, next)
}

// greedy spreads shards one by one: those of nobody to who has least, then from who has most to who
// has least.
func greedy(c *shardapi.Config) {
	gids := c.GIDs()
	if len(gids) == 0 {
		c.Shards = [shardapi.NShards]int{}
		return
	}
	for {
		has := sizes(c.Shards)
		fewer := func(a, b int) int { return has[a] - has[b] }
		least, most := slices.MinFunc(gids, fewer), slices.MaxFunc(gids, fewer)
		from := slices.IndexFunc(c.Shards[:], func(gid int) bool { return !slices.Contains(gids, gid) })
		if from < 0 {
			if has[most] <= has[least]+1 {
				return
			}
			from = slices.Index(c.Shards[:], most)
		}
		c.Shards[from] = least
	}
}
