package sim

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// newGuestMemory reserves and commits limit bytes; Windows, too, supplies pages as they are
// touched.
func newGuestMemory(limit int64) (*guestMemory, error) {
	at, err := windows.VirtualAlloc(0, uintptr(limit), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, fmt.Errorf("reserve %d MiB of memory for a run: %w", limit>>20, err)
	}
	// The block is not Go memory, so the collector does not mind the number becoming a pointer.
	block := unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), limit)
	return &guestMemory{limit: limit, block: block, free: func([]byte) {
		windows.VirtualFree(at, 0, windows.MEM_RELEASE)
	}}, nil
}

// processorTime is how much processor time this process has used.
func processorTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user) != nil {
		return 0
	}
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration((ticks(kernel) + ticks(user)) * 100)
}
