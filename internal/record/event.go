package record

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is the kind of an event.
type Kind string

// The kinds of events. docs/trace.md says which fields each one sets.
const (
	Start     Kind = "start"     // a peer starts for the first time
	Restart   Kind = "restart"   // a peer starts again from what it had persisted
	CrashPeer Kind = "crash"     // a peer crashes
	Cut       Kind = "cut"       // messages from Peer to Other are lost from now on
	Heal      Kind = "heal"      // messages from Peer to Other arrive again
	Sent      Kind = "sent"      // Peer called Method at Other
	Delivered Kind = "delivered" // the request reached Other's handler
	Handled   Kind = "handled"   // the handler returned
	Dropped   Kind = "dropped"   // the request or the reply was lost; Text says why
	Replied   Kind = "replied"   // the reply reached the caller
	Apply     Kind = "apply"     // Peer delivered the entry at Index
	Snapshot  Kind = "snapshot"  // Peer was given, or delivered, a snapshot up to Index
	State     Kind = "state"     // Peer said its term, and whether it leads
	Invoke    Kind = "invoke"    // a client began an operation
	Return    Kind = "return"    // a client's operation ended
	Note      Kind = "note"      // the case says what it is doing
	Violation Kind = "violation" // a rule was broken
)

// None stands for "no peer" in Event.Peer and Event.Other.
const None = -1

// FirstClient is the number of client 0 in Event.Peer and Other, where peers count from 0.
const FirstClient = 1000

// Event is one line of the trace.
type Event struct {
	Time   time.Duration `json:"t"`           // virtual, since the case began, in nanoseconds
	Kind   Kind          `json:"k"`           //
	Peer   int           `json:"p"`           // the peer that acts, or None
	Other  int           `json:"q"`           // the other peer of a message or link, or None
	N      uint64        `json:"n,omitempty"` // the message's number on the edge Peer -> Other
	Method string        `json:"m,omitempty"` // "Raft.AppendEntries"
	Index  int           `json:"i,omitempty"`
	Term   int           `json:"term,omitempty"`
	Leader bool          `json:"leader,omitempty"`
	Text   string        `json:"s,omitempty"`
	// Detail holds decoded arguments. It is present on request only and not part of the trace hash.
	Detail string `json:"d,omitempty"`
	// Where is the place in the code that sent a request, or that answers it, and from where that was
	// called, as in "raftlab/raft/raft.go:12 (*Raft).send; raftlab/raft/raft.go:70 (*Raft).lead". It is
	// there if Detail is, and not part of the trace hash either.
	Where string `json:"w,omitempty"`
}

// Detailed is what goes with an event on request: its Detail and its Where, in one text.
func Detailed(detail, where string) string {
	if where == "" {
		return detail
	}
	return detail + "\n" + where
}

// AppendDetailed writes what [Detailed] has put together into a line that AppendJSON has made.
func AppendDetailed(line []byte, both string) []byte {
	detail, where := both, ""
	if at := strings.LastIndexByte(both, '\n'); at >= 0 {
		detail, where = both[:at], both[at+1:]
	}
	return appendField(appendField(line, "d", detail), "w", where)
}

func appendField(line []byte, name, text string) []byte {
	quoted, err := json.Marshal(text)
	if text == "" || err != nil || len(line) < 2 {
		return line
	}
	line = append(line[:len(line)-1], `,"`+name+`":`...)
	return append(append(line, quoted...), '}')
}

// AppendJSON appends the event as one JSON object, without Detail and without a line break. It is
// written by hand because it is called several times for every message of a run, inside the engine,
// where encoding/json costs ten times as much.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, `{"t":`...)
	b = strconv.AppendInt(b, int64(e.Time), 10)
	b = append(b, `,"k":`...)
	b = appendString(b, string(e.Kind))
	b = append(b, `,"p":`...)
	b = strconv.AppendInt(b, int64(e.Peer), 10)
	b = append(b, `,"q":`...)
	b = strconv.AppendInt(b, int64(e.Other), 10)
	if e.N != 0 {
		b = append(b, `,"n":`...)
		b = strconv.AppendUint(b, e.N, 10)
	}
	if e.Method != "" {
		b = append(b, `,"m":`...)
		b = appendString(b, e.Method)
	}
	if e.Index != 0 {
		b = append(b, `,"i":`...)
		b = strconv.AppendInt(b, int64(e.Index), 10)
	}
	if e.Term != 0 {
		b = append(b, `,"term":`...)
		b = strconv.AppendInt(b, int64(e.Term), 10)
	}
	if e.Leader {
		b = append(b, `,"leader":true`...)
	}
	if e.Text != "" {
		b = append(b, `,"s":`...)
		b = appendString(b, e.Text)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
