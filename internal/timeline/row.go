package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// row is what one event, or a few that belong together, looks like.
type row struct {
	time   time.Duration
	kind   record.Kind
	peer   int // whose column it stands in, or record.None for across
	other  int // the other peer of a message, or record.None
	method string
	index  int // of an apply
	leader bool
	text   string
	detail string
	links  []link // of a cut or heal
	n      uint64 // which call from peer to other, of a message
	at     int    // position of the event
	brief  string // what a message says, the decisive first; "" if it is none of Raft's
	lost   string // why, of a message that was
}

// full is the text with the decoded arguments, if there are some.
func (r row) full() string { return strings.TrimSpace(r.text + " " + r.detail) }

// short is the text with what decides instead of all arguments.
func (r row) short() string {
	if r.brief == "" {
		return r.full()
	}
	return r.text + ": " + r.brief
}

// concerns says whether the row is about one of peers. What is about no peer concerns them all.
func (r row) concerns(peers []int) bool {
	if len(r.links) > 0 {
		return slices.ContainsFunc(r.links, func(l link) bool {
			return slices.Contains(peers, l.from) || slices.Contains(peers, l.to)
		})
	}
	return r.peer < 0 || slices.Contains(peers, r.peer)
}

// rowsOf turns events into rows. A message that arrives shows as sent, delivered and replied; that
// its handler returned is left out, because the reply says so. What happens to links at one instant
// shares a row. Who led and does not any more steps down.
func rowsOf(events []record.Event) []row {
	rows := make([]row, 0, len(events))
	net := newNetwork(events)
	said := briefs(events)
	leads := map[int]bool{}
	for i := 0; i < len(events); i++ {
		e := events[i]
		switch e.Kind {
		case record.Handled:
		case record.Cut, record.Heal:
			together := linksAt(events[i:])
			if links, text := net.change(together); len(links) > 0 {
				rows = append(rows, row{time: e.Time, kind: record.Cut, peer: record.None, other: record.None, links: links, text: text, at: i})
			}
			i += len(together) - 1
		default:
			if e.Kind == record.Start {
				net.start(e.Peer)
			}
			r := rowOf(e)
			r.at, r.brief = i, said[i]
			switch e.Kind {
			case record.State:
				if leads[e.Peer] && !e.Leader {
					r.text = "steps down, " + r.text
				}
				leads[e.Peer] = e.Leader
			case record.Start, record.CrashPeer:
				delete(leads, e.Peer)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

func rowOf(e record.Event) row {
	r := row{time: e.Time, kind: e.Kind, peer: e.Peer, other: e.Other, method: e.Method, index: e.Index,
		leader: e.Leader, n: e.N}
	if e.N > 0 { // of others it is the key for a scenario
		r.detail = e.Detail
	}
	name := plain.Line(methodName(e.Method), plain.MaxName)
	switch e.Kind {
	case record.Sent:
		r.text = fmt.Sprintf("-> %s %s", Name(e.Other), name)
	case record.Delivered:
		r.peer, r.other = e.Other, e.Peer
		r.text = fmt.Sprintf("<- %s %s", Name(e.Peer), name)
	case record.Replied:
		r.text = fmt.Sprintf("<- %s reply %s", Name(e.Other), name)
	case record.Dropped:
		r.lost = e.Text
		r.text = fmt.Sprintf("-> %s lost %s%s", Name(e.Other), name, parenthesised(e.Text))
	case record.CrashPeer:
		r.text = "CRASH" + parenthesised(e.Text)
	case record.Start, record.Restart:
		r.text = strings.ToUpper(string(e.Kind)) + parenthesised(e.Text)
	case record.State:
		r.text = fmt.Sprintf("term %d", e.Term)
		if e.Leader {
			r.text = fmt.Sprintf("leads term %d", e.Term)
		}
		r.text += parenthesised(e.Text)
	case record.Apply:
		r.text = strings.TrimSpace(fmt.Sprintf("apply %d %s", e.Index, e.Text))
	case record.Snapshot:
		r.text = strings.TrimSpace(fmt.Sprintf("snapshot to %d %s", e.Index, e.Text))
	case record.Violation:
		r.text = "VIOLATION: " + e.Text
		r.peer = record.None // it concerns the run, and needs the room
	case record.Note:
		r.text = e.Text
	case KindPrint:
		r.text = "> " + e.Text
	case record.Invoke:
		r.text = fmt.Sprintf("%s %s ...", name, e.Text)
	case record.Return:
		r.text = fmt.Sprintf("... %s: %s", name, cmp.Or(e.Text, `""`))
	default: // kinds to come
		r.text = strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, name, e.Text))
	}
	r.text, r.detail = plain.Line(r.text, plain.MaxText), plain.Line(r.detail, plain.MaxText)
	return r
}

// Name is the name of a peer or a client as [Peer] reads it: 2, or c3.
func Name(peer int) string { return record.PeerName(peer) }

// Peer is the inverse of the names by which peers and clients go in a timeline: "2" and "peer 2",
// "c3" and "client 3". The number that a client has in the trace, 1003, is taken as well.
func Peer(name string) (peer int, ok bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	first := 0
	for _, prefix := range []string{"client", "c", "peer"} {
		if rest, found := strings.CutPrefix(name, prefix); found {
			if name = strings.TrimSpace(rest); prefix != "peer" {
				first = record.FirstClient
			}
			break
		}
	}
	n, err := strconv.ParseUint(name, 10, 16)
	return first + int(n), err == nil
}

// methodName is "AppendEntries" of "Raft.AppendEntries".
func methodName(m string) string { return m[strings.LastIndexByte(m, '.')+1:] }

func parenthesised(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
