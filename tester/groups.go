package tester

import "fmt"

// Groups are servers that belong to several Raft clusters, all on one network: the groups of a
// sharded service, and its controller. They are numbered through, group after group:
//
//	NewGroups(start, []int{3, 3, 3}, ...)
//
//	group 0     group 1     group 2         clients
//	0  1  2     3  4  5     6  7  8         reach all servers
//
// Group 0 is the controller. The trace says so, and which group each of the others belongs to, when
// they start.
//
// Everything that [Servers] offers is meant in these numbers: faults can hit servers of several
// groups at once, and the links between groups too. What is watched about elections is watched
// group by group, in which the peers call themselves 0, 1, 2. Leader is of no use here, because
// each group has one: see [Groups.LeaderOf].
type Groups struct {
	*Servers
	members [][]int
}

// NewGroups starts as many groups as there are sizes, and as many servers in each as its size says.
// start gets the number of a server among all of them, and ends to all of them: those to the
// server's own group are ends[first:first+size].
func (e *Env) NewGroups(start StartFunc, sizes []int, o Options) *Groups {
	n := 0
	g := &Groups{}
	for _, size := range sizes {
		var group []int
		for range size {
			group = append(group, n)
			n++
		}
		g.members = append(g.members, group)
	}
	g.Servers = e.newServers(start, n, o)
	g.cast = make([]string, n)
	for number, group := range g.members {
		g.checks.IsGroup(group)
		for _, i := range group {
			g.cast[i] = groupName(number)
		}
	}
	g.checks.KeepsNoData(g.members[0])
	g.startAll()
	return g
}

func groupName(group int) string {
	if group == 0 {
		return "controller"
	}
	return fmt.Sprintf("group %d", group)
}

// Members returns the servers of a group.
func (g *Groups) Members(group int) []int { return append([]int(nil), g.members[group]...) }

// GroupOf returns the group of a server.
func (g *Groups) GroupOf(server int) int {
	for group, members := range g.members {
		if first := members[0]; server >= first && server < first+len(members) {
			return group
		}
	}
	return -1
}

// Visited is how many requests have reached the servers of a group from outside it: of clients, and
// of servers of other groups.
func (g *Groups) Visited(group int) (n int) {
	for _, i := range g.members[group] {
		n += g.checks.Visited(i)
	}
	return n
}

// Transfer asks server i to hand its leadership to another server of its group.
func (g *Groups) Transfer(i, to int) (done bool) {
	return g.transfer(i, to, to-g.members[g.GroupOf(i)][0])
}

// LeaderOf waits until a running server of the group leads the newest term in it, and returns the
// server. After ElectionLimit it fails the case with RuleNoLeader.
func (g *Groups) LeaderOf(group int) int {
	return g.leaderAmong(g.members[group], fmt.Sprintf("peers %v (%s)", g.members[group], groupName(group)))
}
