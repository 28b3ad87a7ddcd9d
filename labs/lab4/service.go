package lab4

import (
	"slices"
	"strconv"
	"strings"

	"raftlab/kvapi"
	"raftlab/labs/sharded"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/shardapi"
	"raftlab/tester"
)

// layout says what service a case of 4B or 4C wants. All of its groups run from the start on; which of them have
// joined, the case says later.
type layout struct {
	groups   int // 3 unless said otherwise
	each     int // servers of a group; 3 unless said otherwise
	reads    kvapi.ReadPath
	maxState int // maxraftstate in bytes; 0: no snapshots
	net      tester.Options
}

// service is a sharded service under test: a controller, which is group 0, and groups from 1 on. Package sharded
// says how they are called.
type service struct {
	servers
	groups *sharded.Service
	layout layout
	sizes  []int
	chief  *chief
	users  []*user
	last   int // number of the last value written; no two are equal
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
	s := &service{servers: servers{env: e}, layout: want, sizes: []int{3}}
	for range want.groups {
		s.sizes = append(s.sizes, want.each)
	}
	s.groups = sharded.Start(e, sharded.Setup{
		Service:  tester.MakerOf[shardapi.Service](e).New,
		Sizes:    s.sizes,
		MaxState: want.maxState,
		Options:  kvapi.Options{Reads: want.reads, Extensions: e.With()},
		Machines: want.net,
	})
	s.Servers = s.groups.Servers
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

// value returns a value that was never used before in this run. It is for the main goroutine.
func (s *service) value() string {
	s.last++
	return valueOf(s.last)
}

func valueOf(number int) string { return model.Value(strconv.Itoa(number)) }

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

// crashGroup crashes all servers of a group, in an order drawn from the seed.
func (s *service) crashGroup(group int) {
	for _, i := range s.mixed(s.groups.Members(group)) {
		s.Crash(i)
	}
}

// restartGroup restarts all servers of a group.
func (s *service) restartGroup(group int) {
	for _, i := range s.mixed(s.groups.Members(group)) {
		s.Restart(i)
	}
}

// mixed returns the given servers in an order drawn from the seed.
func (s *service) mixed(order []int) []int {
	order = slices.Clone(order)
	s.env.Rand().Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// bytes is what all servers of the groups have persisted, Raft state and snapshots.
func (s *service) bytes() (total int) {
	for i := s.sizes[0]; i < s.N(); i++ {
		total += s.PersistedSize(i) + s.SnapshotSize(i)
	}
	return total
}

// mended makes the service whole again, also for its clients.
func (s *service) mended() {
	s.env.Note("all faults end")
	s.Mend()
	s.chief.client.ReachAll()
	for _, u := range s.users {
		u.client.ReachAll()
	}
}

// closes is the end of most cases: everything is mended, everybody gets to the end of what they were doing,
// all keys are read once more, and the history is judged.
func (s *service) closes(all ...*traffic) {
	s.mended()
	for _, t := range all {
		t.finish()
	}
	s.readAll(allKeys)
	history.Judge(s.env, 0)
}

// readAll has a new user read keys.
func (s *service) readAll(keys []string) {
	u := s.user()
	u.must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			u.get(key)
		}
	})
}
