package shardgrp

import (
	"fmt"

	"raftlab/labrpc"
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// layout says what service a case wants. All of its groups run from the start on; group 1 is the
// only member then.
type layout struct {
	groups   int // 3 unless said otherwise
	each     int // servers of a group; 3 unless said otherwise
	maxState int // maxraftstate in bytes; 0: no snapshots
	net      tester.Options
}

// service is the service under test, with its clients. The store is group 0, and has one server.
type service struct {
	*tester.Servers
	kit.Bench
	env    *tester.Env
	made   tester.Maker[shardapi.Service]
	groups *tester.Groups
	layout layout
	bosses []*boss
	users  []user
	now    shardapi.Placement // that the last controller has made
}

// serve starts a service, and has a controller set the first placement.
func serve(e *tester.Env, want layout) *service {
	if want.groups == 0 {
		want.groups = 3
	}
	if want.each == 0 {
		want.each = 3
	}
	if want.maxState == 0 {
		want.maxState = -1
	}
	s := &service{env: e, layout: want, made: tester.MakerOf[shardapi.Service](e)}
	if s.made.First.Moved == nil {
		e.Fail(tester.Violation{Rule: tester.RuleMissing,
			Message: "the service has no Moved (shardapi.Service): its shards are not moved by a controller in the form of 2025"})
	}
	sizes := []int{1}
	for range want.groups {
		sizes = append(sizes, want.each)
	}
	s.groups = e.NewGroups(s.start, sizes, want.net)
	s.Servers = s.groups.Servers
	s.Bench = kit.On(s.Servers)
	s.now = shardapi.Placement{Num: 1, Groups: map[int][]string{1: s.names(1)}}
	for shard := range s.now.Shards {
		s.now.Shards[shard] = 1
	}
	b := s.boss()
	b.does("set the first placement", func() { b.mover.First(s.now.Clone()) })
	s.groups.LeaderOf(1)
	return s
}

// start starts one server.
func (s *service) start(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	moved := s.made.New().Moved
	if me == 0 {
		return store(moved.Store())
	}
	group, own := 1+(me-1)/s.layout.each, (me-1)%s.layout.each
	first := me - own
	return moved.Start(ends[first:first+s.layout.each:first+s.layout.each], own, p, s.layout.maxState, group)
}

// store is the server of configurations as the harness wants it: there is no Raft in it.
type store []any

func (o store) Services() []any    { return o }
func (o store) Raft() raftapi.Raft { return nil }

func (o store) Kill() {
	for _, object := range o {
		if mortal, ok := object.(interface{ Kill() }); ok {
			mortal.Kill()
		}
	}
}

// name is the name of a server, as placements have it.
func name(group, i int) string { return fmt.Sprintf("server-%d-%d", group, i) }

func (s *service) names(group int) (names []string) {
	for i := range s.layout.each {
		names = append(names, name(group, i))
	}
	return names
}

// links are what a client of the service gets: a way to the store, and one to each server by its
// name.
func (s *service) links(client *tester.Client) (store *labrpc.ClientEnd, makeEnd shardapi.MakeEnd) {
	return client.EndsTo(0)[0], func(wanted string) *labrpc.ClientEnd {
		for _, group := range s.all() {
			for i, server := range s.groups.Members(group) {
				if name(group, i) == wanted {
					return client.EndsTo(server)[0]
				}
			}
		}
		s.Fail(tester.RuleNetwork, nil, "makeEnd(%q): no group has a server with that name; names are those in the Groups of a placement", wanted)
		return nil
	}
}

// user is a client of the service.
type user struct{ *kit.User }

// user makes a new user, who reaches all servers.
func (s *service) user() user {
	client := s.NewClient()
	u := user{kit.NewUser(s.Person(client, "user"))}
	store, makeEnd := s.links(client)
	client.Make(func() { u.Versioned = s.made.New().Moved.Clerk(store, makeEnd) })
	s.users = append(s.users, u)
	return u
}

// traffic sets users to work, with operations drawn from the seed, and returns at once.
func (s *service) traffic(users, each int, m kit.Mix) *kit.Load {
	m.Users, m.Each, m.Reads, m.Puts = users, each, 45, 20
	if m.Keys == nil {
		m.Keys = allKeys
	}
	return s.Load(m, func() *kit.User { return s.user().User })
}

// allKeys are one key of each shard.
var allKeys = keysOf()

func keysOf() []string {
	keys := make([]string, shardapi.NMoved)
	for i, left := 0, len(keys); left > 0; i++ {
		key := fmt.Sprintf("k%d", i)
		if shard := shardapi.HashedShardOf(key); keys[shard] == "" {
			keys[shard] = key
			left--
		}
	}
	return keys
}

// keyOf is a key of a shard.
func keyOf(shard int) string { return allKeys[shard] }

// fill has a new user write a value to each shard, and returns the user.
func (s *service) fill() user {
	u := s.user()
	s.more(u)
	return u
}

// more has a user append to each shard.
func (s *service) more(u user) {
	first := s.Values(len(allKeys))
	u.Must("append to all shards", func() {
		for i, key := range allKeys {
			u.Append(key, kit.ValueOf(first+i))
		}
	})
}

// mended makes the service whole again, also for its clients.
func (s *service) mended() {
	s.env.Note("all faults end")
	s.Mend()
	for _, b := range s.bosses {
		b.client.ReachAll()
	}
	for _, u := range s.users {
		u.Client.ReachAll()
	}
}

// closes is the end of most cases: everything is mended, a new controller looks what is to be
// finished, everybody gets to the end of what they were doing, all shards are read once more, and
// the history is judged.
func (s *service) closes(all ...*kit.Load) {
	s.mended()
	s.settled()
	for _, t := range all {
		t.Finish()
	}
	read := s.user().ReadsWhere(s.groups, s.all(), allKeys)
	if s.layout.each > 2 && s.Undisturbed() {
		var absent []int
		for _, group := range s.all() {
			absent = append(absent, s.groups.Members(group)[s.env.Rand().IntN(s.layout.each)])
		}
		s.Absent(func() { s.user().ReadsAll(allKeys) }, absent...)
	}
	history.Judge(s.env, 0)
	if wrong := kit.Misplaced(read, func(shard int) int { return s.now.Shards[shard] }); wrong != "" {
		s.Fail(tester.RuleNotEarned, nil, "%s", wrong)
	}
}

// all are the groups, without the store.
func (s *service) all() (groups []int) {
	for group := 1; group <= s.layout.groups; group++ {
		groups = append(groups, group)
	}
	return groups
}

// settled has a new controller finish what there is, and fails the case unless the present
// placement is the one that the case has last seen made.
func (s *service) settled() {
	b := s.boss()
	b.inits()
	if is := b.query(); !is.Equal(s.now) {
		s.Fail(tester.RuleWrongAnswer, nil, "Query by a new controller returns %s; the last placement that was made is %s", text(is), text(s.now))
	}
}

// owned are the shards of a group in the present placement.
func (s *service) owned(group int) (shards []int) {
	for shard, owner := range s.now.Shards {
		if owner == group {
			shards = append(shards, shard)
		}
	}
	return shards
}

// shut crashes a group; the function that it returns starts it again.
func (s *service) shut(group int) (open func()) {
	s.CrashAll(s.groups.Members(group))
	return func() { s.RestartAll(s.groups.Members(group)) }
}
