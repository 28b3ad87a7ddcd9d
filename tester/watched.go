package tester

import (
	"time"

	"raftlab/internal/record"
)

// watched is a run as its watcher knows it (watch.Run).
type watched struct{ r *run }

func (w watched) Now() time.Duration                  { return w.r.now() }
func (w watched) Emit(ev record.Event, detail string) { w.r.emit(ev, detail) }
func (w watched) Violate(v Violation)                 { w.r.violate(v) }
func (w watched) NotChecked(rule Rule)                { w.r.skipped(rule) }

func (w watched) Count(rpcs, bytes int) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.rpcs += rpcs
	w.r.bytes += int64(bytes)
}

// NotChecked notes that a rule could not be checked, because the code under test cannot be given
// what the case needs for it. That is no failure; the summary lists the rule as not checked.
func (e *Env) NotChecked(rule Rule, why string) {
	e.Note("not checked: %s: %s", rule, why)
	e.r.skipped(rule)
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
