// Package watch is the watcher: it sees every message of a cluster's peers, every entry that they
// apply and every answer that they give to the harness, and judges them by the rules that hold in
// every run.
//
//		labrpc  -- messages -->  Message   checks.go: terms, votes, leaders
//		tester  -- applies  -->  Apply     apply.go: commands, snapshots, their order
//		tester  -- answers  -->  Said, Accepted
//		                            |
//		                            v
//		                           Run     events, and violations
//
//	  - checks.go: what messages and answers prove; life.go: a peer from start to crash
//	  - apply.go: what peers apply; contract.go: what the contract of a year changes in that
//	  - shapes.go: which RPC of the paper a message is, whatever its fields are called
//	  - earned.go: what a pass needs at least
//	  - flood.go: senders that go round in circles
//	  - detail.go: what is in a message, for the trace
//
// It never calls the code under test, and never calls methods of values that come from there.
package watch

import (
	"time"

	"raftlab/internal/record"
	"raftlab/tester/rules"
)

// Run is what the watcher needs of the run that it watches. Its methods may be called with locks of
// the code under test held, so they neither block nor panic.
type Run interface {
	// Now is the virtual time since the case began.
	Now() time.Duration
	// Emit adds an event to the trace. detail belongs to it, and may be empty.
	Emit(ev record.Event, detail string)
	// Violate ends the run because a rule was broken.
	Violate(v rules.Violation)
	// NotChecked notes that a rule cannot be checked with these peers, and why.
	NotChecked(rule rules.Rule, why string)
	// Count adds to the requests and bytes that the run has seen.
	Count(rpcs, bytes int)
}

// settleTime is how long after a restart a peer's answers are not yet held against its past.
const settleTime = 100 * time.Millisecond
