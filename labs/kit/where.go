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

// Misplaced says which of these keys, one of each shard in turn, was read though nobody had asked the
// group that has the shard, of which owner knows; "" if none.
func Misplaced(list []Reading, owner func(shard int) int) (wrong string) {
	for shard, r := range list {
		if group := owner(shard); group != 0 && !slices.Contains(r.Asked, group) {
			return fmt.Sprintf("key %q is in shard %d, which group %d has; a new client has read it, and nobody has asked that group anything: the answer came from elsewhere",
				r.Key, shard, group)
		}
	}
	return ""
}
