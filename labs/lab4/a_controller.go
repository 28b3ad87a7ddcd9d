package lab4

import (
	"slices"
	"sync"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/configs"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// setup says what controller a case wants.
type setup struct {
	servers int // 3 unless said otherwise
	net     tester.Options
}

// controller is the controller under test, with its clients and what they saw.
type controller struct {
	*tester.Servers
	kit.Bench
	env     *tester.Env
	made    tester.Maker[shardapi.Service]
	options kvapi.Options
	admins  []*admin
	last    int // the last gid that was given away; for the main goroutine

	mu  sync.Mutex // guards the history, which clients write
	now int        // the place in the order of calls and returns
	ops []configs.Op
}

func startController(e *tester.Env, want setup) *controller {
	if want.servers == 0 {
		want.servers = 3
	}
	c := &controller{env: e, made: tester.MakerOf[shardapi.Service](e)}
	c.options = kvapi.Options{Reads: kvapi.ReadLog, Extensions: e.With()}
	c.Servers = e.NewServers(c.server, want.servers, want.net)
	c.Bench = kit.On(c.Servers)
	return c
}

// server starts one server.
func (c *controller) server(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	o := c.options
	o.Extensions = slices.Clone(o.Extensions) // whoever gets them may change them
	return c.made.New().Controller.Start(ends, me, p, o)
}

// begins records that a client asks for something, and returns the place of that in the history.
func (c *controller) begins(op configs.Op) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now++
	op.Call, op.Begin, op.Open = c.now, c.env.Now(), true
	c.ops = append(c.ops, op)
	return len(c.ops) - 1
}

// answered records the answer to what began at a place of the history.
func (c *controller) answered(place int, got shardapi.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now++
	op := &c.ops[place]
	op.Return, op.End, op.Open, op.Got = c.now, c.env.Now(), false, got
}

// healed makes the controller whole again, and lets clients reach all of it.
func (c *controller) healed() {
	c.Mend()
	for _, a := range c.admins {
		a.Client.ReachAll()
	}
}

// ends is the end of most cases: everything is mended, everybody gets to the end of what they were
// doing, all configurations are asked for, and the history is judged by them.
func (c *controller) ends(loads ...*kit.Load) {
	c.env.Note("all faults end")
	c.healed()
	for _, l := range loads {
		l.Finish()
	}
	c.judge()
}

// everything asks for all configurations, number after number. Nobody may be changing them.
func (c *controller) everything(a *admin) []shardapi.Config {
	var made []shardapi.Config
	a.Must("ask for all configurations", func() {
		latest := a.query(-1)
		for n := range latest.Num {
			made = append(made, a.query(n))
		}
		made = append(made, latest)
	})
	return made
}

// judge fails the case if the configurations are not what they have to be, or no order of the
// requests explains what clients saw.
func (c *controller) judge() {
	made := c.everything(c.admin())
	c.OneAbsent(func() { c.everything(c.admin()) })
	c.mu.Lock()
	ops := c.ops
	c.mu.Unlock()
	switch v := configs.Check(ops, made, 0); v.Result {
	case configs.Flawed:
		c.Fail(ruleOf(v.Fault), nil, "%s", v.Why)
	case configs.Illegal:
		c.Fail(tester.RuleLinearizability, nil, "%s", v.Why)
	case configs.Unknown:
		c.env.Inconclusive("%s", v.Why)
	}
}

func ruleOf(fault configs.Fault) tester.Rule {
	switch fault {
	case configs.Uneven:
		return tester.RuleUneven
	case configs.Needless:
		return tester.RuleNeedlessMoves
	}
	return tester.RuleWrongAnswer
}
