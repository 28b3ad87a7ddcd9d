package compare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/compare/experiment"
)

func TestSpread(t *testing.T) {
	s := spreadOf([]float64{5, 1, 3})
	require.Equal(t, Spread{Median: 3, Least: 1, Most: 5, All: []float64{5, 1, 3}}, s)
	require.Equal(t, 2.5, spreadOf([]float64{4, 1, 3, 2}).Median)
	require.Equal(t, "3 (1-5)", s.cell())
	require.Equal(t, "7", spreadOf([]float64{7, 7}).cell(), "nothing to say about the spread")
	require.Equal(t, "0.3 (0-123)", Spread{Median: 0.3, Most: 123.4}.cell())
}

// Trials come subject by subject; rows have the subjects beside each other.
func TestReport(t *testing.T) {
	x := experiment.Experiment{
		Name: "x", Settings: []experiment.Setting{{Name: "peers", Default: "5"}, {Name: "for", Default: "1s"}},
		Variants: []experiment.Variant{{Name: "with"}, {Name: "without"}},
		Metrics:  []experiment.Metric{{Name: "terms"}, {Name: "gap", Unit: "ms"}},
	}
	r := Report{Experiment: "x", Settings: settings(x, "peers=7"), Seeds: []uint64{1, 2}, Metrics: x.Metrics}
	var trials []*trial
	for _, subject := range []string{"a", "b"} {
		for i, v := range x.Variants {
			for seed := range 2 {
				trials = append(trials, &trial{subject: subject, variant: v, hash: subject + v.Name,
					values: map[string]float64{"terms": float64(i), "gap": float64(10 * seed)}})
			}
		}
	}
	r.add(x, trials)
	var rows []string
	for _, row := range r.Rows {
		rows = append(rows, row.Variant+" "+row.Peer)
	}
	require.Equal(t, []string{"with a", "with b", "without a", "without b"}, rows)
	var b strings.Builder
	require.NoError(t, r.WriteMarkdown(&b))
	require.Contains(t, b.String(), "peers=7 for=1s; 2 seeds")
	require.Contains(t, b.String(), "| variant | peer | terms | gap, ms |\n|---|---|---:|---:|\n| with | a | 0 | 5 (0-10) |\n")
	b.Reset()
	require.NoError(t, r.WriteJSON(&b))
	require.Contains(t, b.String(), `"median": 5`)
	require.Contains(t, b.String(), `"name": "peers"`)
}
