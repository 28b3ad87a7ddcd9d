// Package trace follows one request through a cluster: each member notes, with the time, what it
// does with the request.
//
// No request has a number that a foreign peer would carry along. But its bytes travel unchanged:
// from the client's message into the proposal, with that into the log entry, into the messages
// between peers, whatever they are called, and into the log on disk. So a member is told what to
// look for, and looks into everything that passes. Members of one machine have one clock, so that
// their notes can be put in order.
package trace

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/internal/record"
)

// Event is something that a member did with the request.
type Event struct {
	At     time.Time `json:"at"`
	Member int       `json:"member"`
	What   string    `json:"what"`

	// Of messages, and of an entry that was applied: what the viewer of runs wants to know.
	Kind   record.Kind `json:"kind,omitempty"`
	Other  int         `json:"other,omitempty"`
	Method string      `json:"method,omitempty"`
	Index  int         `json:"index,omitempty"`
}

// Recorder notes a member's events. The zero value looks for nothing, which costs next to nothing;
// nil is one that never does.
type Recorder struct {
	armed atomic.Bool

	mu     sync.Mutex
	member int
	needle []byte
	events []Event
}

// maxEvents bounds what is kept of one request.
const maxEvents = 500

// Arm has the recorder look for the bytes of a request from now on, and forget what it has noted.
// No bytes: it looks for nothing.
func (r *Recorder) Arm(member int, needle []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.member, r.needle, r.events = member, bytes.Clone(needle), nil
	r.armed.Store(len(needle) > 0)
}

// Events are what has been noted.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// On says whether anything is looked for.
func (r *Recorder) On() bool { return r != nil && r.armed.Load() }

// See notes something if the request is among these bytes.
func (r *Recorder) See(in []byte, format string, args ...any) (seen bool) {
	if !r.On() {
		return false
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !bytes.Contains(in, r.needle) {
		return false
	}
	r.note(Event{At: now, What: fmt.Sprintf(format, args...)})
	return true
}

// Message is See for a request to or from another member, and its answer. The answer has no bytes
// to look into: a caller that has seen the request passes nil.
func (r *Recorder) Message(kind record.Kind, in []byte, other int, method string) (seen bool) {
	if !r.On() {
		return false
	}
	e := Event{At: time.Now(), Kind: kind, Other: other, Method: method}
	switch kind {
	case record.Sent:
		e.What = fmt.Sprintf("sends it to member %d: %s, %d bytes", other, method, len(in))
	case record.Delivered:
		e.What = fmt.Sprintf("hears it from member %d: %s", other, method)
	case record.Handled:
		e.What = fmt.Sprintf("answers member %d", other)
	case record.Replied:
		e.What = fmt.Sprintf("member %d has answered", other)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if in != nil && !bytes.Contains(in, r.needle) {
		return false
	}
	r.note(e)
	return true
}

// Applied is See for the last that a member does with a request.
func (r *Recorder) Applied(in []byte, index int) (seen bool) {
	if !r.On() {
		return false
	}
	e := Event{At: time.Now(), What: "applied", Kind: record.Apply, Index: index}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !bytes.Contains(in, r.needle) {
		return false
	}
	r.note(e)
	return true
}

func (r *Recorder) note(e Event) {
	if e.Member = r.member; len(r.events) < maxEvents {
		r.events = append(r.events, e)
	}
}
