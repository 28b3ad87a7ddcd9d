package compare

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// A trial that has ended is known to the next command, with the same source, settings and seed; one
// that has failed is not.
func TestLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "compare.jsonl")
	x := experiment.Experiment{Metrics: []experiment.Metric{{Name: "wait"}, {Name: "commits"}}}
	at := func(source, set string, seed uint64) *trial {
		return &trial{experiment: x, point: experiment.Point{Set: set}, seed: seed,
			job: sim.Job{Binary: &sim.Binary{Source: source}, Params: record.Params{Case: "x/y"}}}
	}
	l, err := OpenLog(path)
	require.NoError(t, err)
	one, failed := at("a", "rtt=1ms", 1), at("a", "rtt=1ms", 2)
	require.False(t, l.recall(one))
	one.values, one.hash = values("wait", 3, "commits", 4), "h"
	l.keep(one)
	failed.without(failedTrial, os.ErrClosed)
	l.keep(failed)
	require.NoError(t, l.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, `{"trial": "cut o`...), 0o644))

	l, err = OpenLog(path)
	require.NoError(t, err)
	defer l.Close()
	again := at("a", "rtt=1ms", 1)
	require.True(t, l.recall(again))
	require.Equal(t, one.values, again.values)
	require.Equal(t, "h", again.hash)
	for _, other := range []*trial{at("b", "rtt=1ms", 1), at("a", "rtt=2ms", 1), at("a", "rtt=1ms", 2)} {
		require.False(t, l.recall(other))
	}
	require.False(t, (*Log)(nil).recall(one))
}
