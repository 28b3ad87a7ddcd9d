// Package peaks asks the Go runtime how much there has been of what is counted in a run, so that
// the limits can be compared with what honest code comes to (docs/engine.md, Floods).
package peaks

import "raftlab/internal/record"

// Now is what there has been so far. Outside the engines it is nothing, and in wasm the host knows
// some of it.
func Now() (p record.Peaks) {
	read(&p.Goroutines, &p.Timers, &p.Turns, &p.Writes, &p.Printed, &p.Rounds, &p.Calls)
	return p
}
