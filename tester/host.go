package tester

import (
	"slices"
	"sync/atomic"
	"time"

	"raftlab/internal/record"
)

// host is what is outside of a run: the engine, or the native process around it. Its methods are
// called one at a time, and must not block.
type host interface {
	// event takes one event of the trace. The event is valid during the call only. detail belongs
	// to it and is empty unless it was asked for.
	event(e *record.Event, detail string)

	// verdict takes the end of the run. It does not return where the run has a process of its
	// own, which then ends at once, whichever goroutine found the end and whatever locks it holds.
	verdict(v record.Verdict)
}

// pulse tells a watchdog outside of a bubble that a run is moving.
type pulse struct {
	events atomic.Int64 // how many events there have been
	now    atomic.Int64 // virtual time of the last one, nanoseconds
}

func (p *pulse) beat(now time.Duration) {
	p.events.Add(1)
	p.now.Store(int64(now))
}

// tailHost keeps the last events and the verdict of a run in the process that wants to know them.
type tailHost struct {
	pulse  pulse
	recent []record.Event // a ring, once it is full
	cast   []record.Event // starts that said what a server is, and are in the ring no more
	next   int
	total  record.Verdict
}

// recentEvents is how many events a native run keeps for the report of a failure.
const recentEvents = 4096

func (h *tailHost) event(e *record.Event, _ string) {
	h.pulse.beat(e.Time)
	if len(h.recent) < recentEvents {
		h.recent = append(h.recent, *e)
		return
	}
	if gone := h.recent[h.next]; gone.Kind == record.Start && gone.Text != "" {
		h.cast = append(h.cast, gone)
	}
	h.recent[h.next] = *e
	h.next = (h.next + 1) % recentEvents
}

// tail returns the last events, oldest first; and before them those that say what each server is.
func (h *tailHost) tail() []record.Event {
	return slices.Concat(h.cast, h.recent[h.next:], h.recent[:h.next])
}

func (h *tailHost) verdict(v record.Verdict) { h.total = v }
