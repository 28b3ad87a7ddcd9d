//go:build !linux

package sim

import "syscall"

// diesWithUs does nothing here: a worker ends when it sees the end of its input.
func diesWithUs() *syscall.SysProcAttr { return nil }
