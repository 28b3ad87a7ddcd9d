package labrpc

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"

	"raftlab/internal/globals"
	"raftlab/labgob"
)

// The second half of a call's life: the request arrives, the handler runs, the reply goes back.

// arrive is called by the arrival timer, on a goroutine of its own, which becomes the handler's.
// A panic in the handler is not caught: it is the server's bug, and the stack shows where.
func (c *call) arrive() {
	done := false
	defer func() {
		if !done {
			c.abandoned()
		}
	}()
	m, observed := c.deliver()
	if m == nil {
		done = true
		return
	}
	reply := reflect.New(m.reply)
	globals.Enter(c.server.owner) // until now the goroutine is the caller's, whose timer has started it
	m.invoke(c.args, reply)

	// Copied before anyone else can change it; but nobody reads the reply to a duplicate, unless
	// there is an observer.
	var err error
	if !c.duplicate || observed {
		c.reply, c.replySize, err = labgob.CopierFor(reply.Type(), c.replyType).Copy(reply)
		if err != nil {
			err = fmt.Errorf("the reply, a %s, cannot be sent to a caller who wants a %s: %w", m.reply, c.replyType, err)
		}
	}
	done = true
	c.handled(err)
}

// abandoned is called when the handler's goroutine ends without the handler having returned. A
// panic goes on to end the process. After runtime.Goexit there would only be a caller that waits
// for ever, so that is reported, unless the server is gone.
func (c *call) abandoned() {
	if panicking() {
		return
	}
	c.rn.mu.Lock()
	gone := c.phase == over
	c.rn.mu.Unlock()
	if !gone {
		c.rn.blame(c.method, errors.New("the handler has called runtime.Goexit, and so can never answer: return from it"))
	}
}

// panicking says whether the function that a deferred function cleans up after is left by a panic,
// and not by runtime.Goexit. (recover would stop the panic, and does not tell a panic with nil.)
func panicking() bool {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		switch f.Function {
		case "runtime.Goexit":
			return false
		case "runtime.gopanic":
			return true
		}
		if !more {
			return true
		}
	}
}

// deliver finds the handler for a request that has arrived, or returns nil if it has been lost at
// the last moment or there is none.
func (c *call) deliver() (m *method, observed bool) {
	rn := c.rn
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if c.phase != travelling || rn.heldUp(c.edge.to, func() { c.arrival.Reset(0) }) {
		return nil, false
	}
	if c.queues() {
		return nil, false
	}
	m, err := c.server.find(c.method)
	if err == nil && m.args != c.args.Type().Elem() { // another server than when the call was prepared
		rn.unlocked(func() { err = c.copyOn(c.args, m.args) })
		if c.phase != travelling {
			return nil, false
		}
	}
	if err != nil {
		c.wrong(err)
		return nil, false
	}
	c.phase = handling
	c.slot.count++
	c.server.counted()
	rn.emit(c, Delivered, "")
	return m, rn.observe != nil
}

// handled is called when the handler has returned. err says that its reply cannot be sent.
func (c *call) handled(err error) {
	rn := c.rn
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if c.phase == over { // the server has been taken down: it did not happen
		return
	}
	rn.emit(c, Handled, "")
	goBack := func() { c.goBack(err) }
	if !rn.heldUp(c.edge.to, goBack) {
		goBack()
	}
}

// goBack sends the reply on its way. rn.mu is held.
func (c *call) goBack(err error) {
	switch {
	case c.phase == over:
		return
	case c.orphan:
		c.drop("link cut")
		c.leave()
		return
	case err != nil:
		c.wrong(err)
		return
	}
	delay, lost := c.returns()
	if lost {
		c.lose("reply lost", c.weather.loss())
		return
	}
	c.phase = returning
	c.alarm.Reset(delay + c.rn.transmit(c.edge.back, c.replySize))
}

// wrong ends a call that is a mistake. The caller will report it, so that it is known who called.
func (c *call) wrong(err error) {
	if !c.orphan {
		c.mistake = err
	}
	c.lose("mistake: "+err.Error(), c.weather.loss())
}

// finish is called by the caller when its alarm has gone off. It says whether that was the reply;
// or that the caller is held and must not know yet: its alarm will go off again.
func (c *call) finish() (ok, held bool) {
	rn := c.rn
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if rn.heldUp(c.edge.from, func() { c.alarm.Reset(0) }) {
		return false, true
	}
	if c.orphan || c.phase != returning {
		return false, false
	}
	c.leave()
	rn.bytes += int64(c.replySize)
	rn.emit(c, Replied, "")
	return true, false
}

// handOver gives the reply to the caller. If its variable is new that is all; if not, decoding has
// to leave in it what the message does not contain.
func (c *call) handOver(reply reflect.Value) error {
	if reply.Elem().IsZero() {
		reply.Elem().Set(c.reply.Elem())
		return nil
	}
	_, err := labgob.CopierFor(c.replyType, c.replyType).CopyInto(reply, c.reply)
	return err
}

// emit tells the observer. rn.mu is held.
func (rn *Network) emit(c *call, kind Kind, why string) {
	if rn.observe == nil {
		return
	}
	m := &rn.message // one for all, so that telling costs no memory
	*m = Message{
		Kind: kind, From: c.edge.from, To: c.edge.to, N: c.n, Method: c.method,
		Why: why, Duplicate: c.duplicate, End: c.end.name, call: c,
	}
	switch kind {
	case Sent, Delivered:
		m.Bytes = c.argsSize
		if c.args.IsValid() {
			m.Args = c.args.Interface()
		}
	case Handled, Replied:
		m.Bytes = c.replySize
		if c.reply.IsValid() {
			m.Reply = c.reply.Interface()
		}
	}
	rn.observe(m)
}
