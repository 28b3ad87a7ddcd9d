package model

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/record"
)

// Fault is something that happened to the service, for the picture: at one place in the order of
// events, or from one to another.
type Fault struct {
	What     string
	From, To int // places; equal for an instant
}

// FromTrace reads the operations of a run out of its trace, and what was done to the service
// meanwhile. Places are positions in the trace.
func FromTrace(events []record.Event) (ops []Op, faults []Fault, err error) {
	open := map[int]int{} // client -> position in ops
	for at, e := range events {
		client := e.Peer - record.FirstClient
		if !isOperation(e) {
			continue
		}
		switch e.Kind {
		case record.Invoke:
			op := Op{Client: client, Call: at, Begin: e.Time, Open: true}
			if err := op.parseQuestion(e.Method, e.Text); err != nil {
				return nil, nil, err
			}
			open[client] = len(ops)
			ops = append(ops, op)
		case record.Return:
			i, ok := open[client]
			if !ok {
				return nil, nil, fmt.Errorf("reading a trace: client %d returns from an operation that it never began", client)
			}
			delete(open, client)
			ops[i].Return, ops[i].End, ops[i].Open = at, e.Time, false
			if err := ops[i].parseAnswer(e.Text); err != nil {
				return nil, nil, err
			}
		}
	}
	oneDialect(ops)
	return ops, faultsIn(events), nil
}

// isOperation says whether e begins or ends an operation of a key/value service. Clients may have
// others, such as those of a lock.
func isOperation(e record.Event) bool {
	kind := Kind(e.Method)
	return kind == Get || kind == Put || kind == Append
}

// oneDialect mends operations whose texts are the same in both dialects.
func oneDialect(ops []Op) {
	if slices.ContainsFunc(ops, func(o Op) bool { return o.Dialect == Versioned }) {
		for i := range ops {
			ops[i].Dialect = Versioned
		}
	}
}

// Notes that begin so say that something is wrong with the service from here to the note that ends
// it, which names the same thing.
const (
	FaultBegins = "fault begins: "
	FaultEnds   = "fault ends: "
)

// faultsIn collects crashes, with the time until the restart, faults and other notes. Links that
// change one by one at the same instant are one fault.
func faultsIn(events []record.Event) []Fault {
	var faults []Fault
	down := map[int]int{}       // peer -> fault
	lasting := map[string]int{} // name -> fault
	for at := 0; at < len(events); at++ {
		e := events[at]
		switch e.Kind {
		case record.CrashPeer:
			down[e.Peer] = len(faults)
			faults = append(faults, Fault{fmt.Sprintf("server %d down", e.Peer), at, len(events)})
		case record.Restart:
			if i, ok := down[e.Peer]; ok {
				faults[i].To = at
				delete(down, e.Peer)
			}
		case record.Note:
			if what, ok := strings.CutPrefix(e.Text, FaultBegins); ok {
				lasting[what] = len(faults)
				faults = append(faults, Fault{what, at, len(events)})
				continue
			}
			if what, ok := strings.CutPrefix(e.Text, FaultEnds); ok {
				if i, ok := lasting[what]; ok {
					faults[i].To = at
					delete(lasting, what)
				}
				continue
			}
			faults = append(faults, Fault{e.Text, at, at})
		case record.State:
			if e.Leader {
				faults = append(faults, Fault{fmt.Sprintf("server %d leads term %d", e.Peer, e.Term), at, at})
			}
		case record.Cut, record.Heal:
			last := at
			var links []string
			for ; last < len(events) && events[last].Kind == e.Kind && events[last].Time == e.Time; last++ {
				links = append(links, fmt.Sprintf("%d->%d", events[last].Peer, events[last].Other))
			}
			faults = append(faults, Fault{string(e.Kind) + " " + strings.Join(links, " "), at, at})
			at = last - 1
		}
	}
	return faults
}
