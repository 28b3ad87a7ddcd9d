package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

func TestMain(m *testing.M) {
	WorkerMain()
	os.Exit(m.Run())
}

// miniBuild is the build of the small guest in testdata, with the repository's own record and
// backedge.
func miniBuild(t testing.TB) Build {
	t.Helper()
	edits := map[string][]byte{}
	for _, dir := range []string{"record", "backedge", "globals", "yield"} {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		require.NoError(t, err)
		for _, name := range files {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			edits["internal/"+dir+"/"+filepath.Base(name)] = text
		}
	}
	return Build{Framework: filepath.Join("testdata", "mini"), Package: "./raft", Edits: edits}
}

func buildMini(t testing.TB) *Binary {
	t.Helper()
	b, err := miniBuild(t).Binary(context.Background(), func(what string) { t.Log(what) })
	require.NoError(t, err)
	require.Empty(t, b.Notes)
	return b
}

func miniJob(b *Binary, name string, seed uint64) Job {
	return Job{Binary: b, Test: "TestMini", Params: record.Params{Case: name, Seed: seed}, MemoryLimit: 128 << 20, Wall: 10 * time.Minute}
}

func newPool(t testing.TB, workers int) *Pool {
	p, err := NewPool(workers)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// TestOutcomes provokes every way in which a run can end.
func TestOutcomes(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	text, err := os.ReadFile(filepath.Join("testdata", "mini", "raft", "raft.go"))
	require.NoError(t, err)
	line := func(mark string) string { // of the loop that a comment marks
		before, _, found := strings.Cut(string(text), "// "+mark+"\n")
		require.True(t, found)
		return fmt.Sprint("raft/raft.go:", 1+strings.Count(before, "\n"))
	}
	for _, c := range []struct {
		name    string
		outcome record.Outcome
		says    string // part of the message
		stack   string // part of the stack
	}{
		{"pass", record.Pass, "", ""},
		{"fail", record.Fail, "as told", ""},
		{"exit 0", record.Crash, "exit code 0", ""},
		{"exit 1", record.Crash, "exit code 1", ""},
		{"panic", record.Crash, "panic: assignment to entry in nil map", "raft.go:"},
		{"panic elsewhere", record.Crash, "panic: elsewhere", "raft.go:"},
		{"print verdict", record.Fail, "failed all the same", ""},
		{"print panic", record.Pass, "", ""},
		{"closed channel", record.Crash, "close of closed channel", "raft.go:"},
		{"deadlock", record.Stuck, "wait for each other", "raft.go:"},
		{"recursion", record.Crash, "stack overflow", "raft.deep"},
		{"memory", record.OutOfMemory, "128 MiB", "raft.go:"},
		{"empty loop", record.BusyLoop, line("the empty loop") + " went round 8144001 times", "raft.init"},
		{"goto", record.BusyLoop, line("the goto"), ""},
		{"endless reads", record.BusyLoop, "the function at raftlab/" + line("the endless reads") + " was the last of 200000001 that were called", ""},
		{"recursion without end", record.BusyLoop, "the function at raftlab/" + line("the recursion without end"), "raft.tree"},
		{"garbage", record.Flood, "thrown away 101 times in the middle of work, and a run may do so 100 times; the last allocation was at " + line("the garbage"), ""},
		{"clock", record.BusyLoop, line("the clock"), ""},
		{"clock, no loop", record.BusyLoop, "reads the clock", ""},
		{"tiny sleeps", record.BusyLoop, "a run may wait 200000 times at once, and 50000 times more in each second of virtual time; one that waits over and over is at " + line("the tiny sleeps"), ""},
		{"polls", record.Pass, "", ""},
		{"signals", record.Pass, "", ""},
		{"waits by the clock", record.Pass, "", ""},
		{"reads the clock at one instant", record.Pass, "", ""},
		{"waits until the deadline is past", record.Pass, "", ""},
		{"harness crashes", record.FrameworkError, "the harness crashed: panic: harness", "tester.go:"},
		{"verdict without secret", record.Tampering, "other than the harness", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := p.Run(context.Background(), miniJob(b, c.name, 1))
			t.Log(r.CPU, r.Virtual, r.GCs, r.Verdict.Message)
			require.Equal(t, c.outcome, r.Verdict.Outcome, r.Verdict.Message)
			require.Contains(t, r.Verdict.Message, c.says)
			require.Contains(t, r.Verdict.Stack, c.stack)
			require.Empty(t, r.Verdict.Secret)
			require.Len(t, r.Hash, 32)
		})
	}
}
