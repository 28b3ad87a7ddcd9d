package sim

import "github.com/tetratelabs/wazero/experimental"

// guestMemory hands out the linear memory of one instance: the whole of it is reserved once, and
// the operating system supplies zero pages as they are touched. Growing costs nothing (wazero's own
// allocator copies), and a fresh instance does not clear a gigabyte.
type guestMemory struct {
	limit  int64  // bytes
	block  []byte // reserved, len == limit
	denied bool   // the guest asked for more than limit
	peak   int64  // bytes the guest grew to
	free   func([]byte)
	last   func([]byte) // looks at it before it is gone, if not nil
}

// Allocate implements [experimental.MemoryAllocator]. wazero calls it once per instance; both
// arguments are about the module's own limits and wider than ours.
func (m *guestMemory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements [experimental.LinearMemory]. Returning nil makes memory.grow fail in the
// guest.
func (m *guestMemory) Reallocate(size uint64) []byte {
	if size > uint64(m.limit) {
		m.denied = true
		return nil
	}
	m.peak = int64(size)
	return m.block[:size]
}

// Free implements [experimental.LinearMemory].
func (m *guestMemory) Free() {
	if m.block != nil {
		if m.last != nil {
			m.last(m.block)
		}
		m.free(m.block)
		m.block = nil
	}
}
