package launch

import (
	"errors"
	"syscall"
)

// OwnGroup is for children that Ctrl-C must not reach: it is for the parent, which ends them in
// order.
func OwnGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Pause is not possible on Windows.
func (p *Process) Pause(bool) error {
	return errors.New("a process cannot be stopped and continued on Windows")
}
