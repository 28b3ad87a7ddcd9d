package timeline

import (
	"slices"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
)

// mostAccused is how many messages are named at most.
const mostAccused = 2

// Accused are the messages by which one gets from a failure to the code, as positions of events that
// tell where in it they come from (record.Event.Where): those with which a peer contradicts itself. If
// there are none, it is the last that decides of those that lead to a mistake as a rule: what the
// accused answered, what a service answered a client, and what somebody sends too often or too long.
// Of other messages that are sent the place is that of any: it says nothing.
// An answer stands for what its handler has done.
func Accused(events []record.Event, subject deduce.Subject) (found []int) {
	if !slices.ContainsFunc(events, func(e record.Event) bool { return e.Where != "" }) {
		return nil
	}
	for _, b := range breachesIn(events, subject) {
		e := events[b.At]
		known := slices.ContainsFunc(found, func(at int) bool { return events[at].Where == e.Where && events[at].Kind == e.Kind })
		if e.Where != "" && !known && len(found) < mostAccused {
			found = append(found, b.At)
		}
	}
	if len(found) > 0 {
		return found
	}
	decisive := decisiveMessages(events, subject)
	for _, leads := range []func(e record.Event) bool{
		func(e record.Event) bool {
			return slices.Contains(subject.Peers, ActsIn(e)) && (e.Kind == record.Handled || subject.Costs())
		},
		func(e record.Event) bool { return e.Kind == record.Handled && e.Peer >= record.FirstClient },
		func(record.Event) bool { return subject.Costs() },
	} {
		for _, at := range slices.Backward(decisive) {
			if leads(events[at]) {
				return []int{at}
			}
		}
	}
	return nil
}

// decisiveMessages are requests that decide, and answers to such: a request counts where it arrives, but
// its handler tells more when it has returned.
func decisiveMessages(events []record.Event, subject deduce.Subject) (found []int) {
	arrived := map[call]bool{} // and decides
	last := map[call]int{}     // where a handler has returned
	for at, w := range deduce.Weights(events, subject) {
		e, decides := events[at], w == deduce.Decisive
		key := call{e.Peer, e.Other, e.N}
		switch e.Kind {
		case record.Delivered:
			arrived[key] = decides
			continue
		case record.Handled:
			decides = decides || arrived[key]
			last[key] = at
		case record.Replied: // it says what the handler has said
			if back, ok := last[key]; ok && decides && events[back].Where != "" {
				found = append(found, back)
			}
		}
		if decides && e.Where != "" {
			found = append(found, at)
		}
	}
	return found
}

// ActsIn is the peer in whose code an event of a message comes from: who sends, or who answers.
func ActsIn(e record.Event) int {
	if e.Kind == record.Sent {
		return e.Peer
	}
	return e.Other
}

// Does says in words what the code does with a message: "answers RequestVote of peer 1".
func Does(e record.Event) string {
	method := methodName(e.Method)
	if e.Kind == record.Sent {
		return "sends " + method + " to " + record.Who(e.Other)
	}
	return strings.TrimSpace("answers " + method + " of " + record.Who(e.Peer))
}
