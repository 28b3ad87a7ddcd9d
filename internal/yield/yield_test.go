package yield

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFourthSeed(t *testing.T) {
	for seed, want := range []bool{true, false, false, false, true, false, false, false, true} {
		require.Equal(t, want, Varies(uint64(seed)), "seed %d", seed)
	}
}

// Naps are as frequent as a manner says, have all sizes, and are not longer than it allows.
func TestDecide(t *testing.T) {
	for _, m := range []manner{frequent, rare} {
		r := rand.New(rand.NewPCG(1, 2))
		const n = 200_000
		var got [3]int
		short, long := 0, 0
		most := m.shortest << m.doublings
		for range n {
			what, d := m.decide(r.Uint64())
			got[what]++
			if what != nap {
				require.Zero(t, d)
				continue
			}
			require.GreaterOrEqual(t, d, m.shortest)
			require.Less(t, d, most)
			switch {
			case d < 2*m.shortest:
				short++
			case d >= most/2:
				long++
			}
		}
		naps := float64(got[nap])
		require.InEpsilon(t, n/float64(m.naps), naps, 0.1)
		require.InEpsilon(t, (n-naps)/float64(m.turns), got[turn], 0.1)
		require.InEpsilon(t, naps/float64(m.doublings), short, 0.3)
		require.InEpsilon(t, naps/float64(m.doublings), long, 0.3)
	}
}

// Each run has its own places that are often interrupted, and each place has its runs.
func TestPlacesTakeTurns(t *testing.T) {
	const n = 400
	for place := range uint64(50) {
		often := 0
		for run := range uint64(n) {
			if mannerOf(mix(run), place) == frequent {
				often++
			}
		}
		require.InDelta(t, n/8, often, n/16)
	}
	often := 0
	for run := range uint64(n) {
		if mannerOf(mix(run), Gap+7) == frequent {
			often++
		}
	}
	require.InDelta(t, n/2, often, n/8)
}
