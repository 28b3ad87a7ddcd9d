package trace

import (
	"fmt"
	"io"
	"slices"
	"time"

	"raftlab/internal/record"
)

// Client is the number of the client, among those of members.
const Client = -1

// Show writes the events of all in the order of time, in milliseconds since the first.
func Show(out io.Writer, events []Event) {
	events = inOrder(events)
	for _, e := range events {
		who := "client"
		if e.Member != Client {
			who = fmt.Sprintf("member %d", e.Member)
		}
		fmt.Fprintf(out, "%10.3f ms  %-9s %s\n", float64(e.At.Sub(events[0].At).Microseconds())/1000, who, e.What)
	}
}

// Run is the events as those of a run, for the viewer: with the messages that belong together by
// their numbers.
func Run(events []Event, request string) (run []record.Event) {
	events = inOrder(events)
	type edge struct{ from, to int }
	type call struct {
		edge
		method string
		kind   record.Kind
	}
	sent, seen := map[edge]uint64{}, map[call]int{}
	numbers := map[call][]uint64{} // of the calls that were sent, in order
	for _, e := range events {
		r := record.Event{Time: e.At.Sub(events[0].At), Kind: e.Kind, Peer: e.Member, Other: e.Other, Method: e.Method, Index: e.Index}
		switch c := (call{edge{e.Member, e.Other}, e.Method, e.Kind}); e.Kind {
		case record.Sent:
			sent[c.edge]++
			r.N = sent[c.edge]
			numbers[c] = append(numbers[c], r.N)
		case record.Delivered, record.Handled, record.Replied:
			if e.Kind != record.Replied { // the one that hears is the other one
				c.edge = edge{e.Other, e.Member}
				r.Peer, r.Other = e.Other, e.Member
			}
			at := seen[c]
			seen[c]++
			c.kind = record.Sent
			if at >= len(numbers[c]) {
				continue // it was sent before anybody looked
			}
			r.N = numbers[c][at]
		case record.Apply:
			r.Other, r.Text = record.None, request
		case record.Invoke, record.Return:
			r.Peer, r.Other, r.Method, r.Text = record.FirstClient, record.None, "put", request
		default:
			r.Kind, r.Other, r.Text = record.Note, record.None, e.What
		}
		run = append(run, r)
	}
	return run
}

// inOrder puts events in the order of time.
func inOrder(events []Event) []Event {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events
}

// Asked is the beginning, as the client notes it.
func Asked(at time.Time, member int) Event {
	return Event{At: at, Member: Client, What: fmt.Sprintf("asks member %d: put", member), Kind: record.Invoke}
}

// Answered is the end of it.
func Answered(at time.Time) Event {
	return Event{At: at, Member: Client, What: "has the answer", Kind: record.Return}
}

// Everywhere says whether all of those members have applied the request.
func Everywhere(events []Event, members []int) bool {
	for _, m := range members {
		if !slices.ContainsFunc(events, func(e Event) bool { return e.Member == m && e.Kind == record.Apply }) {
			return false
		}
	}
	return true
}
