package labrpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const pause = 3 * time.Second

// took0 is how long a call between peers takes when nothing is in its way, at most.
const took0 = 2 * time.Millisecond

func TestHold(t *testing.T) {
	for name, held := range map[string]int{"caller": 0, "server": 1} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(2, 1)
				w.Hold(held)
				result := w.inFlight(0, 1, "Echo")
				time.Sleep(pause)
				require.Empty(t, result)
				require.Zero(t, w.clerks[1].count())
				w.Release(held)
				require.LessOrEqual(t, took(func() { require.True(t, <-result) }), took0)
				require.Equal(t, 1, w.clerks[1].count())
				require.Equal(t, []string{"sent", "delivered", "handled", "replied"}, w.kinds(0, 1))
				require.True(t, w.call(0, 1, "Echo", 2), "and so it goes on")
			})
		})
	}
}

// What a peer has sent before it is held arrives; the answer waits for it.
func TestHoldLetsTravelWhatTravels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		result := w.inFlight(0, 1, "Echo")
		w.Hold(0)
		time.Sleep(pause)
		require.Equal(t, []string{"sent", "delivered", "handled"}, w.kinds(0, 1))
		require.Empty(t, result)
		w.Release(0)
		require.Zero(t, took(func() { require.True(t, <-result) }))
	})
}

// A server that is held while a handler runs sends the reply when it is released.
func TestHoldTheReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		result := w.inFlight(0, 1, "Wait")
		time.Sleep(10 * time.Millisecond)
		w.Hold(1)
		close(w.clerks[1].hold)
		time.Sleep(pause)
		require.Equal(t, []string{"sent", "delivered", "handled"}, w.kinds(0, 1))
		w.Release(1)
		require.LessOrEqual(t, took(func() { require.True(t, <-result) }), took0)
	})
}

// Also that a call has failed is news, which a caller who is held does not hear.
func TestHoldFailures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		w.Cut(0, 1)
		w.Hold(0)
		result := w.inFlight(0, 1, "Echo")
		time.Sleep(pause)
		require.Empty(t, result)
		w.Release(0)
		requireFalseAtOnce(t, result)
	})
}

// Whatever is taken down meanwhile takes down what waits, in every place where it can wait.
func TestWhatHappensWhileHeld(t *testing.T) {
	for name, breakIt := range map[string]func(w *world){
		"cut":      func(w *world) { w.Cut(0, 1); w.Cut(1, 0) },
		"disabled": func(w *world) { w.Enable("0-1", false) },
		"deleted":  func(w *world) { w.DeleteServer(1) },
		"replaced": func(w *world) { w.start(1) },
		"cleanup":  func(w *world) { w.Cleanup() },
	} {
		for where, method := range map[string]string{"at the door": "Echo", "after the handler": "Wait"} {
			t.Run(name+" "+where, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					w := newWorld(2, 1)
					old := w.clerks[1]
					if method == "Echo" {
						w.Hold(1)
					}
					result := w.inFlight(0, 1, method)
					time.Sleep(10 * time.Millisecond)
					w.Hold(1)
					if method == "Wait" {
						close(old.hold)
						time.Sleep(10 * time.Millisecond)
					}
					breakIt(w)
					requireFalseAtOnce(t, result)
					w.Release(1)
					time.Sleep(time.Minute)
					if method == "Echo" {
						require.Zero(t, old.count())
					}
				})
			})
		}
	}
}
