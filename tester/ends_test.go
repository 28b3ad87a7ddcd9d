//go:build !wasip1

package tester_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/tester"
)

func TestStuck(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		forever := make(chan struct{})
		th.peer(1).state = func() (int, bool) { <-forever; return 0, false }
		c.State(1)
	})
	require.Equal(t, record.Stuck, v.Outcome, v.Message)
	require.Equal(t, string(tester.RuleStuck), v.Rule)
	require.Contains(t, v.Message, "GetState of peer 1")
	require.Contains(t, v.Stack, "TestStuck")
	require.Greater(t, v.Time, tester.StuckLimit)
}

func TestApplierThatHoldsItsLock(t *testing.T) {
	v, _ := play(t, 1, tester.Options{SnapshotEvery: 1}, func(c cluster, th cast) {
		p, lock := th.peer(0), make(chan struct{}, 1) // a mutex that does not freeze the bubble
		p.snap = func(int, []byte) { lock <- struct{}{}; <-lock }
		lock <- struct{}{}
		p.command(1, "x")
		p.command(2, "x") // nobody receives: the service is in Snapshot, which wants the lock
	})
	require.Equal(t, record.Stuck, v.Outcome, v.Message)
	require.Contains(t, v.Message, "Snapshot of peer 0")
}

func TestVirtualTimeUsedUp(t *testing.T) {
	v, _ := tester.RunInBubble(t, tester.Case{Part: "2A", Name: "Long", Limit: time.Minute, Run: func(e *tester.Env) {
		e.Note("waiting for Godot")
		e.Sleep(time.Hour)
	}}, record.Params{Seed: 1})
	breaks(t, v, tester.RuleTime, "waiting for Godot")
}

func TestLeftover(t *testing.T) {
	for _, params := range []record.Params{{Seed: 1}, {Seed: 1, Strict: true}, {Seed: 1, Strict: true, Contract: "2026"}} {
		stop := make(chan struct{})
		v, _ := playWith(t, params, 2, tester.Options{}, &theatre{}, func(c cluster, th cast) {
			stop = make(chan struct{})
			for range 2 {
				go linger(stop)
			}
			go func() { <-th.peer(0).killed }()
			c.Shutdown()
			close(stop)
		})
		switch {
		case params.Contract != "":
			passes(t, v)
			require.Empty(t, v.Warnings, "peers that are processes cannot be told to end")
		case params.Strict:
			breaks(t, v, tester.RuleLeftover, "tester_test.linger (ends_test.go:")
		default:
			passes(t, v)
			require.Len(t, v.Warnings, 1)
			require.Contains(t, v.Warnings[0], "linger")
			require.Contains(t, v.Warnings[0], "2 times")
		}
	}
}

func linger(stop chan struct{}) { <-stop }

func TestNothingOfOursIsLeft(t *testing.T) {
	v, _ := playWith(t, record.Params{Seed: 1, Strict: true}, 3, tester.Options{}, &theatre{}, func(c cluster, th cast) {
		th.peer(0).command(1, "x")
		c.Restart(0)
		c.Disconnect(1)
		c.Shutdown()
		second := c.Env().NewCluster((&theatre{}).make, 3, tester.Options{LongDelays: true, Unreliable: true})
		second.Crash(2)
		second.Partition([]int{0}, []int{1, 2})
	})
	passes(t, v) // and the bubble has ended: it panics otherwise
}

func TestPanics(t *testing.T) {
	t.Run("in the case", func(t *testing.T) {
		v, _ := play(t, 1, tester.Options{}, func(cluster, cast) { panic("case") })
		require.Equal(t, record.FrameworkError, v.Outcome)
		require.Contains(t, v.Message, "case")
	})
	t.Run("on a goroutine of the case", func(t *testing.T) {
		v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
			c.Env().Go(func() { panic("goroutine") })
			c.Env().Wait()
		})
		require.Equal(t, record.FrameworkError, v.Outcome)
	})
	t.Run("in the peer", func(t *testing.T) {
		v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
			th.peer(0).start = func(any) (int, int, bool) { var none []int; return none[3], 0, false }
			c.Propose(0, 1)
		})
		require.Equal(t, record.Crash, v.Outcome, v.Message)
		require.Contains(t, v.Message, "index out of range")
		require.Contains(t, v.Stack, "ends_test.go")
	})
	t.Run("in what the peer calls", func(t *testing.T) {
		v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
			th.peer(0).snap = nil
			th.peer(0).start = func(any) (int, int, bool) { th.peer(0).ends[5].Call("x", nil, nil); return 0, 0, false }
			c.Propose(0, 1)
		})
		require.Equal(t, record.Crash, v.Outcome, v.Message)
	})
}

func TestFailEndsTheCase(t *testing.T) {
	after := false
	v, events := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		c.Env().Go(func() {
			c.Env().Sleep(time.Second)
			c.Env().Fail(tester.Violation{Rule: tester.RuleLostValue, Message: "from a goroutine"})
		})
		c.Env().Sleep(time.Minute)
		after = true
	})
	breaks(t, v, tester.RuleLostValue, "from a goroutine")
	require.Equal(t, "§0", v.Section, "the case's section is the default")
	require.False(t, after)
	last := events[len(events)-1]
	require.Equal(t, record.Violation, last.Kind)
	require.InDelta(t, time.Second, last.Time, float64(100*time.Millisecond))
}

func TestStreamsDependOnSeedCaseAndName(t *testing.T) {
	draw := func(seed uint64, name string) (a, b uint64) {
		tester.RunInBubble(t, tester.Case{Part: "2A", Name: name, Run: func(e *tester.Env) {
			a, b = e.Rand().Uint64(), e.Fork("client").Uint64()
		}}, record.Params{Seed: seed})
		return a, b
	}
	a1, b1 := draw(1, "A")
	a2, b2 := draw(1, "A")
	require.Equal(t, []uint64{a1, b1}, []uint64{a2, b2})
	a3, _ := draw(2, "A")
	a4, _ := draw(1, "B")
	require.NotEqual(t, a1, b1)
	require.NotEqual(t, a1, a3)
	require.NotEqual(t, a1, a4)
}
