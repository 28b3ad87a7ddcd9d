package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// A guest that calls neither the host nor a loop that is watched is ended by the processor time it
// takes, once, and the pool goes on.
func TestProcessorTime(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 1)
	for _, name := range []string{"endless copy", "huge power"} {
		j := miniJob(b, name, 1)
		j.CPU = 500 * time.Millisecond
		began := time.Now()
		r := p.Run(context.Background(), j)
		require.Equal(t, record.Ungraded, r.Verdict.Outcome, "%s: %s", name, r.Verdict.Message)
		require.Contains(t, r.Verdict.Message, "500ms of processor time")
		require.GreaterOrEqual(t, r.CPU, j.CPU)
		require.False(t, r.Retried)
		require.Less(t, time.Since(began), j.Wall)
		require.Equal(t, record.Pass, p.Run(context.Background(), miniJob(b, "pass", 1)).Verdict.Outcome)
	}
}

// A run that gets on in virtual time may take more, up to a bound.
func TestAllowance(t *testing.T) {
	for virtual, want := range map[time.Duration]time.Duration{0: 20, 10 * time.Second: 25, time.Minute: 50, time.Hour: 60} {
		require.Equal(t, want*time.Second, allowance(20*time.Second, virtual), virtual)
	}
	j := miniJob(buildMini(t), "late copy", 1)
	j.CPU = 200 * time.Millisecond
	require.Contains(t, newPool(t, 1).Run(context.Background(), j).Verdict.Message, "600ms of processor time")
}

// Where a run does not even get processor time, the wall clock ends it, and that is no verdict
// either.
func TestWallClock(t *testing.T) {
	j := miniJob(buildMini(t), "endless copy", 1)
	j.Wall = 300 * time.Millisecond
	p := newPool(t, 1)
	r := p.Run(context.Background(), j)
	require.Equal(t, record.Ungraded, r.Verdict.Outcome)
	require.Contains(t, r.Verdict.Message, "wall-clock")
	require.Equal(t, record.Pass, p.Run(context.Background(), miniJob(j.Binary, "pass", 1)).Verdict.Outcome)
}

// A worker that somebody kills takes no run along.
func TestKilledWorker(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 1)
	want := p.Run(context.Background(), miniJob(b, "work", 1))
	w := <-p.slots
	require.NoError(t, w.cmd.Process.Kill())
	p.slots <- w
	r := p.Run(context.Background(), miniJob(b, "work", 1))
	require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
	require.Equal(t, want.Hash, r.Hash)
	require.True(t, r.Retried)
}

// A run whose process the system kills, for want of memory mostly, has no verdict, and no fault of
// the framework either. The system is asked to end that process first, and not the one that grades.
func TestKilledBySystem(t *testing.T) {
	j := miniJob(buildMini(t), "endless copy", 1)
	j.CPU, j.Wall = time.Minute, time.Minute
	w, err := startWorker()
	require.NoError(t, err)
	go func() {
		time.Sleep(time.Second)
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", w.cmd.Process.Pid)); err == nil {
			assert.Equal(t, "1000", strings.TrimSpace(string(text)))
		}
		w.cmd.Process.Kill()
	}()
	r, state := w.do(context.Background(), j)
	require.Equal(t, dead, state)
	if runtime.GOOS == "windows" {
		return // nobody says there what ended a process
	}
	require.Equal(t, record.Ungraded, r.Verdict.Outcome)
	require.Equal(t, KilledBySystem, r.Verdict.Rule)
}

// busyWorker starts a worker that computes and computes.
func busyWorker(t *testing.T) *worker {
	t.Helper()
	w, err := startWorker()
	require.NoError(t, err)
	j := miniJob(buildMini(t), "endless copy", 1)
	j.CPU = time.Minute
	require.NoError(t, json.NewEncoder(w.in).Encode(j))
	time.Sleep(time.Second)
	return w
}

// A worker ends when its input does, also in the middle of a run, and with one processor.
func TestWorkerSeesItsParentGo(t *testing.T) {
	t.Setenv("GOMAXPROCS", "1")
	w := busyWorker(t)
	began := time.Now()
	w.stop()
	require.Less(t, time.Since(began), 10*time.Second)
}

const parentEnv = "RAFTLAB_SIM_TEST_PARENT"

// A parent that is killed leaves no worker, and no native run.
func TestKilledParent(t *testing.T) {
	switch os.Getenv(parentEnv) {
	case "worker":
		fmt.Println("child", busyWorker(t).cmd.Process.Pid)
		select {}
	case "native run":
		child := exec.Command("sh", "-c", "echo child $$; exec sleep 600")
		child.Stdout = os.Stdout
		require.NoError(t, runGroup(context.Background(), time.Minute, child))
	}
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	buildMini(t)
	for _, kind := range []string{"worker", "native run"} {
		t.Run(kind, func(t *testing.T) {
			parent := exec.Command(os.Args[0], "-test.run=^TestKilledParent$")
			parent.Env = append(os.Environ(), parentEnv+"="+kind)
			out, err := parent.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, parent.Start())
			var pid int
			for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
				fmt.Sscanf(lines.Text(), "child %d", &pid)
			}
			require.NotZero(t, pid)
			require.NoError(t, parent.Process.Kill())
			parent.Process.Wait() // the pipe may outlive it
			require.Eventually(t, func() bool {
				status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
				return err != nil || strings.Contains(string(status), "State:\tZ")
			}, 10*time.Second, 50*time.Millisecond)
		})
	}
}

// Whoever sets the variable of workers by hand is told so.
func TestNoWorkerByHand(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerEnv+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "unset it")
}

// cacheWith is a cache of its own with a copy of b in it, but not of its machine code.
func cacheWith(t *testing.T, b *Binary) *Binary {
	t.Helper()
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	c := mustCache(t)
	text, err := os.ReadFile(b.Path)
	require.NoError(t, err)
	copied := *b
	copied.Path = c.wasm(b.ID)
	require.NoError(t, os.WriteFile(copied.Path, text, 0o644))
	return &copied
}
