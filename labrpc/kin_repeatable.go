//go:build wasip1 || raftlab_native

package labrpc

import _ "unsafe" // for go:linkname

// descend says from what the next timer of this goroutine descends, and whatever that timer starts.
// It is in the overlay of the Go runtime (internal/sim/overlay).
//
//go:linkname descend runtime.raftlab_descend
func descend(kin uint64)
