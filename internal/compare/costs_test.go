package compare

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/suite"
)

// What the reads experiment expects, where that is exact. It is measured in the engine, so it is what
// `raftlab compare reads` prints.
func TestWhatReadsCost(t *testing.T) {
	const peers, ops = 5, 320
	x, err := experiment.Find("reads")
	require.NoError(t, err)
	x.Variants = slices.DeleteFunc(x.Variants, func(v experiment.Variant) bool { return v.Scene == "mixed" })
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	o := Options{Seeds: []uint64{1}, Workers: 1, Settings: "peers=5,ops=320,clients=32", Progress: func(s string) { t.Log(s) }}
	for _, impl := range []string{suite.Reference, suite.EtcdRaft} {
		code, err := suite.FindCode(root, false, impl, []string{"./raft"})
		require.NoError(t, err)
		o.Subjects = append(o.Subjects, Subject{Name: impl, Build: code.Build("./raft")})
	}
	report, err := Run(t.Context(), x, o)
	require.NoError(t, err)
	cost := func(peer, variant, metric string) Spread {
		i := slices.IndexFunc(report.Rows, func(r Row) bool { return r.Peer == peer && r.Variant == variant })
		j := slices.IndexFunc(x.Metrics, func(m experiment.Metric) bool { return m.Name == metric })
		return report.Rows[i].Values[j]
	}

	for _, peer := range []string{suite.Reference, suite.EtcdRaft} {
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
