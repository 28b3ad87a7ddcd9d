package porcupine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/porcupine-tests/nemesis"
	"raftlab/raftapi"
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
	env      *tester.Env
	api      kvapi.Service
	size     size
	options  kvapi.Options
	mix      mix
	maxState int
	dialect  model.Dialect
	drifting bool // the peers' clocks can be set
	seats    []*seat
}

// try starts a service, lets clients and faults loose on it, mends everything, and waits until the clients
// have done what they were to do.
func try(e *tester.Env, reads kvapi.ReadPath, m mix, s size) *trial {
	t := &trial{env: e, api: e.Subject().(kvapi.Service), size: s, mix: m, options: kvapi.Options{Reads: reads}}
	r := e.Rand()
	servers := 3 + 2*r.IntN(2)
	t.maxState = []int{-1, 1000, 4000}[r.IntN(3)]
	t.options.CatchUp = t.maxState > 0 && r.IntN(2) == 0
	t.dialect = model.Classic
	if t.api.Classic == nil || t.api.Versioned != nil && r.IntN(2) == 0 {
		t.dialect = model.Versioned
	}
	e.Note("%d servers, %s dialect, reads by %s, maxraftstate %d, catch-up %t", servers, t.dialect, reads, t.maxState, t.options.CatchUp)
	t.Servers = e.NewServers(t.start, servers, tester.Options{})
	t.Leader()
	for i := range s.seats {
		t.seats = append(t.seats, t.seat(i))
	}
	for _, seat := range t.seats {
		go seat.work()
	}
	go t.reap()

	faults := append(nemesis.All(), m.faults...)
	if !t.drifting {
		faults = slices.DeleteFunc(faults, func(f nemesis.Fault) bool { return f == nemesis.Drift })
	}
	nemesis.Draw(r, servers, s.faults, faults...).Carry(t.Servers, t.over)
	t.finish()
	return t
}

// start starts one server.
func (t *trial) start(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	o := t.options
	o.Extensions = slices.Clone(t.mix.of(me))
	for _, name := range t.env.With() {
		if !slices.Contains(o.Extensions, name) {
			o.Extensions = append(o.Extensions, name)
		}
	}
	server := t.api.Start(ends, me, p, t.maxState, o)
	_, t.drifting = server.Raft().(raftapi.ClockDrifter)
	return server
}

// over says whether all clients have done what they were to do.
func (t *trial) over() bool {
	return !slices.ContainsFunc(t.seats, func(s *seat) bool { return !s.finished.Load() })
}

// finish waits for the clients, now that nothing is in their way any more, and reads every key.
func (t *trial) finish() {
	e := t.env
	for deadline := e.Now() + tester.ProgressLimit + time.Duration(t.size.each)*t.size.think; !t.over(); e.Sleep(50 * time.Millisecond) {
		if e.Now() > deadline {
			t.stuck("after all faults have ended")
		}
	}
	last := t.seat(t.size.seats)
	reader := last.sitting[0]
	done := reader.client.Go(func() {
		for k := range t.size.keys {
			reader.get(key(k))
		}
	})
	if !e.Await(done, tester.ProgressLimit) {
		t.stuck("when all keys are to be read")
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

func key(i int) string { return fmt.Sprintf("k%d", i) }

// localIsCaught tries one service after the other whose servers answer reads from whatever they have
// applied, until the checker sees through one. The others are lucky: nobody read in the wrong moment.
func localIsCaught(e *tester.Env) {
	const tries = 5
	for range tries {
		t := try(e, kvapi.ReadLocal, mixes[0], brief)
		t.Shutdown()
		ops, _ := history.Read(e)
		if v := model.Check(ops, 0); v.Result == model.Illegal {
			e.Note("caught: key %q: %s", v.Key, v.Why)
			return
		}
	}
	e.Fail(tester.Violation{Rule: tester.RuleWrongAnswer, Message: fmt.Sprintf(
		"%d histories with local reads under faults look linearizable: is the checker blind?", tries)})
}
