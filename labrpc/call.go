package labrpc

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"raftlab/internal/globals"
	"raftlab/internal/plain"
	"raftlab/labgob"
)

// phase is how far a call has come.
type phase uint8

const (
	travelling phase = iota // the request is on its way
	handling                // the handler runs
	returning               // the reply is on its way
	over                    // it has arrived, or never will
)

// call is a request and its reply on their way through the network.
//
//	goroutine of Call         timer              goroutine of the handler
//	     |  copy args
//	     |--- arrival.Reset ---->|
//	     |  wait for alarm       |---- starts -------->|
//	     .                                             |  handler runs
//	     .                                             |  copy reply
//	     .                       |<--- alarm.Reset ----|
//	     |<------ alarm ---------|
//	     |  hand over reply
//	     v
//
// The caller waits on one timer, its alarm. The alarm is not set while the handler runs; it is set
// to the time of the reply when the handler is done, and to now by whoever takes down what the call
// depends on. So a call needs one goroutine, that of its handler, which has to be one of its own
// because nobody can tell whether it will ever return.
type call struct {
	rn   *Network
	end  *end
	slot *slot
	edge *edge

	n         uint64
	weather   weather
	fate      Fate
	server    *Server // that it was sent to
	method    string
	args      reflect.Value // pointer to the network's copy
	argsSize  int
	reply     reflect.Value // likewise
	replySize int
	replyType reflect.Type // what the caller's reply points to
	mistake   error        // to be reported by the caller

	phase     phase
	orphan    bool        // nobody waits for the reply
	duplicate bool        // the second copy of a request; always an orphan
	dropped   bool        // that something of it is lost has been said
	served    bool        // the server has got to it, if that takes time
	alarm     *time.Timer // wakes the caller
	arrival   *time.Timer // starts the handler

	prev, next *call // in flights
}

// maxMethod is how many bytes the name of a method may have. No longer one can be called: it is
// cut, and the [Mistake] says so.
const maxMethod = 256

// Call sends a request and waits for the reply. svcMeth is "Service.Method", args the arguments or
// a pointer to them, reply a pointer to a new variable for the results.
//
// It returns true if the handler ran and its reply has arrived. It returns false if the request or
// the reply was lost, the server cannot be reached or does not answer before it is taken down, or
// the call was a [Mistake]; the handler may have run or not, or may run later. There is no timeout:
// as long as the handler runs and the connection stands, Call waits. It blocks for a time even when
// it fails, so that a loop around it cannot spin.
//
// Each Call is a message of its own: two calls on the same end can overtake each other. Call must
// not be called with a lock held that the handler on the other side, or anyone it waits for, needs.
func (ce *ClientEnd) Call(svcMeth string, args, reply any) bool {
	e, svcMeth := ce.end, plain.Cut(svcMeth, maxMethod) // the rest of a longer one would only be carried about
	if e.carrier != nil {
		return e.carrier.Call(svcMeth, args, reply)
	}
	e.stand()
	c := &call{rn: e.rn, end: e, method: svcMeth}
	if err := c.prepare(args, reply); err != nil {
		c.mistake = err
		e.rn.blame(svcMeth, err)
	}
	blamed := c.mistake != nil

	c.send()
	<-c.alarm.C
	ok, held := c.finish()
	for held {
		<-c.alarm.C
		ok, held = c.finish()
	}

	if c.mistake != nil && !blamed {
		e.rn.blame(svcMeth, c.mistake)
	}
	if !ok {
		return false
	}
	if err := c.handOver(reflect.ValueOf(reply)); err != nil {
		e.rn.blame(svcMeth, err)
		return false
	}
	return true
}

// prepare checks what the caller gave, and copies the arguments: it may change its own as soon as
// Call has begun to wait. They are copied to the type that the handler wants, if it is known
// already.
func (c *call) prepare(args, reply any) error {
	r := reflect.ValueOf(reply)
	if r.Kind() != reflect.Pointer || r.IsNil() {
		return fmt.Errorf("the reply must be a pointer to a variable for the result, not %s: pass &reply", describe(reply))
	}
	c.replyType = r.Type().Elem()
	if args == nil {
		return errors.New("the arguments are nil: pass a struct, or a pointer to one")
	}
	a := reflect.ValueOf(args)
	want := labgob.Base(a.Type())
	if want == nil {
		return fmt.Errorf("the arguments, a %s, have no value at the end of their pointers: pass a struct", a.Type())
	}
	if srv := c.end.server(); srv != nil {
		m, err := srv.find(c.method)
		if err != nil {
			return err
		}
		want = m.args
	}
	return c.copyArgs(a, want)
}

func (c *call) copyArgs(from reflect.Value, want reflect.Type) (err error) {
	c.args, c.argsSize, err = labgob.CopierFor(from.Type(), want).Copy(from)
	if err != nil {
		return fmt.Errorf("the arguments, a %s, cannot be sent to a handler that takes a %s: %w", from.Type(), want, err)
	}
	return nil
}

// copyOn copies arguments that are on their way, and are the caller's no more: methods of theirs
// are not to see its variables.
func (c *call) copyOn(from reflect.Value, want reflect.Type) error {
	defer globals.Leave(globals.Enter(globals.NewVisitor()))
	return c.copyArgs(from, want)
}

func describe(v any) string {
	if v == nil {
		return "nil"
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer {
		return fmt.Sprintf("a nil %T", v)
	}
	return fmt.Sprintf("a %T", v)
}

// server returns the server that the end leads to at the moment, if there is one.
func (e *end) server() *Server {
	e.rn.mu.Lock()
	defer e.rn.mu.Unlock()
	if e.slot == nil {
		return nil
	}
	return e.slot.server
}

// send decides what becomes of the request, and sets the timers accordingly.
func (c *call) send() {
	rn, e := c.rn, c.end
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.calls++
	rn.bytes += int64(c.argsSize)
	c.edge, c.slot = e.edge, e.slot
	c.edge.n++
	c.n = c.edge.n
	c.weather = forecast(rn.seed, c.edge.hash, c.n)
	if rn.fate != nil {
		c.fate = rn.fate(c.edge.from, c.edge.to, c.n)
	}
	rn.emit(c, Sent, "")

	if why := c.unreachable(); why != "" {
		c.fail(why, c.dead())
		return
	}
	if c.mistake != nil {
		c.fail("mistake: "+c.mistake.Error(), c.weather.loss())
		return
	}
	delay, lost := c.request()
	if lost {
		c.fail("request lost", c.weather.loss())
		return
	}
	c.server = c.slot.server
	if c.edge.back.cut { // the request arrives, and no answer can
		c.orphan = true
		c.alarm = c.newAlarm(c.dead())
	} else {
		c.alarm = c.newAlarm(time.Hour)
		c.alarm.Stop() // until there is something to wait for
	}
	second := c.second()
	if second != nil && c.unreachable() != "" { // since the first look the lock was open
		c.fail(c.unreachable(), c.dead())
		return
	}
	delay += rn.transmit(c.edge, c.argsSize)
	rn.flights.add(c)
	c.leaves(delay)
	if second != nil {
		extra, _ := c.again()
		rn.flights.add(second)
		second.leaves(delay + extra)
	}
}

// newAlarm makes the timer that wakes the caller.
func (c *call) newAlarm(after time.Duration) *time.Timer {
	descend(c.weather.kin(returning, false))
	return time.NewTimer(after)
}

// unlocked calls f, which may run code of others, without the network's lock: that code may block,
// or call the network. Whatever becomes of it, the lock is held afterwards.
func (rn *Network) unlocked(f func()) {
	rn.mu.Unlock()
	defer rn.mu.Lock()
	f()
}

// unreachable says why a request cannot arrive at all.
func (c *call) unreachable() string {
	switch {
	case c.rn.closed:
		return "network closed"
	case !c.end.enabled:
		return "end disabled"
	case c.slot == nil || c.slot.server == nil:
		return "no server"
	case c.edge.cut:
		return "link cut"
	}
	return ""
}

// fail lets the caller learn after a while that its call came to nothing.
func (c *call) fail(why string, after time.Duration) {
	c.drop(why)
	c.phase, c.orphan = over, true
	c.alarm = c.newAlarm(after)
}

// second returns a second copy of the request, if the weather wants one, or nil. Copying may call
// methods of the arguments' type (GobEncode).
func (c *call) second() *call {
	if _, yes := c.again(); !yes {
		return nil
	}
	d := &call{
		rn: c.rn, end: c.end, slot: c.slot, edge: c.edge,
		n: c.n, weather: c.weather, server: c.server, method: c.method, replyType: c.replyType,
		orphan: true, duplicate: true,
	}
	// The first copy belongs to the first handler, which may change it or keep it.
	var err error
	c.rn.unlocked(func() { err = d.copyOn(c.args, c.args.Type().Elem()) })
	if err != nil {
		return nil // a method that has changed its mind
	}
	return d
}
