//go:build wasip1 || raftlab_native

package process

import (
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"time"
	_ "unsafe" // for go:linkname

	"raftlab/internal/record"
	"raftlab/internal/yield"
)

// raftlab_reseed is in the overlay of the Go runtime (internal/sim/overlay).
//
//go:linkname raftlab_reseed runtime.raftlab_reseed
func raftlab_reseed(hash, selects, order, timers, program uint64)

//go:linkname raftlab_resalt runtime.raftlab_resalt
func raftlab_resalt(selects, order, timers, program uint64)

// Resalt draws what the Go runtime decides by chance from other numbers from now on.
func Resalt(p record.Params) {
	s := sha512.Sum512(fmt.Appendf(nil, "%s|%d|run|%d", p.Case, p.Seed, p.Salt))
	le := binary.LittleEndian
	yield.Begin(p.Seed, le.Uint64(s[40:]))
	raftlab_resalt(le.Uint64(s[8:]), le.Uint64(s[16:]), le.Uint64(s[24:]), le.Uint64(s[32:]))
}

// reseed makes all that the Go runtime draws from here on a function of the case and the seed,
// whatever was drawn while the process started. The run's first goroutine calls it. It sleeps for
// an instant, after which no other goroutine is waiting for its turn.
func reseed(p record.Params) {
	time.Sleep(time.Nanosecond)
	s := sha512.Sum512(fmt.Appendf(nil, "%s|%d|run", p.Case, p.Seed))
	le := binary.LittleEndian
	yield.Begin(p.Seed, le.Uint64(s[40:]))
	raftlab_reseed(le.Uint64(s[:]), le.Uint64(s[8:]), le.Uint64(s[16:]), le.Uint64(s[24:]), le.Uint64(s[32:]))
}
