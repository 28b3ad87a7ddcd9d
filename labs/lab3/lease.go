package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Part 3E: reads from the leader's lease (§6.4.1).

// noMessages reads a good deal from an idle service and counts what the servers say to each other.
// While the lease lasts, nothing but the heartbeats that renew it.
func noMessages(e *tester.Env) {
	const gets = 150
	s := start(e, setup{reads: kvapi.ReadLease})
	u := s.user()
	u.Must("write", func() { u.Put("x", "[1]"); u.Get("x") })
	rpcs, writes, took, ok := s.quietly(func() {
		u.Must("read", func() {
			for range gets {
				u.Get("x")
			}
		})
	})
	// A lease may have gaps, when a heartbeat comes late: a quarter of the reads may go without.
	limit := s.heartbeats(took) + gets/4*(s.N()-1)
	if ok && writes > 0 {
		s.Fail(tester.RuleCostlyRead, nil, "%d reads from an idle service made servers write to stable storage %d times; a lease read needs no log entry", gets, writes)
	}
	if ok && rpcs > limit {
		s.Fail(tester.RuleCostlyRead, nil, "%d reads from an idle service, in %v, made servers call each other %d times; with a lease they need no messages (%d calls are allowed, for heartbeats and gaps)",
			gets, took.Round(time.Millisecond), rpcs, limit)
	}
	s.judge()
}

// leaseRunsOut cuts leaders off at once, with clients that go on reading, and looks for the first
// write that the others can do. With a companion, one follower of four is cut off together with the
// leader and goes on answering it: that renews no lease.
func leaseRunsOut(rates func(leader bool) float64, companion bool) func(*tester.Env) {
	return func(e *tester.Env) {
		want := setup{reads: kvapi.ReadLease}
		if companion {
			want.servers = 5
		}
		s := start(e, want)
		w, r := s.user(), s.user()
		if (rates(true) != 1 || rates(false) != 1) && !s.CanDrift(0) {
			e.NotChecked(tester.RuleLinearizability, "the peers' clocks cannot be set (raftapi.ClockDrifter)")
			return
		}
		for range 8 {
			w.Must("write", func() { w.Put("x", s.Value()) })
			old := s.Leader()
			apart := []int{old}
			if companion {
				apart = append(apart, s.Shuffled(old)[0])
			}
			rest := s.Others(apart...)
			for i := range s.N() {
				if rate := rates(i == old); rate != 1 {
					s.DriftClock(i, rate)
				}
			}
			e.Sleep(500 * time.Millisecond) // the lease now in force was taken with these clocks
			if now := s.Leader(); now != old {
				continue
			}
			stop := make(chan struct{})
			r.Client.Reach(old)
			done := r.Goes(func() { r.readUntil(stop, "x") })
			s.Idle(150 * time.Millisecond)
			w.Client.Reach(rest...)
			if companion {
				s.Partition(apart, rest)
			} else {
				s.Disconnect(old)
			}
			written := w.Goes(func() { w.Put("x", s.Value()); w.Put("x", s.Value()) })
			w.Ends(written)
			e.Sleep(200 * time.Millisecond)
			close(stop)
			s.healed()
			r.Ends(done)
		}
		s.judge()
	}
}

// rightClocks all show the same time.
func rightClocks(bool) float64 { return 1 }

// wrongClocks make the leader's lease long and the followers' patience short, by 10% each: that is
// within what a lease has to allow for.
func wrongClocks(leader bool) float64 {
	if leader {
		return 0.9
	}
	return 1.1
}
