// Package peaks asks the Go runtime how much there has been of what is counted in a run, so that
// the limits can be compared with what honest code comes to (docs/engine.md, Floods).
package peaks

import "raftlab/internal/record"

// Now is what there has been so far. Outside the engines it is nothing, and in wasm the host knows
// some of it.
func Now() (p record.Peaks) {
	var n [10]uint64 // in the order of internal/sim/overlay/floods.go.txt
	read(&n)
	p.Goroutines, p.Timers, p.Turns, p.Writes, p.Printed = n[0], n[1], n[2], n[3], n[4]
	p.Rounds, p.Calls, p.TurnsInASecond, p.SetsInASecond, p.WaitsInASecond = n[5], n[6], n[7], n[8], n[9]
	return p
}
