// Package shrink makes the smallest run that still breaks the same rule.
//
//	the run that fails --things.go--> faults, operations, messages lost, late, twice
//	                                      |
//	                  leave some out      v
//	        .----> scenario with the rest ---> code under test: the same rule broken?
//	        |                                  reference: passes?
//	        '---- both: go on with the rest; else: put them back
//
// It is delta debugging (Zeller and Hildebrandt, 2002): half of the things at once, then quarters,
// down to one at a time, until none of them can be left out by itself. A fault is left out together
// with its end. That the reference passes what is left keeps a step from being accepted that breaks
// the case, and not the code under test.
//
// Then smaller runs are looked for elsewhere (smaller.go): of few things from below, and from above in
// another order.
//
//   - [Things]: what there is to leave out, read off the trace of a run
//   - [Search]: the search
//   - [Result.Text]: the outcome as a scenario that reads as a story (story.go)
package shrink
