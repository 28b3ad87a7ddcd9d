package shardctrler

import (
	"cmp"
	"slices"
)

// rebalance spreads the shards over the groups: gids, in ascending order. No group gets two more
// than another, and as few shards as possible change their group. With no groups all shards go to
// group 0.
//
// First comes how many each group is to have: all the same, and what does not divide goes, one
// each, to those that have most already, for there it is cheapest. Then who keeps what, and then
// the rest is handed out:
//
//	             before             a group has  is to have  keeps
//	shard   0 1 2 3 4 5 6 7 8 9
//	group   1 1 1 1 1 1 2 2 7 7     1: 6         4           0 1 2 3        7 has left, 3 is new:
//	                                2: 2         3           6 7            4 5 8 9 are free
//	                                3: 0         3           -
//	             after
//	group   1 1 1 1 2 3 2 2 3 3     2 gets 4;  3 gets 5 8 9
//
// Why nothing less will do: a group can keep no more than it is to have, and giving the remainder
// to those that have most makes the sum of what is kept as large as it can be.
//
// Every replica computes this for itself and must come to the same. So it looks at nothing but its
// arguments, and never at the order in which a map gives its keys, which differs from one server to
// the next.
func rebalance(shards [NShards]int, gids []int) [NShards]int {
	if len(gids) == 0 {
		return [NShards]int{}
	}
	room := quotas(shards, gids)
	var free []int
	for shard, gid := range shards {
		if room[gid] == 0 { // it has enough, or has left
			free = append(free, shard)
			continue
		}
		room[gid]--
	}
	for _, gid := range gids {
		for ; room[gid] > 0; room[gid]-- {
			shards[free[0]], free = gid, free[1:]
		}
	}
	return shards
}

// quotas says how many shards each group is to have. They sum up to NShards. With more groups than
// shards, those that have one keep one, and most have none.
func quotas(shards [NShards]int, gids []int) map[int]int {
	has := map[int]int{}
	for _, gid := range shards {
		has[gid]++
	}
	most := slices.Clone(gids)
	slices.SortStableFunc(most, func(a, b int) int { return cmp.Compare(has[b], has[a]) })

	each, remainder := NShards/len(gids), NShards%len(gids)
	quota := map[int]int{}
	for i, gid := range most {
		quota[gid] = each
		if i < remainder {
			quota[gid]++
		}
	}
	return quota
}
