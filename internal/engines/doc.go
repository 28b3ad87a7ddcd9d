// Package engines finds out whether the native engine makes the same runs as the wasm engine, on
// this machine and with this Go release. Where it does, code of one's own runs natively, for a
// fraction of the time.
//
//	Sample   a peer that does everything in which two engines might differ (odd/), on a few cases: for an installation
//	Compare  any runs, each in both engines; what has been compared is kept in a [Log], so that it can be interrupted
//	Table    a line for each group of runs: how many were equal, and what both engines took
//
// Two runs are equal if they have the same trace hash, which covers every event with its time, and
// the verdict.
package engines
