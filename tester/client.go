package tester

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"raftlab/internal/globals"
	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/labrpc"
	"raftlab/tester/watch"
)

// Client is a user of [Servers]: a place in the network with ends that lead to all servers, and
// goroutines of its own. In the trace clients have numbers from record.FirstClient on.
//
//	cl := s.NewClient()
//	clerk := service.MakeClerk(cl.Ends())
//	cl.Go(func() {
//		op := cl.Invoke("get", "x")
//		cl.Call(func() { value = clerk.Get("x") })
//		op.Return(value)
//	})
type Client struct {
	s      *Servers
	number int // from 0
	names  []clientEnd
	ends   []*labrpc.ClientEnd
	closed atomic.Bool
	stands chan struct{} // closed when a goroutine of it stands still: see Close
	owner  globals.Owner // of the package variables that its clerk uses
	quota  quota
	cut    bool // some of its links may be

	operations int // that [Client.Takes] was asked about
}

// clientEnd names an end of a client on the network.
type clientEnd struct{ cluster, client, to int }

// NewClient makes a client that reaches all servers. Its ends are in an order drawn from the seed:
// clients do not know the servers' numbers, unless the contract of their year says so. It is for the
// case's main goroutine.
func (s *Servers) NewClient() *Client {
	s.mu.Lock()
	cl := &Client{s: s, number: len(s.clients), stands: make(chan struct{}), owner: globals.NewClient(record.FirstClient + len(s.clients))}
	s.clients = append(s.clients, cl)
	s.mu.Unlock()
	order := s.r.stream(fmt.Sprintf("client %d of %d", cl.number, s.number)).Perm(s.n)
	if s.r.terms.InOrder {
		slices.Sort(order)
	}
	for _, to := range order {
		name := clientEnd{s.machines.number, cl.number, to}
		cl.names = append(cl.names, name)
		cl.ends = append(cl.ends, s.net.MakeEdge(name, record.FirstClient+cl.number, to))
		s.net.Connect(name, to)
		s.net.Enable(name, true)
	}
	return cl
}

// Number is the client's number, from 0.
func (cl *Client) Number() int { return cl.number }

// Ends returns the client's ends, one for each server, in no particular order.
func (cl *Client) Ends() []*labrpc.ClientEnd { return slices.Clone(cl.ends) }

// EndsTo returns the client's ends that lead to these servers.
func (cl *Client) EndsTo(servers ...int) []*labrpc.ClientEnd {
	var ends []*labrpc.ClientEnd
	for i, name := range cl.names {
		if slices.Contains(servers, name.to) {
			ends = append(ends, cl.ends[i])
		}
	}
	return ends
}

// Reach lets the client reach these servers and no others, from now on. Links are cut in both
// directions. Reach, ReachAll and Deafen are for the case's main goroutine.
func (cl *Client) Reach(servers ...int) {
	k := cl.s.next(scenario.ClientCut)
	if len(servers) == cl.s.n {
		k = scenario.Key{} // it is no fault
	} else if !cl.s.plays(k, "client %d reaches servers %v only", cl.number, servers) {
		servers = all(cl.s.n)
	}
	cl.reach(k, servers)
}

func (cl *Client) reach(k scenario.Key, servers []int) {
	cl.s.env.note(k, "client %d reaches servers %v", cl.number, servers)
	cl.cut = true
	for to := range cl.s.n {
		from := record.FirstClient + cl.number
		if slices.Contains(servers, to) {
			cl.s.net.Heal(from, to)
			cl.s.net.Heal(to, from)
		} else {
			cl.s.net.Cut(from, to)
			cl.s.net.Cut(to, from)
		}
	}
}

// Deafen lets nothing from the given servers reach the client any more, or from none at all if none
// are given: its requests arrive, and no answer does.
func (cl *Client) Deafen(to ...int) {
	what := fmt.Sprintf("client %d hears no answers", cl.number)
	if len(to) > 0 {
		what += fmt.Sprintf(" of servers %v", to)
	}
	k := cl.s.next(scenario.ClientCut)
	if !cl.s.plays(k, "%s", what) {
		return
	}
	cl.cut = true
	cl.s.env.note(k, "%s", what)
	for from := range cl.s.n {
		if len(to) == 0 || slices.Contains(to, from) {
			cl.s.net.Cut(from, record.FirstClient+cl.number)
		}
	}
}

// ReachAll lets the client reach all servers again.
func (cl *Client) ReachAll() {
	if cl.cut {
		cl.reach(scenario.Key{}, all(cl.s.n))
		cl.cut = false
	}
}

func all(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}

// Go runs f on a goroutine of the client. The goroutine ends at its next call after the client has
// died; nobody waits for it. The channel is closed when it has ended.
func (cl *Client) Go(f func()) <-chan struct{} {
	done := make(chan struct{})
	cl.s.r.spawn(&cl.quota, func() { close(done) }, f)
	return done
}

// Make calls f, which is code under test that makes a clerk. It must return quickly.
func (cl *Client) Make(f func()) {
	cl.s.r.into("MakeClerk", record.FirstClient+cl.number, cl.as(f))
	globals.Made(cl.owner)
}

func (cl *Client) as(f func()) func() {
	return func() {
		defer globals.Leave(globals.Enter(cl.owner))
		f()
	}
}

// Call calls f, which is code under test: a clerk. It may take as long as it likes. It does not
// return if the client dies meanwhile.
func (cl *Client) Call(f func()) {
	r := cl.s.r
	switch d := r.enterUntil(cl.stands, cl.as(f)); d.manner {
	case returned:
	case left:
		panic(leaving{})
	default:
		r.departed("a call", record.FirstClient+cl.number, d)
		runtime.Goexit()
	}
}

// Close is the death of the client: its calls in flight come to nothing, although servers may
// still work on them, and each of its goroutines stands still for ever at its next call: there is
// nothing else in the code of a clerk that it is sure to come by. To end it there would have it do
// what it has deferred, as nothing does whose process is gone: unlock what it has not locked just
// then, or call again.
func (cl *Client) Close() {
	if cl.closed.Swap(true) {
		return
	}
	stands := sync.OnceFunc(func() { close(cl.stands) })
	for _, name := range cl.names {
		cl.s.net.Strand(name, stands)
	}
}

// Closed says whether the client has died.
func (cl *Client) Closed() bool { return cl.closed.Load() }

// closeClients ends all clients.
func (c *machines) closeClients() {
	c.mu.Lock()
	clients := slices.Clone(c.clients)
	c.mu.Unlock()
	for _, cl := range clients {
		cl.Close()
	}
}

// Story returns what has happened so far to clients ([Client.Invoke], Return) and to servers
// (crashes, links, leaders, notes), in order. It is there in runs with [Servers].
func (e *Env) Story() []record.Event {
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	return slices.Clone(e.r.story)
}

// Operation is an operation of a client, for the trace.
type Operation struct {
	cl    *Client
	name  string
	since watch.Question // for watch.Checks.Answered
	asked string         // likewise
	wrote string         // likewise
}

// Invoke notes in the trace that the client begins an operation; what says which.
func (cl *Client) Invoke(name, what string) Operation {
	cl.emit(record.Invoke, name, what)
	return Operation{cl: cl, name: name, since: cl.s.checks.Asks(record.FirstClient + cl.number)}
}

// Asked says, before Return, that the answer has to come from servers: a pass takes a request.
func (o *Operation) Asked(what string) { o.asked = what }

// Wrote says, before Return, that the operation has changed something that is replicated: a pass
// takes agreement on it.
func (o *Operation) Wrote(what string) { o.wrote = what }

// Return notes that the operation has ended, and how. An answer that is too long for the trace would
// be read from there as another one, so it ends the case: nobody has written as much.
func (o Operation) Return(result string) {
	if most := maxEventText(record.Return); len(result) > most {
		o.cl.s.env.Fail(Violation{Rule: RuleWrongAnswer, Message: fmt.Sprintf("client %d has asked for %s, and the answer has %d bytes; "+
			"no case writes a value for which %d would not do", o.cl.number, o.name, len(result), most)})
	}
	o.cl.s.checks.Answered(o.since, o.asked, o.wrote)
	o.cl.emit(record.Return, o.name, result)
}

func (cl *Client) emit(kind record.Kind, name, text string) {
	cl.s.r.emit(record.Event{Kind: kind, Peer: record.FirstClient + cl.number, Other: record.None, Method: name, Text: text}, "")
}

// message is the observer of the network: the watcher hears of it.
func (c *machines) message(m *labrpc.Message) {
	if _, ok := m.End.(clientEnd); ok {
		c.checks.ClientMessage(m)
		return
	}
	c.checks.Message(m)
}
