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

// A round trip is two messages, and takes what Latency says from then on.
func TestLatency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const ms = time.Millisecond
		w := newWorld(2, 1)
		trip := func() (d time.Duration) {
			return took(func() { require.True(t, w.call(0, 1, "Echo", 1)) })
		}
		within := func(low, high time.Duration) {
			t.Helper()
			seen := map[time.Duration]bool{}
			for range 200 {
				d := trip()
				require.GreaterOrEqual(t, d, low)
				require.Less(t, d, high)
				seen[d] = true
			}
			require.Greater(t, len(seen), 190, "to the nanosecond")
		}
		within(ms/5, 9*ms/5)
		w.Latency(10*ms, 20*ms)
		within(20*ms, 40*ms)
		w.Latency(3*ms, 3*ms)
		for range 20 {
			require.Equal(t, 6*ms, trip())
		}
		w.Latency(0, 0)
		within(ms/5, 9*ms/5)
		require.Panics(t, func() { w.Latency(2*ms, ms) })
		require.Panics(t, func() { w.Latency(-ms, ms) })
	})
}

// Which messages are lost does not depend on how long they take.
func TestLatencyOfAnUnreliableNetwork(t *testing.T) {
	calls := func(latency time.Duration) (lost []bool, shortest time.Duration) {
		bubble(t, func(t *testing.T) {
			w := newWorld(2, 1)
			w.Reliable(false)
			w.Latency(latency, latency)
			shortest = time.Hour
			for k := range 100 {
				ok := false
				d := took(func() { ok = w.call(0, 1, "Echo", k) })
				if lost = append(lost, !ok); ok {
					shortest = min(shortest, d)
				}
			}
		})
		return lost, shortest
	}
	near, short := calls(0)
	far, long := calls(50 * time.Millisecond)
	require.Equal(t, near, far)
	require.Contains(t, far, true)
	require.Less(t, short, 5*time.Millisecond)
	require.GreaterOrEqual(t, long, 100*time.Millisecond)
}
