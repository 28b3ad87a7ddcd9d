package labrpc_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Messages on one link leave one after the other; the other direction, and other links, do not wait
// for them.
func TestBandwidth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const ms = time.Millisecond
		w := newWorld(3, 1)
		w.Latency(ms, ms)
		together := func(calls ...func()) time.Duration {
			return took(func() {
				var all sync.WaitGroup
				for _, call := range calls {
					all.Go(call)
				}
				all.Wait()
			})
		}
		echo := func(from, to int) func() {
			return func() { require.True(t, w.call(from, to, "Echo", 1)) }
		}
		before := w.GetTotalBytes()
		require.Equal(t, 2*ms, together(echo(0, 1)))
		size := time.Duration(w.GetTotalBytes() - before) // of request and reply
		w.Bandwidth(1000)                                 // a byte takes a millisecond
		one := together(echo(0, 1))
		require.Equal(t, 2*ms+size*ms, one)
		require.Equal(t, one, together(echo(0, 1), echo(0, 2), echo(2, 1)), "each link has its own")
		require.Greater(t, together(echo(0, 1), echo(0, 1), echo(0, 1)), 2*one-4*ms)
		w.Bandwidth(0)
		require.Equal(t, 2*ms, together(echo(0, 1), echo(0, 1)))
		require.Panics(t, func() { w.Bandwidth(-1) })
	})
}

// A server handles one request at a time, whoever they are from, and each keeps it busy for the
// service time.
func TestServiceTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const ms = time.Millisecond
		w := newWorld(3, 1)
		w.Latency(ms, ms)
		w.ServiceTime(5 * ms)
		echo := func(from, to int) { require.True(t, w.call(from, to, "Echo", 1)) }
		require.Equal(t, 7*ms, took(func() { echo(0, 1) }))
		require.Equal(t, 22*ms, took(func() {
			var all sync.WaitGroup
			for _, from := range []int{0, 2, 0, 2} {
				all.Go(func() { echo(from, 1) })
			}
			all.Go(func() { echo(1, 0) })
			all.Wait()
		}))
		w.ServiceTime(0)
		require.Equal(t, 2*ms, took(func() { echo(0, 1) }))
		require.Panics(t, func() { w.ServiceTime(-ms) })
	})
}

// A server that is taken down forgets the requests that wait for their turn.
func TestServiceTimeOfAServerThatIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		w.ServiceTime(time.Second)
		time.AfterFunc(500*time.Millisecond, func() { w.DeleteServer(1) })
		require.False(t, w.call(0, 1, "Echo", 1))
	})
}
