package backedge

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"unsafe"
)

// count is the number of iterations since the guest was last idle. The host knows its address.
var count uint64

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
	count++
	if count > quiet {
		slow()
	}
}

//go:noinline
func slow() {
	if count > spinning {
		report() // does not return
	}
	if count%step == 0 {
		hostYield()
		runtime.Gosched()
	}
}

// report tells the host which loop it is: one line with the place and the count, then the stacks.
func report() {
	n := count
	text := "an unknown place"
	if _, file, line, ok := runtime.Caller(3); ok {
		text = file + ":" + strconv.Itoa(line)
	}
	if n >= accused {
		n = 0
	}
	buf := make([]byte, 64<<10)
	buf = buf[:runtime.Stack(buf, true)]
	text += "\n" + strconv.FormatUint(n, 10) + "\n" + string(buf)
	b := []byte(text)
	hostSpin(unsafe.Pointer(&b[0]), uint32(len(b)))
}
