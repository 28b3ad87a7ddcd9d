package lab1

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/raftapi"
	"raftlab/tester"
)

// service is the service under test, with its clients.
type service struct {
	*tester.Servers
	env     *tester.Env
	made    tester.Maker[kvapi.Single]
	users   []*user
	last    int          // number of the last value; no two are equal
	answers atomic.Int64 // that clients have had
	objects []any        // of the server; see memory.go
	watch   watch
}

// start starts the server on a network with these options.
func start(e *tester.Env, o tester.Options) *service {
	s := &service{env: e, made: tester.MakerOf[kvapi.Single](e), watch: watch{holders: map[string]*user{}}}
	if s.made.First.Versioned == nil { // what 6.824 and 6.5840 of 2024 count on
		o.Duplicates = false
	}
	s.Servers = e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server {
		s.objects = s.made.New().Start()
		return machine(s.objects)
	}, 1, o)
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

// fail ends the case.
func (s *service) fail(rule tester.Rule, format string, args ...any) {
	s.env.Fail(tester.Violation{Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// value returns a value that was never used before in this run. It is for the main goroutine.
func (s *service) value() string {
	s.last++
	return valueOf(s.last)
}

func valueOf(number int) string { return model.Value(strconv.Itoa(number)) }

// pause lets a random time of at most d go by.
func (s *service) pause(d time.Duration) {
	s.env.Sleep(time.Duration(s.env.Rand().Int64N(int64(d) + 1)))
}

// healed makes the network whole again: nothing is lost, late or doubled, and everybody reaches the server.
func (s *service) healed() {
	s.env.Note("all faults end")
	s.Mend()
	for _, u := range s.users {
		u.client.ReachAll()
	}
}

// ended waits for the end of what a user is doing, now that nothing is in its way any more.
func (s *service) ended(u *user, done <-chan struct{}) {
	if !s.env.Await(done, tester.ProgressLimit) {
		s.fail(tester.RuleNoProgress, "client %d still waits for %s, %v after the last obstacle is gone",
			u.client.Number(), u.doing.Load(), tester.ProgressLimit)
	}
}

// closes is the end of most cases: everything is mended, all keys are read once more, and the history is judged.
func (s *service) closes(keys ...string) {
	s.healed()
	u := s.user()
	u.must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			u.get(key)
		}
	})
	history.Judge(s.env, 0)
	s.earned()
}

// earned looks whether the answers can have come from the server: each takes a request at least. A clerk that has
// them from elsewhere, such as a place that all clerks share, is no client of this service.
func (s *service) earned() {
	if answers, served := int(s.answers.Load()), s.Served(0); answers > served {
		s.fail(tester.RuleNotEarned, "clients had %d answers, but only %d requests have reached the server", answers, served)
	}
}

// named is what a violation calls a type of the code under test.
func named(t reflect.Type) string { return strings.TrimLeft(t.String(), "*") }
