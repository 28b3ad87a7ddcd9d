// Package trace follows one request through a cluster: each member notes, with the time, what it does with the request.
//
// No request has a number that a foreign peer would carry along. But its bytes travel unchanged: from the client's message into the
// proposal, with that into the log entry, into the messages between peers, whatever they are called, and into the log on disk. So a member is told what
// to look for, and looks into everything that passes. Members of one machine have one clock, so that their notes can be put in order.
package trace

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Event is something that a member did with the request.
type Event struct {
	At     time.Time `json:"at"`
	Member int       `json:"member"`
	What   string    `json:"what"`
}

// Applied is the last that a member does with a request.
const Applied = "applied"

// Recorder notes a member's events. The zero value looks for nothing, which costs next to nothing; nil is one that never does.
type Recorder struct {
	armed atomic.Bool

	mu     sync.Mutex
	member int
	needle []byte
	events []Event
}

// maxEvents bounds what is kept of one request.
const maxEvents = 500

// Arm has the recorder look for the bytes of a request from now on, and forget what it has noted. No bytes: it looks for nothing.
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
	r.note(now, format, args)
	return true
}

// Note notes something that the caller knows to concern the request.
func (r *Recorder) Note(format string, args ...any) {
	if !r.On() {
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(now, format, args)
}

func (r *Recorder) note(at time.Time, format string, args []any) {
	if len(r.events) < maxEvents {
		r.events = append(r.events, Event{at, r.member, fmt.Sprintf(format, args...)})
	}
}
