package timeline

import (
	"raftlab/internal/deduce"
	"raftlab/internal/record"
)

// KindPrint is the kind of an event that stands for a line that the code under test printed. It
// does not occur in traces.
const KindPrint record.Kind = "print"

// Class is a class of events that belong together for somebody who reads a run. The terminal and
// the page in the browser choose and draw events by their classes, so that both mean the same by a
// word.
type Class struct {
	Name  string `json:"name"`  // as in --only
	What  string `json:"what"`  // for people
	Mark  string `json:"mark"`  // one character that stands for it
	Style string `json:"style"` // how it is coloured: one of the names in the page's style sheet
}

// Classes are all classes. The order is that of a legend.
var Classes = []Class{
	{"votes", "RequestVote, PreVote and their answers", "v", "vote"},
	{"appends", "AppendEntries with entries", "a", "append"},
	{"heartbeats", "AppendEntries without entries", "h", "quiet"},
	{"snapshots", "snapshots taken, sent and installed", "s", "snapshot"},
	{"rpcs", "requests of services and their clients", "r", "rpc"},
	{"states", "what a peer says about its term and leadership", "t", "state"},
	{"applies", "entries applied", "*", "apply"},
	{"crashes", "starts, crashes and restarts", "X", "crash"},
	{"network", "links cut and healed", "~", "network"},
	{"clients", "operations of clients", "c", "client"},
	{"notes", "what the case says that it does", "-", "note"},
	{"prints", "what the code under test prints", ">", "print"},
	{"violations", "the rule that was broken", "!", "violation"},
}

// ClassOf returns the position in Classes of an event. r is the request that a message belongs to.
func ClassOf(e record.Event, r deduce.Request) int {
	name := "notes"
	switch e.Kind {
	case record.Sent, record.Delivered, record.Handled, record.Replied, record.Dropped:
		name = classOfRequest(r)
	case record.Start, record.Restart, record.CrashPeer:
		name = "crashes"
	case record.Cut, record.Heal:
		name = "network"
	case record.Apply:
		name = "applies"
	case record.Snapshot:
		name = "snapshots"
	case record.State:
		name = "states"
	case record.Invoke, record.Return:
		name = "clients"
	case record.Violation:
		name = "violations"
	case KindPrint:
		name = "prints"
	}
	for i, c := range Classes {
		if c.Name == name {
			return i
		}
	}
	return 0
}

func classOfRequest(r deduce.Request) string {
	switch {
	case r.RPC == deduce.Vote || r.RPC == deduce.PreVote:
		return "votes"
	case r.RPC == deduce.Append && len(r.Entries) == 0 && !r.More:
		return "heartbeats"
	case r.RPC == deduce.Append:
		return "appends"
	case r.RPC == deduce.Install:
		return "snapshots"
	}
	return "rpcs"
}
