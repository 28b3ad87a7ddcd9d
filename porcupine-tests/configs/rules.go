package configs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"raftlab/shardapi"
)

// Fault is what is wrong with a configuration, or with a step from one to the next.
type Fault string

const (
	Wrong    Fault = "wrong"    // it is not what anybody asked for, or not a configuration at all
	Uneven   Fault = "uneven"   // a group has two shards more than another
	Needless Fault = "needless" // shards have moved that might have stayed
)

// Flaw is a fault, and in one line where it shows.
type Flaw struct {
	Fault Fault
	Text  string
}

func flaw(fault Fault, format string, args ...any) *Flaw {
	return &Flaw{fault, fmt.Sprintf(format, args...)}
}

// Sound says what is wrong with a configuration, whatever came before it; nil for nothing. All
// shards belong to groups that are there, and to none only if none is there.
func Sound(c shardapi.Config) *Flaw {
	if c.Num < 0 {
		return flaw(Wrong, "a configuration has the number %d", c.Num)
	}
	for shard, gid := range c.Shards {
		_, there := c.Groups[gid]
		switch {
		case len(c.Groups) == 0 && gid != 0:
			return flaw(Wrong, "configuration %d has no groups, and shard %d belongs to group %d; all have to belong to group 0 then", c.Num, shard, gid)
		case len(c.Groups) > 0 && !there:
			return flaw(Wrong, "shard %d belongs to group %d in configuration %d, whose groups are %v", shard, gid, c.Num, c.GIDs())
		}
	}
	if _, zero := c.Groups[0]; zero {
		return flaw(Wrong, "configuration %d has a group 0, which stands for no group", c.Num)
	}
	if c.Num == 0 && len(c.Groups) > 0 {
		return flaw(Wrong, "configuration 0 has the groups %v; it has none, for nobody has joined yet", c.GIDs())
	}
	return nil
}

// Even says whether no group has two shards more than another.
func Even(c shardapi.Config) *Flaw {
	if len(c.Groups) == 0 {
		return nil
	}
	gids := c.GIDs()
	has := sizes(c.Shards)
	fewer := func(a, b int) int { return cmp.Compare(has[a], has[b]) }
	least, most := slices.MinFunc(gids, fewer), slices.MaxFunc(gids, fewer)
	if has[most] > has[least]+1 {
		return flaw(Uneven, "group %d has %d shards and group %d has %d in configuration %s", most, has[most], least, has[least], Text(c))
	}
	return nil
}

func sizes(shards [shardapi.NShards]int) map[int]int {
	has := map[int]int{}
	for _, gid := range shards {
		has[gid]++
	}
	return has
}

// Fewest returns how many shards have to change their group, at least, for them to be spread evenly
// over the groups. Of those that a group has it can keep as many as each is to have; and one more,
// in as many groups as there are shards left over when all are divided.
func Fewest(shards [shardapi.NShards]int, gids []int) int {
	if len(gids) == 0 {
		return Moved(shards, [shardapi.NShards]int{})
	}
	each, over := shardapi.NShards/len(gids), shardapi.NShards%len(gids)
	has, kept := sizes(shards), 0
	for _, gid := range gids {
		kept += min(has[gid], each)
		if has[gid] > each && over > 0 {
			kept++
			over--
		}
	}
	return shardapi.NShards - kept
}

// Moved returns how many shards have another group in b than in a.
func Moved(a, b [shardapi.NShards]int) int {
	n := 0
	for shard := range a {
		if a[shard] != b[shard] {
			n++
		}
	}
	return n
}

// Idle says whether the operation asks for nothing that is not so already, so that a controller may
// do without a new configuration: a join of members, a leave of others, a move to where the shard
// is.
func Idle(c shardapi.Config, op Op) bool {
	member := func(gid int) bool { _, ok := c.Groups[gid]; return ok }
	switch op.Kind {
	case Join:
		for gid := range op.Groups {
			if !member(gid) {
				return false
			}
		}
		return true
	case Leave:
		return !slices.ContainsFunc(op.GIDs, member)
	case Move:
		return c.Shards[op.Shard] == op.GID || !member(op.GID)
	}
	return true
}

// Explain says why an operation does not lead from one configuration to the next; nil if it does.
func Explain(before shardapi.Config, op Op, after shardapi.Config) *Flaw {
	if after.Num != before.Num+1 {
		return flaw(Wrong, "configuration %d is followed by number %d", before.Num, after.Num)
	}
	if bad := Sound(after); bad != nil {
		return bad
	}
	switch op.Kind {
	case Join, Leave:
		if bad := explainGroups(before, op, after); bad != nil {
			return bad
		}
		if Idle(before, op) && after.Shards == before.Shards {
			return nil
		}
		return spread(before, op, after)
	case Move:
		want := before.Shards
		if !Idle(before, op) {
			want[op.Shard] = op.GID
		}
		if !maps.EqualFunc(before.Groups, after.Groups, slices.Equal[[]string]) || after.Shards != want {
			return flaw(Wrong, "from %s to %s is not what move %s asks for: one shard, and nothing else", Text(before), Text(after), op.Question())
		}
		return nil
	}
	return flaw(Wrong, "a query makes no configuration")
}

// explainGroups is Explain for the groups of a configuration. A group that is a member and joins
// again may keep its servers, or have the new ones from then on.
func explainGroups(before shardapi.Config, op Op, after shardapi.Config) *Flaw {
	want := before.Clone().Groups
	for gid, servers := range op.Groups {
		if _, member := want[gid]; !member || slices.Equal(after.Groups[gid], servers) {
			want[gid] = servers
		}
	}
	for _, gid := range op.GIDs {
		delete(want, gid)
	}
	if !maps.EqualFunc(want, after.Groups, slices.Equal[[]string]) {
		return flaw(Wrong, "after %s %s, configuration %d has the groups %v; they have to be %v",
			op.Kind, op.Question(), after.Num, after.Groups, want)
	}
	return nil
}

// spread is Explain for where the shards are after a join or a leave.
func spread(before shardapi.Config, op Op, after shardapi.Config) *Flaw {
	if bad := Even(after); bad != nil {
		return bad
	}
	if moved, fewest := Moved(before.Shards, after.Shards), Fewest(before.Shards, after.GIDs()); moved > fewest {
		return flaw(Needless, "%s %s moves %d shards, from %s to %s; %d are enough",
			op.Kind, op.Question(), moved, Text(before), Text(after), fewest)
	}
	return nil
}
