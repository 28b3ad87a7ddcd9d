package sim

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// workerMemory is what one worker may come to need, in bytes: a guest rarely touches more than
// half of its memory.
const workerMemory = 768 << 20

// cgroups is where Linux says what a container may take.
const cgroups = "/sys/fs/cgroup"

// DefaultWorkers is how many runs to do at once: one per processor, fewer where memory is short. In
// a container its limits count, not the machine's.
func DefaultWorkers() int {
	workers := processors(cgroups)
	if memory := availableMemory("/proc/meminfo", cgroups); memory > 0 {
		workers = min(workers, int(memory/workerMemory))
	}
	return max(1, workers)
}

// processors is the number of processors this process may use, rounded up.
func processors(cgroup string) int {
	n := runtime.NumCPU()
	quota, period := int64(0), int64(0)
	if f := strings.Fields(readText(filepath.Join(cgroup, "cpu.max"))); len(f) == 2 { // version 2: "200000 100000" or "max 100000"
		quota, period = number(f[0]), number(f[1])
	} else { // version 1
		quota = number(readText(filepath.Join(cgroup, "cpu", "cpu.cfs_quota_us")))
		period = number(readText(filepath.Join(cgroup, "cpu", "cpu.cfs_period_us")))
	}
	if quota > 0 && period > 0 {
		n = min(n, int((quota+period-1)/period))
	}
	return n
}

// availableMemory is how many bytes are free for this process, or 0 where nobody says.
func availableMemory(meminfo, cgroup string) int64 {
	var free int64
	for line := range strings.Lines(readText(meminfo)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			free = number(strings.TrimSuffix(strings.TrimSpace(rest), " kB")) << 10
		}
	}
	for _, files := range [][2]string{
		{"memory.max", "memory.current"},                                 // version 2
		{"memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"}, // version 1
	} {
		limit := number(readText(filepath.Join(cgroup, files[0])))
		if limit <= 0 || limit >= 1<<60 { // "max", or version 1's way to say so
			continue
		}
		left := max(limit-number(readText(filepath.Join(cgroup, files[1]))), 1)
		if free == 0 || left < free {
			free = left
		}
	}
	return free
}

func readText(name string) string {
	text, _ := os.ReadFile(name)
	return strings.TrimSpace(string(text))
}

// number returns the number that s is, or 0.
func number(s string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n
}
