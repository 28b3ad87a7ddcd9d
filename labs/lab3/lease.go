package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 3E: reads from the leader's lease (§6.4.1).

// noMessages reads a good deal from an idle service and counts what the servers say to each other.
// While the lease lasts, nothing but the heartbeats that renew it.
func noMessages(e *tester.Env) {
	const gets = 150
	s := start(e, setup{reads: kvapi.ReadLease})
	u := s.user()
	u.must("write", func() { u.put("x", "[1]"); u.get("x") })
	rpcs, writes, took, ok := s.quietly(func() {
		u.must("read", func() {
			for range gets {
				u.get("x")
			}
		})
	})
	// A lease may have gaps, when a heartbeat comes late: a quarter of the reads may go without.
	limit := s.heartbeats(took) + gets/4*(s.N()-1)
	if ok && writes > 0 {
		s.fail(tester.RuleCostlyRead, nil, "%d reads from an idle service made servers write to stable storage %d times; a lease read needs no log entry", gets, writes)
	}
	if ok && rpcs > limit {
		s.fail(tester.RuleCostlyRead, nil, "%d reads from an idle service, in %v, made servers call each other %d times; with a lease they need no messages (%d calls are allowed, for heartbeats and gaps)",
			gets, took.Round(time.Millisecond), rpcs, limit)
	}
	s.judge()
}

// leaseRunsOut cuts leaders off at once, with clients that go on reading, and looks for the first write
// that the others can do.
func leaseRunsOut(rates func(leader bool) float64) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: kvapi.ReadLease})
		w, r := s.user(), s.user()
		for range 8 {
			w.must("write", func() { w.put("x", s.value()) })
			old := s.Leader()
			rest := s.others(old)
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
			r.client.Reach(old)
			done := r.goes(func() { r.readUntil(stop, "x") })
			s.pause(150 * time.Millisecond)
			w.client.Reach(rest...)
			s.Disconnect(old)
			written := w.goes(func() { w.put("x", s.value()); w.put("x", s.value()) })
			w.ended(written)
			e.Sleep(200 * time.Millisecond)
			close(stop)
			s.healed()
			r.ended(done)
		}
		s.judge()
	}
}

// rival cuts one link, between the leader and a follower, who then stands for election again and again. The
// third hears both. It must not vote, for the leader's lease counts on it:
//
//	old leader  ----------  voter  ----------  rival
//	 lease                  hears the leader   does not
//
// If the rival wins all the same, the old leader is cut off before it hears of it, and asked.
func rival(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadLease})
	w, r := s.user(), s.user()
	for range 3 {
		w.must("write", func() { w.put("x", s.value()) })
		old := s.Leader()
		next := s.shuffled(old)[0]
		r.must("read", func() { r.get("x") })
		r.client.Reach(old)
		w.client.Reach(next)
		stop := make(chan struct{})
		done := r.goes(func() { r.readUntil(stop, "x") })
		s.Cut(old, next)
		s.Cut(next, old)
		won := s.until(1500*time.Millisecond, func() bool { _, leads := s.State(next); return leads })
		if won {
			s.Disconnect(old)
			w.must("write", func() { w.put("x", s.value()) })
		}
		s.pause(100 * time.Millisecond)
		close(stop)
		s.healed()
		r.ended(done)
	}
	s.judge()
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

// handedOver makes leaders hand their office over, while clients read at the old one and write at the
// new one. Voters take part in the election that follows although they hear a leader, so the lease must have
// ended before. Every other time the old leader hears nothing any more from the moment of its order,
// and so does not learn that it was followed.
func handedOver(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadLease, extensions: []string{raftapi.Transfer}})
	w, r := s.user(), s.user()
	handed := 0
	for round := range 8 {
		w.must("write", func() { w.put("x", s.value()) })
		old := s.Leader()
		next := s.shuffled(old)[0]
		e.Sleep(300 * time.Millisecond) // the next one has everything, and the old one knows
		r.must("read", func() { r.get("x") })
		r.client.Reach(old)
		w.client.Reach(next)
		stop := make(chan struct{})
		done := r.goes(func() { r.readUntil(stop, "x") })
		s.pause(60 * time.Millisecond)
		if round%2 == 1 {
			s.Links(func(_, to int) bool { return to != old })
		}
		written := w.goes(func() { w.put("x", s.value()); w.put("x", s.value()) })
		if s.Transfer(old, next) {
			handed++
		}
		e.Await(written, 500*time.Millisecond)
		e.Sleep(100 * time.Millisecond)
		close(stop)
		s.healed()
		r.ended(done)
		w.ended(written)
	}
	if handed == 0 {
		s.fail(tester.RuleNoLeader, nil, "leaders were asked to hand over to servers that are well and up to date, and never did (§3.10)")
	}
	s.judge()
}
