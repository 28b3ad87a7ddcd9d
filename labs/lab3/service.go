package lab3

import (
	"slices"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/labs/kit"
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
	kit.Bench
	env     *tester.Env
	made    tester.Maker[kvapi.Service]
	dialect model.Dialect
	options kvapi.Options
	setup   setup
	users   []*user
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
		extensions = raftapi.AddExtensions(extensions, e.With()...)
	}
	slices.Sort(extensions)
	s.options = kvapi.Options{Reads: want.reads, Extensions: extensions, CatchUp: want.catchUp, Raft: want.raft}
	s.Servers = e.NewServers(s.server, s.setup.servers, want.net)
	s.Bench = kit.On(s.Servers)
	return s
}

// server starts one server.
func (s *service) server(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	o := s.options
	o.Extensions = slices.Clone(o.Extensions) // whoever gets them may change them
	return s.made.New().Start(ends, me, p, s.setup.maxState, o)
}

// healed makes the service whole again: all links work, no message is lost or late, crashed servers
// are restarted, clients reach everyone.
func (s *service) healed() {
	s.Mend()
	for _, u := range s.users {
		u.Client.ReachAll()
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
		s.Fail(tester.RuleLinearizability, nil, "%s%s", v.Why, picture(s.env, ops, faults))
	case model.Unknown:
		s.env.Inconclusive("%d operations are too many, or too many at once, to be judged: no order of those on key %q was found within %d steps",
			len(ops), v.Key, v.Steps)
	}
}

// bounded fails the case if more Raft state was ever persisted than snapshots are to allow. A
// service takes one when maxraftstate is near; what comes in while it does, and what cannot be
// committed yet, has room.
func (s *service) bounded() {
	if most, limit := s.MaxPersistedSize(), 8*s.setup.maxState; most > limit {
		s.Fail(tester.RuleLogTooLarge, nil, "with maxraftstate %d, a server has persisted %d bytes of Raft state; at most %d (8 times) are allowed",
			s.setup.maxState, most, limit)
	}
}

// ends is the end of most cases: everything is mended, everybody gets to the end of what they were
// doing, all keys are read once more, and the history is judged.
func (s *service) ends(loads ...*kit.Load) {
	s.env.Note("all faults end")
	s.healed()
	for _, l := range loads {
		l.Finish()
	}
	var keys []string
	for _, l := range loads {
		for _, key := range l.Keys {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	s.closes(keys...)
}

// closes reads keys, and judges the history. Where nothing has failed so far, each server has to be
// dispensable.
func (s *service) closes(keys ...string) {
	s.user().ReadsAll(keys)
	s.OneAbsent(func() { s.user().ReadsAll(keys) })
	s.judge()
}

// restartAll crashes all servers, one after the other, and starts them again in another order.
func (s *service) restartAll() {
	s.CrashAll(s.Others())
	s.RestartAll(s.Others())
}
