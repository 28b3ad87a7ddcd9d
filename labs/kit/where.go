package kit

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/tester"
)

// Reading is one key that was read in a sharded service, and the groups that were asked anything
// from outside meanwhile, by clients or by other groups.
type Reading struct {
	Key   string
	Asked []int
}

// ReadsWhere is ReadsAll, and tells who was asked. Where nobody else is at work, a client who has
// come after the last change of the configuration asks the group that has the shard then: that is
// where the configuration leads to. A group that is not asked has not answered.
func (u *User) ReadsWhere(g *tester.Groups, groups []int, keys []string) (list []Reading) {
	u.Must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			before := visits(g, groups)
			u.Get(key)
			r := Reading{Key: key}
			for i, n := range visits(g, groups) {
				if n > before[i] {
					r.Asked = append(r.Asked, groups[i])
				}
			}
			list = append(list, r)
		}
	})
	return list
}

func visits(g *tester.Groups, groups []int) (n []int) {
	for _, group := range groups {
		n = append(n, g.Visited(group))
	}
	return n
}

// ReadFrom fails the case unless one of these groups was asked: one of them has the shard.
func (b *Bench) ReadFrom(r Reading, shard int, groups ...int) {
	if slices.ContainsFunc(groups, func(group int) bool { return slices.Contains(r.Asked, group) }) {
		return
	}
	b.Fail(tester.RuleNotEarned, nil, "key %q is in shard %d, which %s has; a new client has read it, and nobody has asked %s anything: the answer came from elsewhere",
		r.Key, shard, groupsText(groups), itOrThem(groups))
}

func groupsText(groups []int) string {
	if len(groups) == 1 {
		return fmt.Sprintf("group %d", groups[0])
	}
	return fmt.Sprintf("one of the groups %v", groups)
}

func itOrThem(groups []int) string {
	if len(groups) == 1 {
		return "it"
	}
	return "any of them"
}

// Union is a list of all that are in one of two lists.
func Union(a, b []int) []int {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
