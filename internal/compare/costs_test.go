package compare

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/suite"
)

// costOf looks a cell of a report up.
type costOf func(peer, variant, metric string) Spread

// costs runs some variants of an experiment with one seed, on the reference and on etcd's library.
// It is measured in the engine, so it is what `raftlab compare` prints.
func costs(t *testing.T, name, settings string, wanted func(experiment.Variant) bool) costOf {
	x, err := experiment.Find(name)
	require.NoError(t, err)
	x.Variants = slices.DeleteFunc(x.Variants, func(v experiment.Variant) bool { return !wanted(v) })
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	o := Options{Seeds: []uint64{1}, Workers: 1, Settings: settings, Progress: func(s string) { t.Log(s) }}
	for _, impl := range both {
		code, err := suite.FindCode(root, false, impl, []string{"./raft"})
		require.NoError(t, err)
		build := code.Build("./raft")
		build.Native = true // the same runs, sooner (docs/engine.md)
		o.Subjects = append(o.Subjects, Subject{Name: impl, Build: build})
	}
	report, err := Run(t.Context(), x, o)
	require.NoError(t, err)
	return func(peer, variant, metric string) Spread {
		i := slices.IndexFunc(report.Rows, func(r Row) bool { return r.Peer == peer && r.Variant == variant })
		j := slices.IndexFunc(x.Metrics, func(m experiment.Metric) bool { return m.Name == metric })
		return report.Rows[i].Values[j]
	}
}

// both are the peers that are always compared.
var both = []string{suite.Reference, suite.EtcdRaft}

// What the reads experiment expects, where that is exact.
func TestWhatReadsCost(t *testing.T) {
	const peers, ops = 5, 320
	cost := costs(t, "reads", "peers=5,ops=320,clients=32", func(v experiment.Variant) bool { return v.Scene != "mixed" })
	for _, peer := range both {
		for _, scene := range []string{"alone", "crowd"} {
			for _, path := range []string{"index", "followerindex", "local"} {
				require.Zero(t, cost(peer, scene+"-"+path, "fsyncs").Median, "%s by %s on %s", scene, path, peer)
				require.Zero(t, cost(peer, scene+"-"+path, "disk bytes").Median, "%s by %s on %s", scene, path, peer)
			}
			require.Equal(t, 0.0, cost(peer, scene+"-log", "stale").Median)
			require.Positive(t, cost(peer, scene+"-log", "disk bytes").Median)
		}
		require.InDelta(t, peers, cost(peer, "alone-log", "fsyncs").Median, 0.1, "a read through the log is written by everyone")
		require.Less(t, cost(peer, "crowd-index", "RPCs").Median, (peers-1)/4.0, "concurrent reads share rounds")
	}
	require.InDelta(t, peers-1, cost(suite.Reference, "alone-index", "RPCs").Median, 0.05, "a round is a call to each of the others")

	// One heartbeat more or less per follower, as the windows of time fall.
	for _, variant := range []string{"alone-lease", "crowd-lease"} {
		require.InDelta(t, cost(suite.Reference, variant, "idle RPCs").Median, cost(suite.Reference, variant, "RPCs").Median,
			float64(peers)/ops, "a lease read costs no message")
		require.Zero(t, cost(suite.Reference, variant, "fsyncs").Median)
		require.Zero(t, cost(suite.Reference, variant, "disk bytes").Median)
		require.Equal(t, "no lease", cost(suite.EtcdRaft, variant, "p50").Short)
	}
}

// What the move experiment expects, where that is exact.
func TestWhatMovesCost(t *testing.T) {
	const peers, moves, kib = 3, 3, 100
	cost := costs(t, "move", "peers=3,moves=3", func(v experiment.Variant) bool {
		return v.Name == "log-empty" || strings.HasSuffix(v.Name, "-100KiB")
	})
	of := func(peer, variant, metric string) float64 { return cost(peer, variant, metric).Median }
	for _, peer := range both {
		for _, variant := range []string{"log-empty", "log-100KiB", "snapshots-100KiB"} {
			size := 0.0
			if variant != "log-empty" {
				size = kib
			}
			const overhead = 3 // KiB, of keys, sessions and the other five entries
			require.InDelta(t, size, of(peer, variant, "sent between"), overhead, "%s on %s: once from group to group", variant, peer)

			require.InDelta(t, (peers-1)*size, of(peer, variant, "sent inside"), peers*overhead, "%s on %s: once to each follower", variant, peer)

			// Entries: move at the controller; adopt and discard at the old owner; adopt, install
			// and settle at the new one.
			const entries = 6
			writes, snapshots := float64(entries*peers), 0.0
			if variant == "snapshots-100KiB" {
				writes, snapshots = writes+peers, 1
			}
			require.InDelta(t, writes, of(peer, variant, "fsyncs"), peers-1, "%s on %s", variant, peer)
			require.InDelta(t, peers*size*(1+snapshots), of(peer, variant, "written"), peers*2*overhead, "%s on %s", variant, peer)

			without, waiting, travel := of(peer, variant, "without service"), of(peer, variant, "waiting"), of(peer, variant, "travel")
			require.GreaterOrEqual(t, without, waiting+travel, "%s on %s", variant, peer)
			// A round trip and an entry with its writes take 12 ms. The reference may have to wait
			// for two writes of other entries, 2 ms each, because it holds its mutex through a
			// write.
			require.InDelta(t, 14.5, travel, 3.5, "%s on %s: a round trip, and an entry", variant, peer)
			require.Less(t, without, 200.0, "%s on %s", variant, peer)
			require.Greater(t, of(peer, variant, "user waits"), without, "%s on %s", variant, peer)
		}
		require.InDelta(t, moves*peers*kib, of(peer, "log-100KiB", "left over"), 20, "logs keep it, on %s", peer)
		require.Less(t, of(peer, "snapshots-100KiB", "left over"), 1.2*peers*kib, "the last snapshot of the old owner at most, on %s", peer)
	}
}
