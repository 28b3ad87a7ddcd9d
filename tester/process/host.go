//go:build !wasip1

package process

import (
	"slices"
	"sync/atomic"
	"time"

	"raftlab/internal/record"
)

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

func (h *tailHost) Event(e *record.Event, _ string) {
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

func (h *tailHost) Verdict(v record.Verdict) { h.total = v }
