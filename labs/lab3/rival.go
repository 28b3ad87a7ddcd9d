package lab3

import (
	"slices"
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Part 3E: the promise that a lease counts on. Who has heard a leader votes for nobody else, for
// the minimum election timeout (§4.2.3). In these cases a link is cut, and everything depends on
// one voter:
//
//	old leader  ----------  voter  ----------  rival
//	 lease                  hears the leader   does not, and stands for election again and again

// rival looks whether the voter votes. If the rival wins, the old leader is cut off before it hears
// of it, and asked.
//
// With hadLeave the rival has led at the request of a leader before (§3.10). The leave was for that
// election.
func rival(hadLeave bool) func(*tester.Env) {
	return func(e *tester.Env) {
		want := setup{reads: kvapi.ReadLease}
		if hadLeave {
			want.extensions = []string{raftapi.Transfer}
		}
		s := start(e, want)
		w, r := s.user(), s.user()
		for range 3 {
			w.Must("write", func() { w.Put("x", s.Value()) })
			old := s.Leader()
			next := s.Shuffled(old)[0]
			if hadLeave {
				s.Transfer(old, next)
				s.Transfer(next, old)
				if old = s.Leader(); old == next {
					continue
				}
			}
			r.Must("read", func() { r.Get("x") })
			r.Client.Reach(old)
			w.Client.Reach(next)
			stop := make(chan struct{})
			done := r.Goes(func() { r.readUntil(stop, "x") })
			s.Cut(old, next)
			s.Cut(next, old)
			held, _ := s.State(old)
			won := s.Until(1500*time.Millisecond, func() bool { term, leads := s.State(next); return leads && term > held })
			if won {
				s.Disconnect(old)
				w.Client.Reach(s.Others(old)...) // next may lose its term again, to the third
				w.Must("write", func() { w.Put("x", s.Value()) })
			}
			s.Idle(100 * time.Millisecond)
			close(stop)
			s.healed()
			r.Ends(done)
		}
		s.judge()
	}
}

// voterRestarts crashes the voter, which is back soon, and cuts the old leader off at the same
// moment. The voter knows nobody now whom it stands by, but the lease that counts on it goes on.
func voterRestarts(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadLease})
	w, r := s.user(), s.user()
	for range 10 {
		w.Must("write", func() { w.Put("x", s.Value()) })
		old := s.Leader()
		rest := s.Shuffled(old)
		voter, rival := rest[0], rest[1]
		r.Must("read", func() { r.Get("x") })
		s.Cut(old, rival)
		s.Cut(rival, old)
		s.stands(rival)
		e.Sleep(150 * time.Millisecond)
		s.Idle(350 * time.Millisecond) // until shortly before it stands again, with luck
		s.asked(old, rival, r, func() {
			s.Crash(voter)
			s.Idle(40 * time.Millisecond)
			s.Restart(voter)
		})
	}
	s.judge()
}

// voterMovesOn lets the voter learn of a newer term, and cuts the old leader off at that moment:
// the voter has no leader in the newer term, but the lease that counts on it goes on. It has led
// itself before, and a heartbeat of that time reaches the rival so late that the answer tells of
// all the elections in which the rival has stood meanwhile:
//
//	voter   leads 1, heartbeat            hears old, which leads 2              moves to 5
//	            \                          ^                                   /
//	             \------------------------/--------------- seconds --------> rival in 5
//	old                   stands, deposes it, leads 2
//
// Every other time messages are slow just before, until the rival stands. Then that answer may
// overtake the rival's request for votes, and the voter is asked for its vote in the very term that
// it has seen.
func voterMovesOn(e *tester.Env) {
	const (
		late = 4 * time.Second // time enough for an election or two, and for the rival to stand
		slow = 60 * time.Millisecond
	)
	s := start(e, setup{reads: kvapi.ReadLease})
	w, r := s.user(), s.user()
	for rounds, tries := 0, 0; rounds < 10 && tries < 30; tries++ {
		w.Must("write", func() { w.Put("x", s.Value()) })
		voter := s.Leader()
		rest := s.Shuffled(voter)
		old, rival := rest[0], rest[1]
		arrives := e.Now() + late // or up to a heartbeat interval later
		s.Network().Latency(late, late)
		e.Sleep(tester.HeartbeatHigh)
		s.Network().Latency(0, 0)
		if !s.deposes(old, voter) {
			continue // somebody else was faster
		}
		rounds++
		r.Must("read", func() { r.Get("x") })
		s.Cut(old, rival)
		s.Cut(rival, old)
		moved := func() bool {
			of, _ := s.State(old)
			seen, _ := s.State(voter)
			return seen > of
		}
		if rounds%2 == 0 {
			e.Sleep(arrives - slow - e.Now())
			before, _ := s.State(rival)
			s.Network().Latency(slow, slow)
			s.Until(slow+tester.HeartbeatHigh, func() bool {
				term, _ := s.State(rival)
				return term > before || moved()
			})
			s.Network().Latency(0, 0)
		}
		if s.Until(arrives+2*tester.HeartbeatHigh-e.Now(), moved) {
			s.asked(old, rival, r, func() {})
		}
		s.healed()
	}
	s.judge()
}

// deposes cuts the link between a follower and its leader until the follower stands for election,
// which deposes the leader when the link is mended, and says whether the follower is the next one.
func (s *service) deposes(i, leader int) bool {
	s.Cut(leader, i)
	s.Cut(i, leader)
	s.stands(i)
	s.HealAll()
	return s.Leader() == i
}

// stands waits until a server has begun another term, for two of the longest election timeouts at
// most.
func (s *service) stands(i int) {
	before, _ := s.State(i)
	s.Until(2*tester.ElectionTimeoutHigh, func() bool { term, _ := s.State(i); return term > before })
}

// asked cuts the old leader off, does what has to be done to the voter at that moment, and has a
// reader ask the old leader. If the rival is elected it is written to. Then everything is mended.
func (s *service) asked(old, rival int, r *user, voter func()) {
	r.Client.Reach(old)
	stop := make(chan struct{})
	done := r.Goes(func() { r.readUntil(stop, "x") })
	held, _ := s.State(old)
	s.Disconnect(old)
	voter()
	if s.Until(600*time.Millisecond, func() bool { term, leads := s.State(rival); return leads && term > held }) {
		w := s.userOf(rival) // loses no time with others
		value := s.Value()
		written := w.Goes(func() { w.Put("x", value) })
		s.env.Await(written, 500*time.Millisecond)
		s.Idle(50 * time.Millisecond)
		w.Client.Close() // the rival may have lost its leadership, and this client knows nobody else
		s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u == w })
	}
	close(stop)
	s.healed()
	r.Ends(done)
}
