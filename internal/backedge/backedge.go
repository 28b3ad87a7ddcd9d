// Package backedge counts the iterations of the loops in the code under test, so that the engine
// can tell a loop that never waits from one that is merely long.
//
// WebAssembly has no preemption: while one goroutine runs, nothing else does. A peer that polls a
// flag in a loop without sleeping would freeze the run for ever, although natively it merely wastes
// a processor. The engine therefore compiles the code under test with one call at the start of
// every loop body (and before every goto):
//
//	for !done {                         for !done { raftlab_backedge.Count();
//	    ...                  becomes        ...
//	}                                   }
//
// Loops that end soon, or wait now and then, never notice: below [quiet] iterations since the guest
// was last idle (all goroutines waiting) the call only counts. That matters, because a student who
// adds a loop that prints something must not thereby change the run.
//
//	iterations since idle   0 ............. quiet ................................. spinning
//	                        |  just count     |  every [step]: let others run,         |  verdict:
//	                        |                 |  and virtual time move by 1 ms         |  busy loop
//
// Functions are counted, too, each time that one begins ([Enter]): recursion computes for ever
// without a loop, and so does code of the standard library that calls a method of the code under
// test over and over. Below [endless] calls since the guest was last idle that only counts; there
// the run ends, at the function that was called last.
//
// The host zeroes the counters whenever the guest goes idle. It can also set one to [accused], when
// it has other evidence of a busy loop (endless reading of the clock; rounds, or calls, that stay
// below the limit each time, and go on for ever with hardly a pause): the next loop, or the next
// function, to come by then reports itself, which is how such a verdict gets a file and a line.
//
// Outside the engine the package does nothing.
package backedge

//lint:file-ignore U1000 only the engine's builds use these constants

const (
	// quiet is how many iterations are free: some 20 ms of processor time in the engine.
	quiet = 2_000_000
	// step is how many iterations are made between two yields beyond that. A power of two.
	step = 512
	// spinning is how many iterations without ever going idle make a busy loop: those of 12 seconds
	// of virtual time. The longest that a call to a dead server takes, and so the longest that a
	// peer may spin while it waits for an answer, is 7 seconds.
	spinning = quiet + 12_000*step
	// endless is how many calls of functions without ever going idle are a run without an end: some
	// seconds of processor time in the engine. A loop may make two dozen in each round before it is
	// found to spin.
	endless = 200_000_000
	// accused is the least value that only the host can have set.
	accused = 1 << 62
)
