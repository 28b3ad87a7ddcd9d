//go:build raftlab_native && !wasip1

package backedge

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
	_ "unsafe" // for go:linkname
)

// count has the numbers of iterations, and of calls, since the bubble was last idle. The Go
// runtime's overlay zeroes it.
var count [2]uint64

// maxStack bounds a goroutine's stack, in bytes, as in the wasm engine.
const maxStack = 16 << 20

//go:linkname raftlab_watch runtime.raftlab_watch
func raftlab_watch(counters *[2]uint64)

//go:linkname raftlab_loop runtime.raftlab_loop
func raftlab_loop()

//go:linkname raftlab_charge runtime.raftlab_charge
func raftlab_charge() (why string, now int64)

var onSpin func(message, stacks string, at time.Duration)

// OnSpin registers what ends the run when a loop never waits, or calls have no end. message says
// which.
func OnSpin(f func(message, stacks string, at time.Duration)) { onSpin = f }

func init() {
	debug.SetMaxStack(maxStack)
	raftlab_watch(&count)
}

// Count counts one iteration. Under the race detector it is not looked at: one goroutine runs at a
// time.
//
//go:norace
func Count() {
	count[0]++
	if count[0] > quiet {
		slow()
	}
}

// Enter counts one call.
//
//go:norace
func Enter() {
	count[1]++
	if count[1] > endless {
		recursion()
	}
}

//go:noinline
//go:norace
func recursion() {
	if onSpin != nil {
		report("the function at ", "was the last of "+strconv.FormatUint(count[1], 10)+" that were called") // does not return
	}
}

//go:noinline
//go:norace
func slow() {
	if count[0] > spinning && onSpin != nil {
		report("the loop at ", rounds(count[0])) // does not return
	}
	if count[0]%step == 0 {
		raftlab_loop()
		runtime.Gosched()
	}
}

// report says which loop or function it is, and what it has done.
//
//go:norace
func report(what, deed string) {
	place := "an unknown place"
	if _, file, line, ok := runtime.Caller(3); ok {
		place = file + ":" + strconv.Itoa(line)
	}
	buf := make([]byte, 64<<10)
	buf = buf[:runtime.Stack(buf, true)]
	why, now := raftlab_charge()
	if why == "" {
		why = deed + ", and nothing ever waited"
	}
	onSpin(what+place+" "+why, string(buf), time.Duration(now))
}
