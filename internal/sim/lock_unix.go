//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sim

import (
	"os"
	"syscall"
)

// tryLock takes the lock on a file, until the file is closed or the process ends. It reports false
// if another has it.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
