package backedge

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"unsafe"
)

// count has the numbers of iterations, and of calls, since the guest was last idle. The host knows
// its address.
var count [2]uint64

// maxStack bounds a goroutine's stack, in bytes. Go's own limit, 1 GB, is more than the guest's
// memory: an endless recursion would look like a want of memory, and hide the function's name.
const maxStack = 16 << 20

//go:wasmimport raftlab watch
func hostWatch(counter uint32)

//go:wasmimport raftlab yield
func hostYield()

//go:wasmimport raftlab spin
func hostSpin(report unsafe.Pointer, length uint32)

func init() {
	debug.SetMaxStack(maxStack)
	hostWatch(uint32(uintptr(unsafe.Pointer(&count))))
}

// Count counts one iteration. It is small enough to be inlined.
func Count() {
	count[0]++
	if count[0] > quiet {
		slow()
	}
}

// Enter counts one call.
func Enter() {
	count[1]++
	if count[1] > endless {
		recursion()
	}
}

//go:noinline
func recursion() {
	report("the function at ", "was the last of "+strconv.FormatUint(count[1], 10)+" that were called") // does not return
}

//go:noinline
func slow() {
	if count[0] > spinning {
		report("the loop at ", rounds(count[0])) // does not return
	}
	if count[0]%step == 0 {
		hostYield()
		runtime.Gosched()
	}
}

// report tells the host which loop or function it is and what it has done, a line each, and then
// the stacks.
func report(what, deed string) {
	place := "an unknown place"
	if _, file, line, ok := runtime.Caller(3); ok {
		place = file + ":" + strconv.Itoa(line)
	}
	buf := make([]byte, 64<<10)
	buf = buf[:runtime.Stack(buf, true)]
	b := []byte(what + place + "\n" + deed + "\n" + string(buf))
	hostSpin(unsafe.Pointer(&b[0]), uint32(len(b)))
}
