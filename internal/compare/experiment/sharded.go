package experiment

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/shardkv"
	"raftlab/tester"
)

// sharded is the sharded key/value service on the peers under comparison: a controller and two groups, all of the same size.
//
//	group        0: controller    1          2
//	gid          -                101        102
//	servers      0  1  2          3  4  5    6  7  8       and these are their names
//	shards                        1  3 ...   0  2 ...      as the controller spreads them
type sharded struct {
	*tester.Groups
	t        *Trial
	each     int // servers of a group
	maxState int
	log      *journal
	chief    *tester.Client
	admin    shardapi.ControllerClerk
	config   shardapi.Config // the latest
}

// newSharded starts the service, and gives each group half of the shards. When the persisted Raft state of a server nears maxState bytes
// it takes a snapshot; -1: never.
func (t *Trial) newSharded(maxState int) *sharded {
	s := &sharded{t: t, each: t.Int("peers"), maxState: maxState, log: newJournal(t.Now)}
	s.Groups = t.NewGroups(s.start, []int{s.each, s.each, s.each}, t.options())
	t.setLatency(s.Network())
	s.Observe(func(m *labrpc.Message) { s.log.message(m, s.GroupOf(m.From), s.GroupOf(m.To)) })
	s.chief = s.NewClient()
	s.admin = shardkv.Service().Controller.Clerk(s.chief.EndsTo(s.Members(0)...), kvapi.Options{})
	for group := range 3 {
		s.LeaderOf(group)
	}
	servers := map[int][]string{}
	for group := 1; group <= 2; group++ {
		for _, i := range s.Members(group) {
			servers[gidOf(group)] = append(servers[gidOf(group)], strconv.Itoa(i))
		}
	}
	s.change(func() { s.admin.Join(servers) })
	s.change(func() { s.config = s.admin.Query(-1) })
	return s
}

func gidOf(group int) int { return 100 + group }

// owner is the group that has a shard.
func (s *sharded) owner(shard int) int { return s.config.Shards[shard] - gidOf(0) }

// start starts one server.
func (s *sharded) start(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	group, first := me/s.each, me-me%s.each
	o := kvapi.Options{Raft: s.t.newPeer, Extensions: s.t.Variant.Extensions}
	own, ctrlers := ends[first:first+s.each], ends[:s.each]
	if group == 0 {
		return shardkv.Service().Controller.Start(own, me-first, p, o)
	}
	makeEnd := func(name string) *labrpc.ClientEnd { return ends[numberOf(name)] }
	reader := &reader{log: s.log, group: group, done: make(chan struct{})}
	o.Raft = reader.peer(s.t.newPeer)
	return reader.server(shardkv.Service().Groups.Start(own, me-first, p, s.maxState, gidOf(group), ctrlers, makeEnd, o))
}

func numberOf(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil {
		panic(err) // the configurations are ours
	}
	return n
}

// change has the chief talk to the controller, and waits.
func (s *sharded) change(f func()) {
	s.within("the controller's answer", s.chief.Go(func() { s.chief.Call(f) }))
}

// within waits until something is done, but not for ever.
func (s *sharded) within(what string, done <-chan struct{}) {
	if limit := 30 * time.Minute; !s.t.Await(done, limit) {
		s.t.Fail(tester.Violation{Rule: tester.RuleTooSlow, Message: fmt.Sprintf("%s has not come after %v", what, limit)})
	}
}

// send moves a shard to the other group, and waits until the move is over: nobody has anything to do for it any
// more.
func (s *sharded) send(shard int) journey {
	from := s.owner(shard)
	to := 3 - from
	num := s.config.Num + 1
	s.t.Note("shard %d moves to group %d", shard, to)
	s.log.begin()
	s.change(func() { s.admin.Move(shard, gidOf(to)) })
	over := step{to, "settle", num}
	const limit = time.Minute
	for began := s.t.Now(); !s.log.has(over); s.t.Sleep(time.Millisecond) {
		if s.t.Now()-began > limit {
			s.t.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: fmt.Sprintf("shard %d has not arrived at group %d within %v", shard, to, limit)})
		}
	}
	s.config.Num, s.config.Shards[shard] = num, gidOf(to)
	j := s.log.journey(from, to, num)
	s.t.Note("without service for %v: %v waiting, %v travel", j.without, j.waiting, j.travel)
	return j
}

// stored is what all servers of the groups have persisted, in bytes.
func (s *sharded) stored() (total float64) {
	for i := s.each; i < s.N(); i++ {
		total += float64(s.PersistedSize(i) + s.SnapshotSize(i))
	}
	return total
}

// keyOf is a key of a shard: its first byte says which.
func keyOf(shard, n int) string { return string(rune('d'+shard)) + strconv.Itoa(n) } // 'd' is 100

// visitor is somebody who writes to a shard all the time, without a pause.
type visitor struct {
	s      *sharded
	client *tester.Client
	clerk  kvapi.ClassicClerk
	key    string

	mu      sync.Mutex
	longest time.Duration // operation, since somebody asked
}

// visit has somebody begin to write to a shard.
func (s *sharded) visit(shard int) *visitor {
	v := &visitor{s: s, client: s.NewClient(), key: keyOf(shard, 0)}
	v.clerk = s.clerk(v.client)
	v.client.Go(func() {
		for {
			v.write()
		}
	})
	return v
}

func (s *sharded) clerk(c *tester.Client) kvapi.ClassicClerk {
	makeEnd := func(name string) *labrpc.ClientEnd { return c.EndsTo(numberOf(name))[0] }
	return shardkv.Service().Groups.Clerk(c.EndsTo(s.Members(0)...), makeEnd, kvapi.Options{})
}

func (v *visitor) write() {
	began := v.s.t.Now()
	v.client.Call(func() { v.clerk.Put(v.key, "x") })
	v.mu.Lock()
	defer v.mu.Unlock()
	v.longest = max(v.longest, v.s.t.Now()-began)
}

// ask returns the longest operation since this was asked last.
func (v *visitor) ask() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.longest
	v.longest = 0
	return d
}
