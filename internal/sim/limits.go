package sim

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// workerMemory is what one worker may come to need, in bytes: a guest rarely touches more than
// half of its memory.
const workerMemory = 768 << 20

// DefaultWorkers is how many runs to do at once: one per processor, fewer where memory is short. In
// a container, or in a job of a cluster, its limits count, not the machine's.
func DefaultWorkers() int {
	workers := processors(groups)
	if memory := availableMemory("/proc/meminfo", groups); memory > 0 {
		workers = min(workers, int(memory/workerMemory))
	}
	return max(1, workers)
}

// controlGroups are where Linux says what a process may take. A container sees its own group at the
// root; without one, a process is told which group it is in, and the groups around that count as
// well.
type controlGroups struct {
	root string // where they are mounted
	self string // the file that says which groups this process is in
}

var groups = controlGroups{root: "/sys/fs/cgroup", self: "/proc/self/cgroup"}

// of are the directories of one controller, such as cpu: those of version 2, and those of version 1.
func (g controlGroups) of(controller string) (two, one []string) {
	two, one = []string{g.root}, []string{filepath.Join(g.root, controller)}
	for line := range strings.Lines(readText(g.self)) { // "4:cpu,cpuacct:/a/b", and "0::/a/b" of version 2
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		dirs := &one
		if f[0] == "0" && f[1] == "" {
			dirs = &two
		} else if !slices.Contains(strings.Split(f[1], ","), controller) {
			continue
		}
		for at := (*dirs)[0]; ; {
			var name string
			if name, f[2], _ = strings.Cut(strings.TrimPrefix(f[2], "/"), "/"); name == "" || name == ".." {
				break
			}
			at = filepath.Join(at, name)
			*dirs = append(*dirs, at)
		}
	}
	return two, one
}

// processors is the number of processors this process may use, rounded up.
func processors(g controlGroups) int {
	n := runtime.NumCPU()
	limited := func(quota, period int64) {
		if quota > 0 && period > 0 {
			n = min(n, int((quota+period-1)/period))
		}
	}
	two, one := g.of("cpu")
	for _, dir := range two {
		if f := strings.Fields(readText(filepath.Join(dir, "cpu.max"))); len(f) == 2 { // "200000 100000" or "max 100000"
			limited(number(f[0]), number(f[1]))
		}
	}
	for _, dir := range one {
		limited(number(readText(filepath.Join(dir, "cpu.cfs_quota_us"))), number(readText(filepath.Join(dir, "cpu.cfs_period_us"))))
	}
	return n
}

// availableMemory is how many bytes are free for this process, or 0 where nobody says.
func availableMemory(meminfo string, g controlGroups) int64 {
	free := number(strings.TrimSuffix(field(meminfo, "MemAvailable:"), " kB")) << 10
	limited := func(dir, limit, usage, cache string) {
		most := number(readText(filepath.Join(dir, limit)))
		if most <= 0 || most >= 1<<60 { // "max", or version 1's way to say so
			return
		}
		used := number(readText(filepath.Join(dir, usage)))
		used -= min(used, number(field(filepath.Join(dir, "memory.stat"), cache))) // files that go when there is need
		if left := max(most-used, 1); free == 0 || left < free {
			free = left
		}
	}
	two, one := g.of("memory")
	for _, dir := range two {
		limited(dir, "memory.max", "memory.current", "inactive_file ")
	}
	for _, dir := range one {
		limited(dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
	}
	return free
}

// field is what stands behind a name that a line of a file begins with, or "".
func field(file, name string) string {
	for line := range strings.Lines(readText(file)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
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
