package lab3

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/model"
	"raftlab/raftapi"
	"raftlab/tester"
)

// setup says what service a case wants.
type setup struct {
	servers  int            // 3 unless said otherwise
	reads    kvapi.ReadPath // through the log unless said otherwise
	maxState int            // maxraftstate in bytes; 0: no snapshots
	catchUp  bool
	net      tester.Options
	raft     raftapi.MakeFunc // nil: the service's own choice

	extensions []string // of the peers, besides those of the read path and of the whole run
}

// service is the service under test, with its clients.
type service struct {
	*tester.Servers
	env     *tester.Env
	made    tester.Maker[kvapi.Service]
	dialect model.Dialect
	options kvapi.Options
	setup   setup
	users   []*user
	last    int // number of the last value written; no two are equal
}

// start starts a service. If it speaks both dialects the seed says which one is spoken.
func start(e *tester.Env, want setup) *service {
	s := &service{env: e, made: tester.MakerOf[kvapi.Service](e), setup: want}
	if s.setup.servers == 0 {
		s.setup.servers = 3
	}
	if s.setup.maxState == 0 {
		s.setup.maxState = -1
	}
	switch api := s.made.First; {
	case api.Classic != nil && api.Versioned != nil && e.Seed()%2 == 0, api.Classic == nil:
		s.dialect = model.Versioned
	default:
		s.dialect = model.Classic
	}
	extensions := want.extensions
	if want.raft == nil { // the case's own peers have none
		extensions = append(e.With(), extensions...)
	}
	slices.Sort(extensions)
	s.options = kvapi.Options{Reads: want.reads, Extensions: slices.Compact(extensions), CatchUp: want.catchUp, Raft: want.raft}
	s.Servers = e.NewServers(s.server, s.setup.servers, want.net)
	return s
}

// server starts one server.
func (s *service) server(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	o := s.options
	o.Extensions = slices.Clone(o.Extensions) // whoever gets them may change them
	return s.made.New().Start(ends, me, p, s.setup.maxState, o)
}

// fail ends the case. The violation is about the given servers, or about no one in particular.
func (s *service) fail(rule tester.Rule, servers []int, format string, args ...any) {
	s.env.Fail(tester.Violation{Rule: rule, Message: fmt.Sprintf(format, args...), Peers: servers})
}

// value returns a value that was never used before in this run. It is for the main goroutine.
func (s *service) value() string {
	s.last++
	return valueOf(s.last)
}

func valueOf(number int) string { return model.Value(strconv.Itoa(number)) }

// others returns the servers, without the given ones.
func (s *service) others(but ...int) []int {
	var servers []int
	for i := range s.N() {
		if !slices.Contains(but, i) {
			servers = append(servers, i)
		}
	}
	return servers
}

// shuffled returns the servers without the given ones, in an order drawn from the seed.
func (s *service) shuffled(but ...int) []int {
	servers := s.others(but...)
	s.env.Rand().Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
	return servers
}

// restartAll crashes all servers, one after the other, and starts them again in another order.
func (s *service) restartAll() {
	for _, i := range s.shuffled() {
		s.Crash(i)
	}
	for _, i := range s.shuffled() {
		s.Restart(i)
	}
}

// pause lets a random time of at most d go by.
func (s *service) pause(d time.Duration) {
	s.env.Sleep(time.Duration(s.env.Rand().Int64N(int64(d) + 1)))
}

// until waits until what happens, at most for d, and reports whether it did.
func (s *service) until(d time.Duration, what func() bool) bool {
	const poll = 10 * time.Millisecond
	for end := s.env.Now() + d; ; s.env.Sleep(poll) {
		if what() {
			return true
		}
		if s.env.Now() >= end {
			return false
		}
	}
}

// healed makes the service whole again: all links work, no message is lost or late, crashed servers
// are restarted, clients reach everyone.
func (s *service) healed() {
	s.Mend()
	for _, u := range s.users {
		u.client.ReachAll()
	}
}

// judge fails the case if what clients saw is not linearizable.
func (s *service) judge() {
	story := s.env.Story()
	ops, faults, err := model.FromTrace(story)
	if err != nil {
		panic(err) // we wrote the trace ourselves
	}
	v := model.Check(ops, 0)
	switch v.Result {
	case model.OK:
		s.env.Judged(len(ops))
	case model.Illegal:
		s.fail(tester.RuleLinearizability, nil, "%s%s", v.Why, picture(s.env, ops, faults))
	case model.Unknown:
		s.env.Inconclusive("%d operations are too many, or too many at once, to be judged: no order of those on key %q was found within %d steps",
			len(ops), v.Key, v.Steps)
	}
}

// bounded fails the case if more Raft state was ever persisted than snapshots are to allow. A service
// takes one when maxraftstate is near; what comes in while it does, and what cannot be committed
// yet, has room.
func (s *service) bounded() {
	if most, limit := s.MaxPersistedSize(), 8*s.setup.maxState; most > limit {
		s.fail(tester.RuleLogTooLarge, nil, "with maxraftstate %d, a server has persisted %d bytes of Raft state; at most %d (8 times) are allowed",
			s.setup.maxState, most, limit)
	}
}

// ends is the end of most cases: everything is mended, everybody gets to the end of what they were doing,
// all keys are read once more, and the history is judged.
func (s *service) ends(loads ...*load) {
	s.env.Note("all faults end")
	s.healed()
	for _, l := range loads {
		l.finish()
	}
	u := s.user()
	var keys []string
	for _, l := range loads {
		for _, key := range l.keys {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	u.must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			u.get(key)
		}
	})
	s.judge()
}
