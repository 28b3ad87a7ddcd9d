package tester

import (
	"fmt"
	"time"

	"raftlab/internal/record"
)

// watched is a run as its watcher knows it (watch.Run).
type watched struct{ r *run }

func (w watched) Now() time.Duration                  { return w.r.now() }
func (w watched) Emit(ev record.Event, detail string) { w.r.emit(ev, detail) }
func (w watched) Violate(v Violation)                 { w.r.violate(v) }
func (w watched) NotChecked(rule Rule, why string)    { w.r.skipped(rule, why) }

// sentBytes is how many bytes a run may send, and messageBytes how many a message may have. The
// network copies each, so what is sent without end would otherwise end by the processor time or the
// memory that it takes.
const (
	sentBytes    = 2 << 30
	messageBytes = 64 << 20
)

func (w watched) Count(rpcs, bytes int) {
	w.r.mu.Lock()
	w.r.rpcs += rpcs
	w.r.bytes += int64(bytes)
	all := w.r.bytes
	w.r.mu.Unlock()
	if bytes > messageBytes {
		w.r.violate(Violation{Rule: RuleTooManyBytes, Message: fmt.Sprintf("a message has %d bytes, and one may have %d", bytes, messageBytes)})
	}
	if all > sentBytes {
		w.r.violate(Violation{Rule: RuleTooManyBytes, Message: fmt.Sprintf(
			"%d bytes were sent, and a run may send %d; the last message had %d. Is everything sent again and again?", all, sentBytes, bytes)})
	}
}

// NotChecked notes that a rule could not be checked, because the code under test cannot be given
// what the case needs for it. That is no failure; the summary lists the rule as not checked.
func (e *Env) NotChecked(rule Rule, why string) {
	e.Note("not checked: %s: %s", rule, why)
	e.r.skipped(rule, why)
}

// countQuorums is false in tests whose peers play no Raft.
var countQuorums = true

// checkEarned ends the run if a case that has passed in all other respects did not earn it.
func (r *run) checkEarned() (earned bool) {
	if !countQuorums {
		return true
	}
	for _, c := range r.clusters {
		if v, found := c.checks.NotEarned(); found {
			r.violate(v)
			return false
		}
	}
	return true
}
