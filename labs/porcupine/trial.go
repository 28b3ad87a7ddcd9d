package porcupine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/nemesis"
	"raftlab/tester"
)

// size is how long a history is.
type size struct {
	seats, each int           // operations of each
	keys        int           //
	deaths      int           // of clients in the middle of an operation, at most
	think       time.Duration // of a client between two operations, at most
	faults      time.Duration // how long there are some, at most
}

var (
	long  = size{seats: 20, each: 100, keys: 8, deaths: 8, think: 200 * time.Millisecond, faults: 40 * time.Second}
	brief = size{seats: 12, each: 40, keys: 4, deaths: 2, think: 60 * time.Millisecond, faults: 15 * time.Second}
)

// trial is one service under faults, with its clients.
type trial struct {
	*tester.Servers
	env   *tester.Env
	size  size
	key   func(i int) string
	clerk func(*sitter) // makes a client's clerk
	seats []*seat
	also  map[string]<-chan struct{} // who else there is besides the seats; closed when they are done
}

// begin lets the clients loose.
func (t *trial) begin() {
	for i := range t.size.seats {
		t.seats = append(t.seats, t.seat(i))
	}
	for _, seat := range t.seats {
		go seat.work()
	}
	go t.reap()
}

// suffer has faults from a plan that is drawn from the seed come over the servers, until all
// clients have done what they were to do or the time is over. Then everything is mended.
func (t *trial) suffer(r *rand.Rand, m nemesis.Machines, groups [][]int, more []nemesis.Fault) {
	faults := append(nemesis.All(), more...)
	if !t.CanDrift(0) {
		faults = slices.DeleteFunc(faults, func(f nemesis.Fault) bool { return f == nemesis.Drift })
	}
	nemesis.DrawGroups(r, groups, t.size.faults, faults...).Carry(m, t.over)
}

// over says whether all clients have done what they were to do.
func (t *trial) over() bool {
	return !slices.ContainsFunc(t.seats, func(s *seat) bool { return !s.finished.Load() })
}

// finish waits for the clients, now that nothing is in their way any more, and reads every key.
func (t *trial) finish() {
	e := t.env
	for began := e.Now(); !t.over(); e.Sleep(50 * time.Millisecond) {
		t.progress(began)
	}
	for who, done := range t.also {
		if !e.Await(done, tester.ProgressLimit) {
			e.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: fmt.Sprintf(
				"%s is not done %v after everybody else, with no fault in the way", who, tester.ProgressLimit)})
		}
	}
	last := t.seat(t.size.seats)
	reader := last.sitting[0]
	done := reader.client.Go(func() {
		for k := range t.size.keys {
			reader.get(t.key(k))
		}
	})
	if !e.Await(done, tester.ProgressLimit) {
		t.stuck("when all keys are read")
	}
}

// progress ends the run if an operation has taken longer than ProgressLimit since began, when the
// last fault ended. How long a client takes for all of its operations is its own affair.
func (t *trial) progress(began time.Duration) {
	// An operation of a seat may be two of the service's: a write, and a look at what stands in its
	// way.
	const limit = 2*tester.ProgressLimit + time.Second
	for _, s := range t.seats {
		if !s.finished.Load() && t.env.Now()-max(began, time.Duration(s.since.Load())) > limit {
			t.stuck("after all faults have ended")
		}
	}
}

func (t *trial) stuck(when string) {
	var waiting []string
	for _, s := range t.seats {
		if !s.finished.Load() {
			waiting = append(waiting, fmt.Sprint(s.number))
		}
	}
	t.env.Fail(tester.Violation{Rule: tester.RuleNoProgress, Message: fmt.Sprintf(
		"%s, %v are not enough for the clients to come to their end; seats %s are not done", when, tester.ProgressLimit, strings.Join(waiting, ", "))})
}

// judge ends the run if the history is not linearizable, or cannot be judged.
func (t *trial) judge() { history.Judge(t.env, 0) }
