package labrpc_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// storm makes calls between three peers on the worst of networks, from one goroutine per edge, and
// returns what happened on each edge, with times since the call was made.
func storm(t *testing.T, seed uint64, extra bool) (fates [3][3][]string) {
	bubble(t, func(t *testing.T) {
		w := newWorld(3, seed)
		w.Reliable(false)
		w.LongReordering(true)
		w.Duplicates(true)
		var wg sync.WaitGroup
		for i := range 3 {
			for j := range 3 {
				wg.Go(func() {
					time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) // in any order
					n := 40
					if extra && i == 0 && j == 1 {
						n++
					}
					for k := range n {
						ok := false
						d := took(func() { ok = w.call(i, j, "Echo", k) })
						fates[i][j] = append(fates[i][j], d.String(), map[bool]string{true: "ok", false: "lost"}[ok])
					}
				})
			}
		}
		wg.Wait()
		time.Sleep(5 * time.Second)
	})
	return fates
}

func TestSameSeedSameWeather(t *testing.T) {
	require.Equal(t, storm(t, 1, false), storm(t, 1, false))
	require.NotEqual(t, storm(t, 1, false), storm(t, 2, false))
}

func TestOneMoreCallChangesNothingElsewhere(t *testing.T) {
	without, with := storm(t, 1, false), storm(t, 1, true)
	require.Equal(t, without[0][1], with[0][1][:80])
	with[0][1] = without[0][1]
	require.Equal(t, without, with)
	require.False(t, slices.Equal(without[0][1], without[0][2]), "edges differ")
	require.False(t, slices.Equal(without[0][1], without[1][0]), "directions differ")
}

// A restarted peer has new ends, and the weather goes on where it was.
func TestWeatherGoesOnAcrossRestarts(t *testing.T) {
	fates := func(restart bool) (fates []string) {
		bubble(t, func(t *testing.T) {
			w := newWorld(2, 1)
			w.Reliable(false)
			for k := range 40 {
				if restart && k%10 == 5 {
					w.DeleteEnd("0-1")
					w.ends[0][1] = w.MakeEdge("0-1", 0, 1)
					w.Connect("0-1", 1)
					w.Enable("0-1", true)
					w.start(1)
				}
				d := took(func() { w.call(0, 1, "Echo", k) })
				fates = append(fates, d.String())
			}
		})
		return fates
	}
	require.Equal(t, fates(false), fates(true))
}
