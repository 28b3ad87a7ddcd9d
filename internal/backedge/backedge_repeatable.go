//go:build raftlab_native && !wasip1

package backedge

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
	_ "unsafe" // for go:linkname
)

// count is the number of iterations since the bubble was last idle. The Go runtime's overlay zeroes it.
var count uint64

// maxStack bounds a goroutine's stack, in bytes, as in the wasm engine.
const maxStack = 16 << 20

//go:linkname raftlab_watch runtime.raftlab_watch
func raftlab_watch(counter *uint64)

//go:linkname raftlab_loop runtime.raftlab_loop
func raftlab_loop()

//go:linkname raftlab_charge runtime.raftlab_charge
func raftlab_charge() (why string, now int64)

var onSpin func(place string, rounds uint64, why, stacks string, at time.Duration)

// OnSpin registers what ends the run when a loop never waits.
func OnSpin(f func(place string, rounds uint64, why, stacks string, at time.Duration)) { onSpin = f }

func init() {
	debug.SetMaxStack(maxStack)
	raftlab_watch(&count)
}

// Count counts one iteration. Under the race detector it is not looked at: one goroutine runs at a time.
//
//go:norace
func Count() {
	count++
	if count > quiet {
		slow()
	}
}

//go:noinline
//go:norace
func slow() {
	if count > spinning && onSpin != nil {
		report() // does not return
	}
	if count%step == 0 {
		raftlab_loop()
		runtime.Gosched()
	}
}

// report says which loop it is.
//
//go:norace
func report() {
	n := count
	place := "an unknown place"
	if _, file, line, ok := runtime.Caller(3); ok {
		place = file + ":" + strconv.Itoa(line)
	}
	if n >= accused {
		n = 0
	}
	buf := make([]byte, 64<<10)
	buf = buf[:runtime.Stack(buf, true)]
	why, now := raftlab_charge()
	onSpin(place, n, why, string(buf), time.Duration(now))
}
