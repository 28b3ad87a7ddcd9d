package experiment

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/labs/sharded"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// shardedService is the sharded key/value service on the peers under comparison: a controller and
// two groups, all of the same size. Package sharded says how they are called.
type shardedService struct {
	*sharded.Service
	t      *Trial
	log    *journal
	chief  *tester.Client
	admin  shardapi.ControllerClerk
	config shardapi.Config // the latest
}

// newSharded starts the service, and gives each group half of the shards. When the persisted Raft
// state of a server nears maxState bytes it takes a snapshot; -1: never.
func (t *Trial) newSharded(maxState int) *shardedService {
	s := &shardedService{t: t, log: newJournal(t.Now, t.Insight)}
	each := t.Int("peers")
	s.Service = sharded.Start(t.Env, sharded.Setup{
		Service:  func() shardapi.Service { return s.watched(t.Shards()) },
		Sizes:    []int{each, each, each},
		MaxState: maxState,
		Options:  kvapi.Options{Raft: t.Peer, Extensions: t.Variant.Extensions},
		Machines: t.options(),
	})
	t.setNetwork(s.Network())
	s.Observe(func(m *labrpc.Message) { s.log.message(m, s.GroupOf(m.From), s.GroupOf(m.To)) })
	s.chief = s.NewClient()
	s.admin = s.Administrator(s.chief)
	for group := range 3 {
		s.LeaderOf(group)
	}
	s.change(func() { s.admin.Join(s.Joining(1, 2)) })
	s.change(func() { s.config = s.admin.Query(-1) })
	return s
}

// watched returns a service whose groups the journal watches.
func (s *shardedService) watched(service shardapi.Service) shardapi.Service {
	if s.t.Insight == nil {
		return service
	}
	start := service.Groups.Start
	service.Groups.Start = func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, maxState, gid int,
		ctrlers []*labrpc.ClientEnd, makeEnd shardapi.MakeEnd, o kvapi.Options) kvapi.Server {
		r := &reader{log: s.log, group: gid - sharded.GID(0), done: make(chan struct{})}
		o.Raft = r.peer(o.Raft)
		return r.server(start(ends, me, p, maxState, gid, ctrlers, makeEnd, o))
	}
	return service
}

// owner is the group that has a shard.
func (s *shardedService) owner(shard int) int { return sharded.Owner(s.config, shard) }

// change has the chief talk to the controller, and waits.
func (s *shardedService) change(f func()) {
	s.within("the controller's answer", s.chief.Go(func() { s.chief.Call(f) }))
}

// within waits until something is done, but not for ever.
func (s *shardedService) within(what string, done <-chan struct{}) {
	if limit := 30 * time.Minute; !s.t.Await(done, limit) {
		s.t.Fail(tester.Violation{Rule: tester.RuleTooSlow, Message: fmt.Sprintf("%s has not come after %v", what, limit)})
	}
}

// unseen is how long a service has for a move of which nothing can be seen but what its users see.
const unseen = 3 * time.Second

// send moves a shard to the other group, and waits until the move is over: nobody has anything to
// do for it any more.
func (s *shardedService) send(shard int) journey {
	from := s.owner(shard)
	to := 3 - from
	num := s.config.Num + 1
	s.t.Note("shard %d moves to group %d", shard, to)
	s.log.begin()
	s.change(func() { s.admin.Move(shard, sharded.GID(to)) })
	if s.t.Insight == nil {
		s.t.Sleep(unseen)
		s.config.Num, s.config.Shards[shard] = num, sharded.GID(to)
		return journey{}
	}
	over := step{to, "settle", num}
	const limit = time.Minute
	for began := s.t.Now(); !s.log.has(over); s.t.Sleep(time.Millisecond) {
		if s.t.Now()-began > limit {
			s.t.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: fmt.Sprintf("shard %d has not arrived at group %d within %v", shard, to, limit)})
		}
	}
	s.config.Num, s.config.Shards[shard] = num, sharded.GID(to)
	j := s.log.journey(from, to, num)
	s.t.Note("without service for %v: %v waiting, %v travel", j.without, j.waiting, j.travel)
	return j
}

// stored is what all servers of the groups have persisted, in bytes.
func (s *shardedService) stored() (total float64) {
	for i := len(s.Members(sharded.Controller)); i < s.N(); i++ {
		total += float64(s.PersistedSize(i) + s.SnapshotSize(i))
	}
	return total
}

// keyOf is a key of a shard: its first byte says which.
func keyOf(shard, n int) string { return string(rune('d'+shard)) + strconv.Itoa(n) } // 'd' is 100

// visitor is somebody who writes to a shard all the time, without a pause.
type visitor struct {
	s      *shardedService
	client *tester.Client
	clerk  kvapi.ClassicClerk
	key    string

	mu      sync.Mutex
	longest time.Duration // operation, since somebody asked
}

// visit has somebody begin to write to a shard, until its client is closed.
func (s *shardedService) visit(shard int) *visitor {
	v := &visitor{s: s, client: s.NewClient(), key: keyOf(shard, 0)}
	v.clerk = s.User(v.client)
	v.client.Go(func() {
		for !v.client.Closed() {
			v.write()
		}
	})
	return v
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
