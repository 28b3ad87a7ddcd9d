// Package model says what a key/value service may answer, and judges histories by it.
//
// A history is a list of operations, each with the moments at which its client began it and had the
// answer. It is linearizable if every operation can be given one instant between the two, so that a
// single copy of the data, doing them one after the other in the order of these instants, would
// have given the same answers:
//
//	client 0   |--- put x 1 ---|
//	client 1           |-- get x: 1 --|                 fine: put, then get
//	client 2                            |- get x: "" -| not fine: nobody has taken the 1 away
//
// An operation whose client died, or has no answer yet, or was answered ErrMaybe, is open to the
// end of the history: it may have happened at any time since it began, or not at all.
//
// Keys have nothing to do with each other, so each is judged alone. Finding an order is hard in
// general, but not where answers say enough, and there the judge needs no search and always comes
// to a verdict, however many operations overlap and however many have an unknown outcome:
//
//   - Versions tell the order of all writes (versions.go).
//   - Values that are unlike each other, in brackets where there are appends, list the writes that
//     led to them (refute.go, epochs.go).
//
// A verdict names the operations that contradict each other. For other histories, those in which
// one value is written twice, there is a search (equal.go). Equal writes can take each other's
// places and reads lead it, so that it finds its way where most writes are appends, whether or not
// the history is right. It has a budget nevertheless, since where puts of equal values abound a
// wrong answer may have to be looked for everywhere, and an answer for when that is used up:
// [Unknown], which proves nothing. (A time-out would not do: the checker runs inside the
// simulation, where time stands still while it computes.) The harness does not see in which order a
// service applies; what reads tell takes the place of that.
//
// What these judges find is compared with what porcupine (github.com/anishathalye/porcupine) finds,
// by thousands of small histories (exact_test.go, equal_test.go). Pictures of histories are
// porcupine's.
//
//   - op.go: [Op], and how it is written in a trace
//   - classic.go: Get, Put, Append; versioned.go: Get, Put on a condition
//   - refute.go, epochs.go, versions.go: verdicts without a search; equal.go, unsure.go: the search
//   - check.go: [Check]; explain.go: a violation in one line
//   - trace.go: the operations in the trace of a run
//   - picture.go: [Draw], porcupine's visualization
package model
