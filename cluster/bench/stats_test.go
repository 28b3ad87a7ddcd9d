package bench

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The cuts are those of the tables of Wilcoxon's signed-rank test, two-sided, 5 %: the largest
// value that rejects.
func TestSignedRank(t *testing.T) {
	for n, want := range map[int]int{6: 0, 7: 2, 8: 3, 10: 8, 15: 25, 20: 52} {
		cut, ok := signedRank(n)
		require.True(t, ok, n)
		require.Equal(t, want, cut, "of %d", n)
	}
	_, ok := signedRank(5)
	require.False(t, ok, "five pairs are not enough")
}

func TestEstimate(t *testing.T) {
	e := estimate([]float64{0.5, 2})
	require.InDelta(t, 1, e.Middle, 1e-9, "half and double cancel out")
	require.False(t, e.Known())

	e = estimate([]float64{1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 100})
	require.InDelta(t, 1.41, e.Middle, 0.05, "one that is far out says little")
	require.True(t, e.Low >= 1.1 && e.Low < 1.3 && e.High > 1.5, "%+v", e)
	require.False(t, e.Narrow(0.1))
	require.True(t, estimate([]float64{1, 1, 1, 1, 1, 1}).Narrow(0.1))
	require.Zero(t, estimate(nil))
}
