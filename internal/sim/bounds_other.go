//go:build !linux

package sim

import (
	"syscall"
	"time"
)

// limit does nothing here: only the time of the whole step is bounded.
func (b bounds) limit(int) {}

// familyTime is not known here.
func familyTime(int) time.Duration { return 0 }

// diesWithUs does nothing here: a worker ends when it sees the end of its input.
func diesWithUs() *syscall.SysProcAttr { return nil }
