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

// TestFloods: whatever there can be too much of has a count, and ends the run at the same point
// each time. The message says what was counted, the limit, and where.
func TestFloods(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	text, err := os.ReadFile(filepath.Join("testdata", "mini", "raft", "flood.go"))
	require.NoError(t, err)
	place := func(name string) string {
		before, _, found := strings.Cut(string(text), "// the "+name+"\n")
		require.True(t, found, name)
		return fmt.Sprint("at raft/flood.go:", 1+strings.Count(before, "\n"))
	}
	for _, c := range []struct {
		name    string
		outcome record.Outcome
		rule    string
		says    string
	}{
		{"goroutines", record.Flood, "too many goroutines", "50000 goroutines are alive"},
		{"goroutines of goroutines", record.Flood, "too many goroutines", "50000 goroutines are alive"},
		{"timers", record.Flood, "too many timers", "200000 timers are set"},
		{"goroutine after goroutine", record.BusyLoop, "busy loop", "took turns 2000001 times"},
		{"timer after timer", record.BusyLoop, "busy loop", "took turns 2000003 times"},
		{"turns", record.BusyLoop, "busy loop", "took turns 2000001 times"},
		{"pipe", record.BusyLoop, "busy loop", "took turns 2000001 times"},
		{"collections", record.Flood, "too many collections", "called 1001 times"},
		{"collections of much", record.Flood, "too many collections", "look at 2 GiB"},
		{"writes", record.Flood, "endless output", "1000001 times"},
		{"bytes", record.Flood, "endless output", "256 MiB"},
		{"prints", record.Flood, "endless output", "1000001 times"},
		{"waits by turns", record.Pass, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := miniJob(b, c.name, 1)
			j.MemoryLimit, j.Wall, j.CPU = 1<<30, 10*time.Minute, 2*time.Minute
			r := p.Run(context.Background(), j)
			t.Log(r.CPU, r.Virtual, r.GCs, r.Verdict.Message)
			require.Equal(t, c.outcome, r.Verdict.Outcome, r.Verdict.Message)
			require.Equal(t, c.rule, r.Verdict.Rule)
			require.Contains(t, r.Verdict.Message, c.says)
			if c.outcome != record.Pass {
				require.Contains(t, r.Verdict.Message, place(c.name))
				require.Contains(t, r.Verdict.Stack, "raft/flood.go:")
			}
			if c.name == "goroutines" {
				require.Equal(t, r.Hash, p.Run(context.Background(), j).Hash)
			}
		})
	}
}

// What the code under test prints itself ends no run, and changes no verdict.
func TestFloodsAreNotWhatIsPrinted(t *testing.T) {
	v, ok := flood([]string{"raft"}, "raftlab: too much: nothing 3\n")
	require.False(t, ok, v)
	v, ok = flood([]string{"raft"}, "\nraftlab: too much: bytes 7\n\n\nraftlab: too much: timers 9\n\ngoroutine 1 [running]:\nx()\n\traftlab/kvraft/a.go:3\n")
	require.True(t, ok)
	require.Equal(t, "too many timers", v.Rule)
	require.Contains(t, v.Message, "on behalf of the code under test")
	require.True(t, strings.HasPrefix(v.Stack, "goroutine 1"))
}
