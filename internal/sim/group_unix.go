//go:build unix

package sim

import (
	"os"
	"syscall"
)

// killGroup ends a process that began with ownGroup, and all that it has started.
func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
