package lab4

import (
	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/labs/sharded"
	"raftlab/porcupine-tests/history"
	"raftlab/shardapi"
	"raftlab/tester"
)

// layout says what service a case of 4B or 4C wants. All of its groups run from the start on; which
// of them have joined, the case says later.
type layout struct {
	groups   int // 3 unless said otherwise
	each     int // servers of a group; 3 unless said otherwise
	first    int // servers of group 1, if it has another number
	reads    kvapi.ReadPath
	maxState int // maxraftstate in bytes; 0: no snapshots
	net      tester.Options
}

// service is a sharded service under test: a controller, which is group 0, and groups from 1 on.
// Package sharded says how they are called.
type service struct {
	*tester.Servers
	kit.Bench
	env    *tester.Env
	groups *sharded.Service
	layout layout
	sizes  []int
	chief  *chief
	users  []user
}

// serve starts a service, and waits until its controller has a leader.
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
	s := &service{env: e, layout: want, sizes: []int{3}}
	for range want.groups {
		s.sizes = append(s.sizes, want.each)
	}
	if want.first > 0 {
		s.sizes[1] = want.first
	}
	s.groups = sharded.Start(e, sharded.Setup{
		Service:  tester.MakerOf[shardapi.Service](e).New,
		Sizes:    s.sizes,
		MaxState: want.maxState,
		Options:  kvapi.Options{Reads: want.reads, Extensions: e.With()},
		Machines: want.net,
	})
	s.Servers = s.groups.Servers
	s.Bench = kit.On(s.Servers)
	s.chief = s.newChief()
	s.groups.LeaderOf(sharded.Controller)
	return s
}

// bySeed chooses a read path, so that all seeds together try both.
func bySeed(e *tester.Env) kvapi.ReadPath {
	if e.Seed()%2 == 0 {
		return kvapi.ReadIndexLeader
	}
	return kvapi.ReadLog
}

// keyOf is a key of a shard: its first byte says which.
func keyOf(shard int) string { return string(rune('d' + shard)) } // 'd' is 100

// keysOf are keys of n shards, from the first on.
func keysOf(n int) (keys []string) {
	for shard := range n {
		keys = append(keys, keyOf(shard))
	}
	return keys
}

var allKeys = keysOf(shardapi.NShards)

// bytes is what all servers of the groups have persisted, Raft state and snapshots.
func (s *service) bytes() (total int) {
	for i := s.sizes[0]; i < s.N(); i++ {
		total += s.PersistedSize(i) + s.SnapshotSize(i)
	}
	return total
}

// fullest is the server with the most on stable storage, and how many bytes that is.
func (s *service) fullest() (server, most int) {
	for i := s.sizes[0]; i < s.N(); i++ {
		if n := s.PersistedSize(i) + s.SnapshotSize(i); n > most {
			server, most = i, n
		}
	}
	return server, most
}

// mended makes the service whole again, also for its clients.
func (s *service) mended() {
	s.env.Note("all faults end")
	s.Mend()
	s.chief.client.ReachAll()
	for _, u := range s.users {
		u.Client.ReachAll()
	}
}

// closes is the end of most cases: everything is mended, everybody gets to the end of what they
// were doing, all keys are read once more, and from where they have to come, and the history is
// judged.
func (s *service) closes(all ...*kit.Load) {
	s.mended()
	for _, t := range all {
		t.Finish()
	}
	config := s.shared()
	read := s.user().ReadsWhere(s.groups.Groups, s.all(), allKeys)
	if s.layout.each > 2 && s.Undisturbed() {
		s.Absent(func() { s.user().ReadsAll(allKeys) }, s.oneOfEach()...)
	}
	wrong := kit.Misplaced(read, func(shard int) int { return owner(config, shard) })
	if wrong == "" {
		wrong = s.alone(config)
	}
	history.Judge(s.env, 0)
	if wrong != "" {
		s.Fail(tester.RuleNotEarned, nil, "%s", wrong)
	}
}

// oneOfEach draws a server of the controller and one of each group.
func (s *service) oneOfEach() (servers []int) {
	first := 0
	for _, size := range s.sizes {
		servers = append(servers, first+s.env.Rand().IntN(size))
		first += size
	}
	return servers
}
