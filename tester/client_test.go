//go:build !wasip1

package tester_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/tester"
)

// A client that has died never comes back from its next call, also when it would try for ever.
func TestDeadClientsEnd(t *testing.T) {
	v, _ := serve(t, 2, func(s *tester.Servers) {
		cl := s.NewClient()
		calls := atomic.Int32{}
		done := cl.Go(func() {
			for {
				cl.Call(func() { say(cl, "again") })
				calls.Add(1)
			}
		})
		s.Env().Sleep(100 * time.Millisecond)
		cl.Close()
		require.True(t, s.Env().Await(done, time.Second))
		require.Positive(t, calls.Load())
	})
	passes(t, v)
}

// Nothing of a client goes on that has died, as nothing does of a process: neither what its clerk
// has deferred, which may count on a lock being held, or send, nor what comes after a panic in it.
// What stands still is no goroutine that is left over, and is no news for the run.
func TestDeadClientsStandStill(t *testing.T) {
	for name, clerk := range map[string]func(cl *tester.Client, after func()){
		"unlocks by defer": func(cl *tester.Client, after func()) {
			var mu sync.Mutex
			mu.Lock()
			defer mu.Unlock()
			for {
				mu.Unlock()
				say(cl, "again")
				mu.Lock()
			}
		},
		"sends in what it defers": func(cl *tester.Client, after func()) {
			defer after()
			defer say(cl, "goodbye")
			for {
				say(cl, "again")
			}
		},
		"asks from goroutines": func(cl *tester.Client, after func()) {
			for {
				var all sync.WaitGroup
				for range 3 {
					all.Go(func() {
						defer after()
						for {
							say(cl, "again")
						}
					})
				}
				all.Wait()
			}
		},
		"gives up with a panic": func(cl *tester.Client, after func()) {
			for !cl.Closed() {
				say(cl, "again")
			}
			go say(cl, "one more")
			time.Sleep(time.Millisecond)
			panic("the network is gone")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var after atomic.Int32
			v, _ := tester.RunInBubble(t, tester.Case{Part: "3A", Name: "Echo", Run: func(e *tester.Env) {
				s := e.NewServers(startEcho, 2, tester.Options{})
				cl := s.NewClient()
				done := cl.Go(func() { cl.Call(func() { clerk(cl, func() { after.Add(1) }) }) })
				e.Sleep(100 * time.Millisecond)
				cl.Close()
				require.True(t, e.Await(done, time.Second))
				served := s.Served(0)
				e.Sleep(time.Minute)
				require.Equal(t, served, s.Served(0))
			}}, record.Params{Seed: 1, Strict: true})
			if name != "asks from goroutines" { // one of them waits for others that stand
				require.Empty(t, v.Warnings)
			}
			passes(t, v)
			require.Zero(t, after.Load(), "it goes on")
		})
	}
}
