package history_test

import (
	"sync"
	"testing"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/raftapi"
	"raftlab/tester"
)

// A service that is linearizable without any effort: one server, one map, one lock.
type fake struct {
	mu   sync.Mutex
	data map[string]string
}

type Args struct{ Kind, Key, Value string }
type Reply struct{ Value string }

func (f *fake) Do(args *Args, reply *Reply) {
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch args.Kind {
	case "put":
		f.data[args.Key] = args.Value
	case "append":
		f.data[args.Key] += args.Value
	}
	reply.Value = f.data[args.Key]
}

func (f *fake) Services() []any    { return []any{f} }
func (f *fake) Raft() raftapi.Raft { return nil }
func (f *fake) Kill()              {}

type clerk struct{ ends []*labrpc.ClientEnd }

func (c clerk) do(kind, key, value string) string {
	reply := &Reply{}
	for !c.ends[0].Call("fake.Do", &Args{kind, key, value}, reply) {
	}
	return reply.Value
}

func (c clerk) Get(key string) string    { return c.do("get", key, "") }
func (c clerk) Put(key, value string)    { c.do("put", key, value) }
func (c clerk) Append(key, value string) { c.do("append", key, value) }

var _ kvapi.ClassicClerk = clerk{}

func TestHistory(t *testing.T) {
	tester.Run(t, tester.Lab{Name: "history", Package: "./porcupine-tests/history", Test: "TestHistory", Cases: []tester.Case{
		{Part: "H", Name: "Recorded", Points: 1, Section: "§8", Checks: "what clients do is read out of the trace, and judged", Run: recorded},
		{Part: "H", Name: "DeathLeavesItOpen", Points: 1, Section: "§8", Checks: "the operation of a client that dies has no end", Run: deathLeavesItOpen},
	}}, nil)
}

func start(e *tester.Env) *tester.Servers {
	return e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server {
		return &fake{data: map[string]string{}}
	}, 1, tester.Options{})
}

func expect(e *tester.Env, ok bool, what string) {
	if !ok {
		e.Fail(tester.Violation{Rule: tester.RuleWrongAnswer, Message: what})
	}
}

func recorded(e *tester.Env) {
	s := start(e)
	var all []<-chan struct{}
	for range 5 {
		cl := s.NewClient()
		ck := history.Classic(cl, clerk{cl.Ends()})
		all = append(all, cl.Go(func() {
			for range 20 {
				ck.Append("x", "1")
				ck.Get("x")
				ck.Put("y", "2")
			}
		}))
	}
	for _, done := range all {
		expect(e, e.Await(done, time.Minute), "a client does not end")
	}
	ops, _ := history.Read(e)
	expect(e, len(ops) == 300, "some operations are missing")
	for _, op := range ops {
		expect(e, !op.Open && op.Return > op.Call && op.End >= op.Begin, "an operation has no proper end: "+op.String())
	}
	history.Judge(e, 0)
	for i := range ops {
		if ops[i].Kind == model.Get && ops[i].Key == "x" {
			ops[i].Got = "11111111111111111111111111" + ops[i].Got // more than there were
			break
		}
	}
	expect(e, model.Check(ops, 0).Result == model.Illegal, "a wrong answer is not seen")
}

func deathLeavesItOpen(e *tester.Env) {
	s := start(e)
	cl := s.NewClient()
	ck := history.Classic(cl, clerk{cl.Ends()})
	done := cl.Go(func() {
		ck.Put("x", "1")
		ck.Put("x", "2")
		ck.Put("x", "3")
	})
	for len(opsOf(e)) < 2 {
		e.Sleep(100 * time.Microsecond)
	}
	cl.Close()
	expect(e, e.Await(done, time.Minute), "a dead client goes on")
	ops := opsOf(e)
	last := ops[len(ops)-1]
	expect(e, last.Open && last.Unknown(), "the last operation is not open: "+last.String())
	history.Judge(e, 0)
}

func opsOf(e *tester.Env) []model.Op {
	ops, _ := history.Read(e)
	return ops
}
