package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
	"raftlab/tester"
	"raftlab/tester/topology"
)

// Part 3E: leaders hand their leadership over (§3.10). Voters take part in the election that
// follows although they hear a leader, so the lease must have ended before.

// handOver asks old to make heir its successor, and again if it comes to nothing, up to four times.
// The case fails if it never comes to it, or if old has been deposed for nothing. Both are well and
// nobody writes at old meanwhile.
//
// How soon it comes to it is the peers' affair. What an heir lacks may reach it one entry with each
// heartbeat, and old may give up before; but the entries stay, and so a later attempt finds an heir
// that lacks nothing. Then a transfer is an order and an election in which all servers are well,
// nobody else stands, and the heir has all entries.
func (s *service) handOver(old, heir int) {
	const attempts = 4
	for range attempts {
		term, _ := s.State(old)
		s.Transfer(old, heir)
		if s.Until(time.Second, func() bool { newer, leads := s.State(heir); return leads && newer > term }) {
			return
		}
		if now, leads := s.State(old); !leads || now != term {
			s.Fail(tester.RuleDisturbed, []int{old, heir}, "server %d was to hand over to server %d, which is well: it leads term %d no more, and server %d has not followed it; nobody stands before he can win, and has leave (§3.10)",
				old, heir, term, heir)
		}
	}
	s.Fail(tester.RuleNoLeader, []int{old, heir}, "server %d was asked %d times to hand over to server %d, which is well and reaches everybody, and never did (§3.10)",
		old, attempts, heir)
}

// handedOver has clients read at the old leader and write at the new one. Every other time the old
// leader hears nothing any more from the moment of its order, and so does not learn that it was
// followed.
func handedOver(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadLease, extensions: []string{raftapi.Transfer}})
	w, r := s.user(), s.user()
	for round := range 8 {
		w.Must("write", func() { w.Put("x", s.Value()) })
		old := s.Leader()
		heir := s.Shuffled(old)[0]
		e.Sleep(300 * time.Millisecond) // the heir has everything, and the old leader knows
		r.Must("read", func() { r.Get("x") })
		r.Client.Reach(old)
		w.Client.Reach(heir)
		stop := make(chan struct{})
		done := r.Goes(func() { r.readUntil(stop, "x") })
		s.Idle(60 * time.Millisecond)
		deaf := round%2 == 1
		if deaf {
			s.Links(topology.Deaf(old))
		}
		written := w.Goes(func() { w.Put("x", s.Value()); w.Put("x", s.Value()) })
		if deaf {
			s.Transfer(old, heir)
		} else {
			s.handOver(old, heir)
		}
		e.Await(written, 500*time.Millisecond)
		e.Sleep(100 * time.Millisecond)
		close(stop)
		s.healed()
		r.Ends(done)
		w.Ends(written)
	}
	s.judge()
}

// heirBehind asks a leader to hand over to a server that has just come back, and lacks a few
// entries.
func heirBehind(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadLease, extensions: []string{raftapi.Transfer}})
	u := s.user()
	for range 6 {
		u.Must("write", func() { u.Put("x", s.Value()) })
		old := s.Leader()
		heir := s.Shuffled(old)[0]
		s.Crash(heir)
		u.Must("write without the heir", func() { u.Put("x", s.Value()) })
		s.Restart(heir)
		s.handOver(old, heir)
		u.Must("read", func() { u.Get("x") })
	}
	s.judge()
}

// heirDies asks a leader to hand over to a server that has just crashed. Until that is given up the
// leader takes no commands; then it takes them again.
//
//	leader   order        no commands                     given up    commands again
//	  ---------+---------------------------------------------+--------------->
//	            \--> X      about an election timeout
func heirDies(e *tester.Env) {
	const (
		limit  = 10 * time.Second       // the longest election timeout is one second; then a clerk has to come round
		margin = 100 * time.Millisecond // a peer may look now and then whether it is time, and return a little late
	)
	s := start(e, setup{reads: kvapi.ReadLease, extensions: []string{raftapi.Transfer}})
	u, r := s.user(), s.user()
	for round := range 6 {
		u.Must("write", func() { u.Put("x", s.Value()) })
		old := s.Leader()
		term, _ := s.State(old)
		heir := s.Shuffled(old)[0]
		e.Sleep(300 * time.Millisecond)
		s.Crash(heir)
		if round%2 == 1 {
			u.Must("write without the heir", func() { u.Put("x", s.Value()) })
		}
		stop := make(chan struct{})
		done := r.Goes(func() { r.readUntil(stop, "x") })
		order := s.order(old, heir)
		e.Sleep(5 * time.Millisecond)
		var wrote time.Duration
		value := s.Value()
		written := u.Goes(func() { u.Set("x", value); wrote = e.Now() })
		if !e.Await(order.over, limit) || !e.Await(written, limit) {
			s.Fail(tester.RuleNoProgress, []int{old, heir}, "server %d was to hand over to server %d, which is dead; a majority is well, but %v later client %d still waits for %s: a transfer is given up after about an election timeout (§3.10)",
				old, heir, limit, u.Client.Number(), u.Doing())
		}
		if order.done {
			s.Fail(tester.RuleWrongAnswer, []int{old, heir}, "server %d says that server %d leads now; that one is dead", old, heir)
		}
		if now, leads := s.State(old); leads && now == term && wrote+margin < order.ended {
			s.Fail(tester.RuleWrongAnswer, []int{old}, "server %d has done a write while it was handing over, %v before it gave that up; whoever is to take over lacks what comes in meanwhile (§3.10, step 1)",
				old, (order.ended - wrote).Round(time.Millisecond))
		}
		close(stop)
		s.Crash(old) // there may be no lease any more in its term, and who reads on leases only waits for the next
		s.healed()
		r.Ends(done)
	}
	s.judge()
}

// lateOrder keeps the order of a leader on its way for two seconds. When it arrives there is
// another leader, in a newer term, who has given leave to nobody and reads from its lease:
//
//	first   leads 1, order ...  given up ... another order
//	            \                                 \
//	             \------------- two seconds ------- \ ------------> heir: an order of term 1, in term 2
//	next                                             leads 2
//
// An heir that obeys stands at the request of the leader, and is elected within milliseconds.
func lateOrder(e *tester.Env) {
	const late = 2 * time.Second
	s := start(e, setup{reads: kvapi.ReadLease, extensions: []string{raftapi.Transfer}})
	w, r := s.user(), s.user()
	for range 6 {
		w.Must("write", func() { w.Put("x", s.Value()) })
		first := s.Leader()
		rest := s.Shuffled(first)
		heir, next := rest[0], rest[1]
		e.Sleep(300 * time.Millisecond) // they have everything, and the leader knows
		s.Network().Latency(late, late)
		order, arrives := s.order(first, heir), e.Now()+late
		e.Sleep(5 * time.Millisecond)
		s.Network().Latency(0, 0)
		e.Await(order.over, late-200*time.Millisecond)
		s.Transfer(first, next)
		if s.Leader() != next || e.Now() > arrives {
			continue // the order was not late, or took long to be given up
		}
		r.Must("read", func() { r.Get("x") })
		r.Client.Reach(next)
		w.Client.Reach(first, heir)
		e.Sleep(arrives - e.Now() - 20*time.Millisecond)
		stop := make(chan struct{})
		done := r.Goes(func() { r.readUntil(stop, "x") })
		s.Disconnect(next)
		written := w.Goes(func() { w.Put("x", s.Value()) })
		w.Ends(written)
		e.Sleep(100 * time.Millisecond)
		close(stop)
		s.healed()
		r.Ends(done)
	}
	s.judge()
}

// order is what becomes of a request to hand over, while the case goes on. done and ended are known
// when over is closed.
type order struct {
	over  chan struct{}
	done  bool
	ended time.Duration
}

// order asks a server to hand over, and does not wait.
func (s *service) order(from, to int) *order {
	o := &order{over: make(chan struct{})}
	s.env.Go(func() {
		defer close(o.over)
		o.done = s.Transfer(from, to)
		o.ended = s.env.Now()
	})
	return o
}
