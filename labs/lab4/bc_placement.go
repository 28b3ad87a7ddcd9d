package lab4

import (
	"fmt"
	"slices"
	"time"

	"raftlab/labs/kit"
	"raftlab/labs/sharded"
	"raftlab/shardapi"
	"raftlab/tester"
)

// A service that keeps everything in one place moves nothing, and what clients see is right all the
// same. So most cases end with two looks at where data is, when it has had time to get there:
//
//	a new client reads all keys     somebody has asked the owner of each
//	one group is cut off            reads of its shards wait; all others are answered
//
// The second is for services that pass the first. Both are judged after the history: what clients
// have seen says more, if it is wrong.

// heard is the time within which all servers of a controller have the latest configuration, if
// nothing ever happened to them: some heartbeats. Before that a new clerk may ask one that is
// behind, and then a group that had the shard before and has not heard either.
const heard = time.Second

// shared returns the latest configuration, when all have had time to hear of it. At least two
// groups have shards in it.
func (s *service) shared() shardapi.Config {
	config := s.config()
	if members := config.GIDs(); len(members) < 2 {
		for _, group := range s.all() {
			if !slices.Contains(members, sharded.GID(group)) {
				s.join(group)
				break
			}
		}
		config = s.config()
	}
	if groups := owners(config); len(groups) == 1 {
		for _, gid := range config.GIDs() {
			if gid != sharded.GID(groups[0]) {
				s.move(0, gid-sharded.GID(0))
				break
			}
		}
	}
	if s.Undisturbed() {
		s.env.Sleep(heard)
	} else {
		s.env.Sleep(handOver)
	}
	return s.config()
}

// owners are the groups that have shards in a configuration.
func owners(c shardapi.Config) (groups []int) {
	for shard := range c.Shards {
		if group := owner(c, shard); group != 0 && !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups
}

// all are the groups of the service, without its controller.
func (s *service) all() (groups []int) {
	for group := sharded.Controller + 1; group < len(s.sizes); group++ {
		groups = append(groups, group)
	}
	return groups
}

// alone cuts off one group that has shards, drawn by the seed, and says which of its keys was read
// all the same; "" if none. A group that is slow to hand its shards over gets time for it, and
// another look.
func (s *service) alone(config shardapi.Config) (wrong string) {
	groups := owners(config)
	if len(groups) < 2 {
		return ""
	}
	group := groups[s.env.Rand().IntN(len(groups))]
	for range 3 {
		shard := s.answeredFor(group, config)
		if shard < 0 {
			return ""
		}
		wrong = fmt.Sprintf("key %q is in shard %d, which group %d has; that group was cut off from everybody, and a new client has read the key all the same: "+
			"the answer came from elsewhere", keyOf(shard), shard, group)
		s.env.Sleep(handOver)
	}
	return wrong
}

// answeredFor has a new user for each shard of a group read a key of it while the group is cut off,
// and another one read all other keys. It returns a shard of the group whose key was read, and -1
// if there is none, or the group was reached after all: then the run leaves faults out.
func (s *service) answeredFor(group int, config shardapi.Config) (shard int) {
	const onTheWay = 100 * time.Millisecond // for what has been sent before
	rest := s.Others(s.groups.Members(group)...)
	s.cutOff(group, rest)
	s.env.Sleep(onTheWay)
	before := s.groups.Visited(group)
	type reading struct {
		shard int
		by    user
		done  <-chan struct{}
	}
	var waiting []reading
	var served []string
	for at := range shardapi.NShards {
		if owner(config, at) != group {
			served = append(served, keyOf(at))
			continue
		}
		u := s.user()
		u.Client.Reach(rest...)
		waiting = append(waiting, reading{at, u, u.Goes(func() { u.Get(keyOf(at)) })})
	}
	other := s.user()
	other.Client.Reach(rest...)
	other.Must(fmt.Sprintf("read, without group %d, which is cut off, the shards of all others", group), func() {
		for _, key := range served {
			other.Get(key)
		}
	})
	s.env.Sleep(heard)
	shard = -1
	if s.groups.Visited(group) == before {
		for _, r := range waiting {
			if kit.IsOver(r.done) {
				shard = r.shard
			}
		}
	}
	s.mended()
	for _, r := range waiting {
		r.by.EndsWithin(tester.ProgressLimit, r.done)
	}
	return shard
}

// cutOff cuts a group off from the rest, and from all clients.
func (s *service) cutOff(group int, rest []int) {
	s.env.Note("group %d is cut off, also from clients", group)
	inside := func(i int) bool { return s.groups.GroupOf(i) == group }
	s.Links(func(from, to int) bool { return inside(from) == inside(to) })
	s.chief.client.Reach(rest...)
	for _, u := range s.users {
		u.Client.Reach(rest...)
	}
}
