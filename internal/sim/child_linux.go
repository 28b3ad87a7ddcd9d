package sim

import "syscall"

// diesWithUs makes a child process end when this one does, however that comes about.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
