//go:build unix

package disk

import (
	"os"
	"syscall"
)

func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// Full says whether err means that there is no space left.
func Full(err error) bool { return isOneOf(err, syscall.ENOSPC, syscall.EDQUOT) }
