package sim

import "syscall"

// useHugePages asks for large pages, since what a guest pays for page faults is a fifth of its
// processor time. It does no harm where the system has none to give.
func useHugePages(block []byte) { _ = syscall.Madvise(block, syscall.MADV_HUGEPAGE) }
