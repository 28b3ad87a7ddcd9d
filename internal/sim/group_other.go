//go:build !unix

package sim

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends a process. What it has started ends by itself.
func killGroup(p *os.Process) { p.Kill() }
