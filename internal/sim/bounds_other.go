//go:build !linux

package sim

import "syscall"

// limit does nothing here: only the time of the whole step is bounded.
func (b bounds) limit(int) {}

// diesWithUs does nothing here: a worker ends when it sees the end of its input.
func diesWithUs() *syscall.SysProcAttr { return nil }
