package deduce

import (
	"time"

	"raftlab/internal/record"
)

// Fate is what became of a message.
type Fate string

// The fates. A message can be late and refused at once; then it counts as refused.
const (
	Arrives   Fate = "arrives"
	Late      Fate = "late"      // it took lateAfter or longer
	Lost      Fate = "lost"      // dropped
	Refused   Fate = "refused"   // the reply says no
	Duplicate Fate = "duplicate" // the same request, once more
	Underway  Fate = "underway"  // the run ended before
)

// lateAfter is the time above which a message counts as late: four times what the unreliable
// network of the labs takes as a rule.
const lateAfter = 100 * time.Millisecond

// Leg is one way of a call: the request, or the reply.
type Leg struct {
	From, To int // positions of events; To is Unknown while the message is under way
	Caller   int // the peer that the call belongs to
	Callee   int
	Reply    bool
	Fate     Fate
	// Request is the position of the event that sent the request.
	Request int
}

// edge is one call: the n-th from one peer to another.
type edge struct {
	from, to int
	n        uint64
}

// callOf is the call that an event of it belongs to.
func callOf(e record.Event) edge { return edge{e.Peer, e.Other, e.N} }

// open is a call under way, by positions of its events.
type open struct{ sent, delivered, handled int }

// Legs pairs the events of calls, in the order in which the messages ended. Calls of a later
// cluster have the numbers of earlier ones; a new "sent" begins anew.
func Legs(events []record.Event) []Leg {
	calls := map[edge]*open{}
	var legs []Leg
	for at, e := range events {
		key := callOf(e)
		c := calls[key]
		if c == nil {
			if e.Kind == record.Sent {
				calls[key] = &open{at, Unknown, Unknown}
			}
			continue // its beginning is not in the trace
		}
		leg := Leg{To: at, Caller: e.Peer, Callee: e.Other, Request: c.sent, Fate: Arrives}
		switch e.Kind {
		case record.Sent:
			legs = c.unfinished(legs, e)
			*c = open{at, Unknown, Unknown}
			continue
		case record.Delivered:
			leg.From = c.sent
			if c.delivered != Unknown {
				leg.Fate = Duplicate
			} else if e.Time-events[c.sent].Time >= lateAfter {
				leg.Fate = Late
			}
			c.delivered = at
		case record.Handled:
			c.handled = at
			continue
		case record.Replied:
			leg.Reply, leg.From = true, max(c.handled, c.delivered, c.sent)
			if answer, _ := ReadReply(e.Detail); answer == No {
				leg.Fate = Refused
			} else if e.Time-events[leg.From].Time >= lateAfter {
				leg.Fate = Late
			}
			delete(calls, key)
		case record.Dropped:
			leg.Fate = Lost
			leg.Reply, leg.From = c.delivered != Unknown, max(c.handled, c.delivered, c.sent)
			delete(calls, key)
		default:
			continue
		}
		legs = append(legs, leg)
	}
	for at, e := range events { // in the order of the events, so that it is the same each time
		if c := calls[callOf(e)]; e.Kind == record.Sent && c != nil && c.sent == at {
			legs = c.unfinished(legs, e)
		}
	}
	return legs
}

// unfinished adds the message of a call that never ended.
func (c *open) unfinished(legs []Leg, e record.Event) []Leg {
	return append(legs, Leg{From: max(c.handled, c.delivered, c.sent), To: Unknown, Caller: e.Peer, Callee: e.Other,
		Reply: c.delivered != Unknown, Fate: Underway, Request: c.sent})
}
