package porcupine

import (
	"fmt"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/raftapi"
	"raftlab/tester"
)

// single is a service of one group under faults.
type single struct {
	trial
	made     tester.Maker[kvapi.Service]
	options  kvapi.Options
	mix      mix
	maxState int
	dialect  model.Dialect
}

// try starts a service, lets clients and faults loose on it, mends everything, and waits until the
// clients have done what they were to do.
func try(e *tester.Env, reads kvapi.ReadPath, m mix, s size) *single {
	t := &single{made: tester.MakerOf[kvapi.Service](e), mix: m, options: kvapi.Options{Reads: reads}}
	t.trial = trial{env: e, size: s, key: func(i int) string { return fmt.Sprintf("k%d", i) }, clerk: t.hire}
	r := e.Rand()
	servers := 3 + 2*r.IntN(2)
	t.maxState = []int{-1, 1000, 4000}[r.IntN(3)]
	t.options.CatchUp = t.maxState > 0 && r.IntN(2) == 0
	t.dialect = model.Classic
	if t.made.First.Classic == nil || t.made.First.Versioned != nil && r.IntN(2) == 0 {
		t.dialect = model.Versioned
	}
	e.Note("%d servers, %s dialect, reads by %s, maxraftstate %d, catch-up %t", servers, t.dialect, reads, t.maxState, t.options.CatchUp)
	t.Servers = e.NewServers(t.start, servers, tester.Options{})
	t.Leader()
	t.begin()
	all := make([]int, servers)
	for i := range all {
		all[i] = i
	}
	t.suffer(r, t.Servers, [][]int{all}, m.faults)
	t.finish()
	return t
}

// start starts one server.
func (t *single) start(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	o := t.options
	o.Extensions = raftapi.AddExtensions(t.mix.of(me), t.env.With()...)
	return t.made.New().Start(ends, me, p, t.maxState, o)
}

func (t *single) hire(who *sitter) {
	who.client.Make(func() {
		if t.dialect == model.Classic {
			who.classic = history.Classic(who.client, t.made.New().Classic(who.client.Ends(), t.options))
		} else {
			who.versioned = history.Versioned(who.client, t.made.New().Versioned(who.client.Ends(), t.options))
		}
	})
}

// localIsCaught tries one service after the other whose servers answer reads from whatever they
// have applied, until the checker sees through one. The others are lucky: nobody read in the wrong
// moment.
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
