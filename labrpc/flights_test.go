package labrpc_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// inFlight starts a call on an end of world w and reports its result.
func (w *world) inFlight(from, to int, method string) (result chan bool) {
	result = make(chan bool, 1)
	go func() { result <- w.call(from, to, method, 1) }()
	synctest.Wait()
	return result
}

// at once: no time passes until the result is there.
func requireFalseAtOnce(t *testing.T, result chan bool) {
	t.Helper()
	require.Zero(t, took(func() { require.False(t, <-result) }))
}

func TestWhatHappensMidDelay(t *testing.T) {
	breaks := map[string]func(w *world){
		"cut":      func(w *world) { w.Cut(0, 1) },
		"disabled": func(w *world) { w.Enable("0-1", false) },
		"deleted":  func(w *world) { w.DeleteServer(1) },
		"replaced": func(w *world) { w.start(1) },
		"end gone": func(w *world) { w.DeleteEnd("0-1") },
		"moved":    func(w *world) { w.Connect("0-1", 0) },
		"cleanup":  func(w *world) { w.Cleanup() },
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(2, 1)
				old := w.clerks[1]
				result := w.inFlight(0, 1, "Echo")
				breakIt(w)
				requireFalseAtOnce(t, result)
				time.Sleep(time.Minute)
				require.Zero(t, old.count()+w.clerks[1].count()+w.clerks[0].count(), "the request is not delivered")
				require.Len(t, w.kinds(0, 1), 2)
			})
		})
		t.Run(name+" mid-handler", func(t *testing.T) {
			if name == "cut" {
				breakIt = func(w *world) { w.Cut(1, 0) }
			}
			bubble(t, func(t *testing.T) {
				w := newWorld(2, 1)
				old := w.clerks[1]
				result := w.inFlight(0, 1, "Wait")
				time.Sleep(10 * time.Millisecond)
				require.Equal(t, 1, old.count())
				breakIt(w)
				requireFalseAtOnce(t, result)
				close(old.hold) // the handler goes on, and nobody cares
				time.Sleep(time.Minute)
			})
		})
		t.Run(name+" on the way back", func(t *testing.T) {
			if name == "cut" {
				breakIt = func(w *world) { w.Cut(1, 0) }
			}
			bubble(t, func(t *testing.T) {
				w := newWorld(2, 3) // a seed under which the first reply is overtaken
				w.LongReordering(true)
				result := w.inFlight(0, 1, "Echo")
				time.Sleep(100 * time.Millisecond)
				require.Equal(t, []string{"sent", "delivered", "handled"}, w.kinds(0, 1))
				breakIt(w)
				requireFalseAtOnce(t, result)
			})
		})
	}
}

func TestForwardCutDoesNotDisturbTheReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		result := w.inFlight(0, 1, "Slow")
		time.Sleep(10 * time.Millisecond)
		w.Cut(0, 1)
		require.True(t, <-result)
	})
}

func TestBackwardCutDoesNotDisturbTheRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		result := w.inFlight(0, 1, "Echo")
		w.Cut(1, 0)
		requireFalseAtOnce(t, result)
		time.Sleep(time.Second)
		require.Equal(t, 1, w.clerks[1].count())
		require.Equal(t, []string{"sent", "dropped link cut", "delivered", "handled"}, w.kinds(0, 1))
	})
}

func TestCrashedServerIsNotHeardOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		result := w.inFlight(0, 1, "Slow")
		time.Sleep(10 * time.Millisecond)
		w.start(1)
		require.False(t, <-result)
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"sent", "delivered", "dropped server replaced"}, w.kinds(0, 1), "the zombie's handler is not reported")
		require.True(t, w.call(0, 1, "Echo", 1))
	})
}

func TestEnabledAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		w.LongDelays(true)
		w.Enable("0-1", false)
		var results []chan bool
		for range 20 {
			results = append(results, w.inFlight(0, 1, "Echo"))
		}
		time.Sleep(10 * time.Millisecond)
		w.Enable("0-1", true)
		d := took(func() { require.True(t, w.call(0, 1, "Echo", 7)) })
		require.Less(t, d, 30*time.Millisecond, "calls that wait in vain are in nobody's way")
		for _, r := range results {
			require.False(t, <-r)
		}
		require.Equal(t, 1, w.clerks[1].count())
	})
}

// Natively, on many processors: calls and faults of all kinds at the same time. Every call ends,
// and the network works afterwards. (With -race this looks for races in the network itself.)
func TestFaultsWhileCallsAreInFlight(t *testing.T) {
	w := newWorld(3, 1)
	w.Duplicates(true)
	stop := make(chan struct{})
	var calls, faults sync.WaitGroup
	for i := range 3 {
		for j := range 3 {
			calls.Go(func() {
				for n := range 300 {
					w.call(i, j, "Echo", n)
				}
			})
		}
	}
	for i := range 3 {
		faults.Go(func() {
			name := fmt.Sprint(i, "-", (i+1)%3)
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Microsecond):
				}
				w.Cut(i, k%3)
				w.Enable(name, k%2 == 0)
				w.Reliable(k%4 > 0)
				if k%10 == 0 {
					srv := labrpc.MakeServer()
					srv.AddService(labrpc.MakeService(&Clerk{}))
					w.AddServer(i, srv)
				}
				w.HealAll()
			}
		})
	}
	done := make(chan struct{})
	go func() { time.Sleep(300 * time.Millisecond); close(stop); faults.Wait(); close(done) }()
	<-done
	for i := range 3 {
		w.Enable(fmt.Sprint(i, "-", (i+1)%3), true)
	}
	w.Reliable(true)
	calls.Wait()
	for i := range 3 {
		w.start(i)
		if !w.call((i+1)%3, i, "Echo", 1) {
			t.Error("the network does not work any more")
		}
	}
}
