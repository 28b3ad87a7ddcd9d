//go:build linux || darwin

package sim

import (
	"fmt"
	"syscall"
	"time"
)

// newGuestMemory reserves limit bytes of address space.
func newGuestMemory(limit int64) (*guestMemory, error) {
	const flags = syscall.MAP_ANON | syscall.MAP_PRIVATE | syscall.MAP_NORESERVE
	block, err := syscall.Mmap(-1, 0, int(limit), syscall.PROT_READ|syscall.PROT_WRITE, flags)
	if err != nil {
		return nil, fmt.Errorf("reserve %d MiB of memory for a run: %w", limit>>20, err)
	}
	useHugePages(block)
	return &guestMemory{limit: limit, block: block, free: func(b []byte) { syscall.Munmap(b) }}, nil
}

// processorTime is how much processor time this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
