package lab1

import (
	"reflect"
	"strings"
	"sync/atomic"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/raftapi"
	"raftlab/tester"
)

// service is the service under test, with its clients.
type service struct {
	*tester.Servers
	kit.Bench
	env     *tester.Env
	made    tester.Maker[kvapi.Single]
	users   []*user
	answers atomic.Int64 // that clients have had
	objects []any        // of the server; see memory.go
	watch   watch
}

// start starts the server on a network with these options.
func start(e *tester.Env, o tester.Options) *service {
	s := &service{env: e, made: tester.MakerOf[kvapi.Single](e), watch: watch{holders: map[string]*user{}, wanted: map[*user]string{}}}
	if s.made.First.Versioned == nil { // what 6.824 and 6.5840 of 2024 count on
		o.Duplicates = false
	}
	s.Servers = e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server {
		s.objects = s.made.New().Start()
		return machine(s.objects)
	}, 1, o)
	s.Bench = kit.On(s.Servers)
	return s
}

// machine is the server as the harness wants it: there is no Raft in it.
type machine []any

func (m machine) Services() []any    { return m }
func (m machine) Raft() raftapi.Raft { return nil }

func (m machine) Kill() {
	for _, object := range m {
		if mortal, ok := object.(interface{ Kill() }); ok {
			mortal.Kill()
		}
	}
}

// versioned says whether clients speak the dialect with versions.
func (s *service) versioned() bool { return s.made.First.Versioned != nil }

// healed makes the network whole again: nothing is lost, late or doubled, and everybody reaches the
// server.
func (s *service) healed() {
	s.env.Note("all faults end")
	s.Mend()
	for _, u := range s.users {
		u.Client.ReachAll()
	}
}

// closes is the end of most cases: everything is mended, all keys are read once more, and the
// history is judged.
func (s *service) closes(keys ...string) {
	s.healed()
	u := s.user()
	u.Must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			u.get(key)
		}
	})
	history.Judge(s.env, 0)
	s.earned()
}

// earned looks whether the answers can have come from the server: each takes a request at least. A
// clerk that has them from elsewhere, such as a place that all clerks share, is no client of this
// service.
func (s *service) earned() {
	if answers, served := int(s.answers.Load()), s.Served(0); answers > served {
		s.Fail(tester.RuleNotEarned, nil, "clients had %d answers, but only %d requests have reached the server", answers, served)
	}
}

// named is what a violation calls a type of the code under test.
func named(t reflect.Type) string { return strings.TrimLeft(t.String(), "*") }
