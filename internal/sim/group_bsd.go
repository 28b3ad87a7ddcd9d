//go:build unix && !linux

package sim

import "syscall"

// ownGroup is for a child process that starts others: they end together.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
