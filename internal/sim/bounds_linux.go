package sim

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limit puts the limits on a process that has just started, and on those that it will start.
func (b bounds) limit(pid int) {
	seconds := uint64((b.cpu + time.Second - 1) / time.Second)
	unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds}, nil)
	// What a Go program reserves does not count here, what it uses does.
	unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: uint64(b.memory), Max: uint64(b.memory)}, nil)
	unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}

// diesWithUs makes a child process end when this one does, however that comes about.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// ownGroup is for a child process that starts others: they end together.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// familyTime is the processor time of a process and of those that it has started and that have
// ended. (One that has not has a limit of its own.)
func familyTime(pid int) (sum time.Duration) {
	stat := readText(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]) // the name may have spaces in it
	const first, last, tick = 11, 14, time.Second / 100
	for i := first; i <= last && i < len(fields); i++ {
		sum += time.Duration(number(fields[i])) * tick
	}
	return sum
}
