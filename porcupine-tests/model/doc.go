// Package model says what a key/value service may answer, and judges histories by it.
//
// A history is a list of operations, each with the moments at which its client began it and had the
// answer. It is linearizable if every operation can be given one instant between the two, so that
// a single copy of the data, doing them one after the other in the order of these instants, would have
// given the same answers:
//
//	client 0   |--- put x 1 ---|
//	client 1           |-- get x: 1 --|                 fine: put, then get
//	client 2                            |- get x: "" -| not fine: nobody has taken the 1 away
//
// An operation whose client died, or has no answer yet, or was answered ErrMaybe, is open to the end of
// the history: it may have happened at any time since it began, or not at all.
//
// Keys have nothing to do with each other, so each is judged alone; the checker is porcupine
// (github.com/anishathalye/porcupine). Finding an order is hard in the worst case, so it has a budget of
// steps, and an answer for when that is used up: [Unknown], which proves nothing. (A time-out
// would not do: the checker runs inside the simulation, where time stands still while it computes.)
//
// The search is quick while few operations on a key overlap, and grows exponentially with those that do.
// So a workload keeps the number of clients that use one key at a time low (up to ten or so), and each
// operation of unknown outcome counts as one more client for the rest of the history.
//
// Contradictions that need no search are looked for first, at a cost that grows with the size of the history: they are
// found however many operations overlap.
//
//   - op.go: [Op], and how it is written in a trace
//   - classic.go: Get, Put, Append; versioned.go: Get, Put on a condition
//   - refute.go: contradictions between values that list their own past; versions.go: between versions
//   - check.go: [Check]; explain.go: a violation in one line
//   - trace.go: the operations in the trace of a run
//   - picture.go: [Draw], porcupine's visualization
package model
