//go:build unix

package launch

import "syscall"

// OwnGroup is for children that Ctrl-C must not reach: it is for the parent, which ends them in
// order.
func OwnGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// Pause stops a process in its tracks, or lets it go on.
func (p *Process) Pause(yes bool) error {
	if yes {
		return p.cmd.Process.Signal(syscall.SIGSTOP)
	}
	return p.cmd.Process.Signal(syscall.SIGCONT)
}
