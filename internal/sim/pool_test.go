package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// TestInterrupt: when the context ends, runs end at once, what has been done stays, and the pool
// can be used again.
func TestInterrupt(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	results := []Result{p.Run(ctx, miniJob(b, "pass", 1)), {}, {}, {}}
	var wg sync.WaitGroup
	for i := range results[1:] { // two that run, one that waits for a worker
		wg.Go(func() { results[1+i] = p.Run(ctx, miniJob(b, "endless copy", 1)) })
	}
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	cancel()
	wg.Wait()
	require.Less(t, time.Since(began), 5*time.Second)
	require.Equal(t, record.Pass, results[0].Verdict.Outcome)
	for _, r := range results[1:] {
		require.Equal(t, record.Inconclusive, r.Verdict.Outcome)
		require.Contains(t, r.Verdict.Message, "interrupted")
		require.False(t, r.Retried)
	}
	require.Equal(t, record.Pass, p.Run(context.Background(), miniJob(b, "pass", 1)).Verdict.Outcome)
}

func TestCloseWhileRunning(t *testing.T) {
	b := buildMini(t)
	p, err := NewPool(1)
	require.NoError(t, err)
	done := make(chan Result)
	go func() { done <- p.Run(context.Background(), miniJob(b, "endless copy", 1)) }()
	time.Sleep(200 * time.Millisecond)
	p.Close()
	r := <-done
	require.Equal(t, record.Inconclusive, r.Verdict.Outcome)
	require.Contains(t, r.Verdict.Message, "closed")
}

// TestFrameworkErrors: what is wrong with the engine itself is never blamed on the code under test.
func TestFrameworkErrors(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 1)
	gone := *b
	gone.Path, gone.ID = filepath.Join(t.TempDir(), "wasm", "gone.wasm"), "gone"
	junk := *b
	dir := t.TempDir()
	junk.Path, junk.ID = filepath.Join(dir, "wasm", "junk.wasm"), "junk"
	require.NoError(t, os.Mkdir(filepath.Join(dir, "wasm"), 0o755))
	require.NoError(t, os.WriteFile(junk.Path, []byte("not a module"), 0o644))
	for name, j := range map[string]Job{
		"no binary":       {},
		"missing binary":  miniJob(&gone, "pass", 1),
		"broken binary":   miniJob(&junk, "pass", 1),
		"nowhere to go":   {Binary: b, Test: "TestMini", Params: record.Params{Case: "pass"}, Trace: filepath.Join(dir, "no", "such", "dir")},
		"no memory to be": {Binary: b, Test: "TestMini", Params: record.Params{Case: "pass"}, MemoryLimit: -1},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.Run(context.Background(), j)
			require.Equal(t, record.FrameworkError, r.Verdict.Outcome, "%+v", r)
			require.NotEmpty(t, r.Verdict.Message)
			require.Equal(t, record.Pass, p.Run(context.Background(), miniJob(b, "pass", 1)).Verdict.Outcome)
		})
	}
}

// TestFiles: asking for a trace, for details and for the output changes nothing else.
func TestFiles(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 1)
	plain := p.Run(context.Background(), miniJob(b, "work", 3))
	j := miniJob(b, "work", 3)
	j.Trace, j.Output = filepath.Join(t.TempDir(), "trace"), filepath.Join(t.TempDir(), "out")
	j.Params.Detail, j.Env = true, []string{"PRINT=1"}
	r := p.Run(context.Background(), j)
	require.Equal(t, plain.Hash, r.Hash)
	require.Empty(t, r.Notes)

	f, err := os.Open(j.Trace)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for ; lines.Scan(); n++ {
		var e record.Event
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e), lines.Text())
		require.Equal(t, "detail of "+e.Text, e.Detail)
	}
	require.Equal(t, 302, n) // begin, 300 messages, a key

	out, err := os.ReadFile(j.Output)
	require.NoError(t, err)
	require.Regexp(t, `^ +0\.\d{6}s  \{map\[0:false 1:true\]|\{map\[`, string(out))
	require.Equal(t, 900, strings.Count(string(out), "\n"))
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	put("meminfo", "MemTotal: 16000 kB\nMemAvailable:    8000 kB\n")
	info, g := filepath.Join(dir, "meminfo"), controlGroups{dir, filepath.Join(dir, "self")}
	require.EqualValues(t, 8000<<10, availableMemory(info, g))
	require.Equal(t, runtime.NumCPU(), processors(g))
	put("cpu/cpu.cfs_quota_us", "50000\n")
	put("cpu/cpu.cfs_period_us", "100000\n")
	put("memory/memory.limit_in_bytes", "9223372036854771712\n")
	require.Equal(t, 1, processors(g))
	require.EqualValues(t, 8000<<10, availableMemory(info, g))
	put("memory/memory.limit_in_bytes", "5000000\n")
	put("memory/memory.usage_in_bytes", "1000000\n")
	require.EqualValues(t, 4000000, availableMemory(info, g))
	put("memory/memory.stat", "cache 999\ntotal_inactive_file 300000\n")
	require.EqualValues(t, 4300000, availableMemory(info, g), "files that were read make room")
	put("cpu.max", "max 100000\n")
	put("memory.max", "3000000\n")
	put("memory.current", "1000000\n")
	require.EqualValues(t, 2000000, availableMemory(info, g))
	require.Zero(t, availableMemory(filepath.Join(dir, "none"), controlGroups{t.TempDir(), "none"}))
	require.GreaterOrEqual(t, DefaultWorkers(), 1)
}

// A job of a cluster is in a group below others, and sees the whole machine at the root.
func TestLimitsOfTheOwnGroup(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	info, g := filepath.Join(dir, "none"), controlGroups{dir, filepath.Join(dir, "self")}
	put("self", "5:cpu,cpuacct:/slurm/job_7\n4:memory:/slurm/job_7/step\n1:cpuset:/other\n0::/user/scope\n")
	put("cpu/slurm/cpu.cfs_quota_us", "-1\n")
	put("cpu/slurm/job_7/cpu.cfs_quota_us", "100000\n")
	put("cpu/slurm/job_7/cpu.cfs_period_us", "100000\n")
	put("cpu/other/cpu.cfs_quota_us", "1\n")
	require.Equal(t, 1, processors(g))
	put("memory/slurm/job_7/memory.limit_in_bytes", "5000000\n")
	require.EqualValues(t, 5000000, availableMemory(info, g), "of the group around")
	put("memory/slurm/job_7/step/memory.limit_in_bytes", "4000000\n")
	require.EqualValues(t, 4000000, availableMemory(info, g))
	put("user/memory.max", "3000000\n")
	require.EqualValues(t, 3000000, availableMemory(info, g), "version 2")
	put("self", "4:memory:/../../elsewhere\n0::/\n") // as seen from another namespace
	require.Zero(t, availableMemory(info, g))
}

// A program that forgot WorkerMain would start workers that start workers, until the machine is
// full.
func TestNoPoolInAWorker(t *testing.T) {
	t.Setenv(workerEnv, "1")
	_, err := NewPool(1)
	require.ErrorContains(t, err, "WorkerMain")
}
