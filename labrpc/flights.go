package labrpc

import "time"

// flights is the list of calls in flight, in the order in which they were sent: whoever takes down
// a link, an end or a server walks over it and tells the calls concerned, so that none has to look
// whether its server still lives. It is a ring with a head of its own, so that a call can leave
// without a search.
//
// (A map would do as well, but not in the same order in every run.)
type flights struct {
	head call
}

func (f *flights) init() { f.head.next, f.head.prev = &f.head, &f.head }

func (f *flights) add(c *call) {
	last := f.head.prev
	last.next, c.prev = c, last
	c.next, f.head.prev = &f.head, c
}

func (f *flights) remove(c *call) {
	c.prev.next, c.next.prev = c.next, c.prev
	c.prev, c.next = nil, nil
}

// sweep visits all calls in flight, of which the visitor may end the one that it is shown. rn.mu
// is held.
func (rn *Network) sweep(visit func(*call)) {
	for c := rn.flights.head.next; c != &rn.flights.head; {
		next := c.next
		visit(c)
		c = next
	}
}

// loseRequest ends a call whose request cannot arrive any more. It does nothing once the request
// has been delivered.
func (c *call) loseRequest(why string) {
	if c.phase == travelling {
		c.lose(why, 0)
	}
}

// loseReply ends the caller's wait for a reply that cannot arrive any more. A request on its way is
// still delivered, and a handler that runs goes on.
func (c *call) loseReply(why string) {
	switch {
	case c.phase == over || c.orphan:
	case c.phase == returning:
		c.lose(why, 0)
	default:
		c.drop(why)
		c.release(0)
	}
}

// lose ends a call however far it has come. The caller, if there still is one, learns of it after
// the given time.
func (c *call) lose(why string, after time.Duration) {
	if c.phase == travelling {
		c.arrival.Stop() // if it is too late for that, arrive will see that the call is over
	}
	c.drop(why)
	c.leave()
	c.release(after)
}

// leave takes a call out of the list of those in flight.
func (c *call) leave() {
	c.phase = over
	c.rn.flights.remove(c)
}

// release wakes the caller after the given time. What the call still does concerns nobody.
func (c *call) release(after time.Duration) {
	if !c.orphan {
		c.orphan = true
		c.alarm.Reset(after)
	}
}

// drop tells the observer that the call came to nothing, once. That nobody waits for the reply to a
// duplicate is no loss.
func (c *call) drop(why string) {
	if c.dropped || c.duplicate && c.phase != travelling {
		return
	}
	c.dropped = true
	c.rn.emit(c, Dropped, why)
}
