package lab1

import (
	"fmt"
	"time"

	"raftlab/tester"
)

// Part 1B: locks while nothing gets lost.

// oneHolder takes a lock and gives it back, by one handle and then by a new one each time.
func oneHolder(e *tester.Env) {
	s := start(e, tester.Options{})
	u := s.user()
	h := s.lockOf(u, "l")
	u.Must("take a lock and give it back, five times", func() {
		for range 5 {
			h.section(func() { u.count("n", time.Millisecond) })
		}
	})
	for range 3 {
		again := s.lockOf(u, "l")
		u.Must("take the lock by a new handle", func() { again.section(func() { u.count("n", 0) }) })
	}
	w := s.user()
	other := s.lockOf(w, "l")
	w.Must("take a lock that another client had", func() { other.section(func() { w.count("n", 0) }) })
	s.counted("n", 9)
	s.keepsOut(u, h, "l")
	s.earned()
}

// manyHolders has six clients want one lock.
func manyHolders(o tester.Options) func(*tester.Env) {
	return func(e *tester.Env) {
		const clients, each = 6, 8
		s := start(e, o)
		var done []<-chan struct{}
		var last *handle
		users := s.crowd(clients)
		for _, u := range users {
			h := s.lockOf(u, "l")
			last = h
			done = append(done, u.Goes(func() {
				for range each {
					h.section(func() { u.count("n", time.Duration(u.Rand.Int64N(int64(20*time.Millisecond)))) })
				}
			}))
		}
		for i, u := range users {
			u.Ends(done[i])
		}
		s.counted("n", clients*each)
		s.keepsOut(last.u, last, "l")
		s.earned()
	}
}

// keepsOut has a user hold a lock while another one wants it: that it can be had proves little as
// long as nobody else does. It is held for longer than a turn may take (handOver): clients that have
// the lock by the clock, each for a time of its own, would pass without asking anybody.
func (s *service) keepsOut(u *user, h *handle, lock string) {
	s.holds(u, h, lock, func() { s.env.Sleep(6 * time.Second) })
}

// holds has a user hold a lock for a while, which one other wants.
func (s *service) holds(u *user, h *handle, lock string, while func()) {
	u.Must("take a lock that is free", h.acquire)
	waiters, done := s.waitersFor(lock, 1)
	while()
	u.Must("give the lock back", h.release)
	waiters[0].Ends(done[0])
}

// counted looks at the end whether holders of a lock have counted up to a number.
func (s *service) counted(key string, want int) {
	s.healed()
	u := s.user()
	u.Must("read", func() {
		if got := len(u.get(key)); got != want {
			s.Fail(tester.RuleWrongAnswer, nil, "holders of the lock have counted to %d, each adding one to what it read; with one holder at a time it is %d", got, want)
		}
	})
}

// twoLocks has one client hold two locks, and two clients one each.
func twoLocks(e *tester.Env) {
	s := start(e, tester.Options{})
	u, w := s.user(), s.user()
	a, b := s.lockOf(u, "a"), s.lockOf(u, "b")
	theirs := s.lockOf(w, "b")
	u.Must("hold two locks at once", func() {
		a.acquire()
		b.acquire()
		b.release()
	})
	w.Must("take lock b while another client holds lock a", func() {
		theirs.acquire()
		theirs.release()
	})
	u.Must("take lock b again and give both back, the first one first", func() {
		b.acquire()
		a.release()
		b.release()
	})
	s.keepsOut(u, a, "a")
	s.keepsOut(w, theirs, "b")
	s.earned()
}

// waitersFor has n new clients each take a lock and give it back, and tells when each has done so.
func (s *service) waitersFor(lock string, n int) (waiters []*user, done []<-chan struct{}) {
	waiters = s.crowd(n)
	for _, w := range waiters {
		theirs := s.lockOf(w, lock)
		done = append(done, w.Goes(func() { theirs.section(func() {}) }))
	}
	return waiters, done
}

// handOver has three clients wait for a lock that is held for a while, and measures how soon they
// have it once it is free. A lock may look again every second; it must not look ever more seldom.
func handOver(e *tester.Env) {
	const limit = 5 * time.Second
	s := start(e, tester.Options{})
	u := s.user()
	h := s.lockOf(u, "l")
	u.Must("take a lock that is free", h.acquire)
	waiters, done := s.waitersFor("l", 3)
	e.Sleep(15 * time.Second)
	u.Must("give the lock back", h.release)
	began := e.Now()
	for i, w := range waiters {
		if !e.Await(done[i], began+3*limit-e.Now()) {
			s.Fail(tester.RuleTooSlow, nil, "a lock was given back while three clients waited for it. %v later client %d still does not have it; three turns may take %v",
				e.Now()-began, w.Client.Number(), 3*limit)
		}
	}
	s.earned()
}

// patientWaiters counts what clients send that wait for a lock. Then one waits for far longer than
// is usual: no lock of this contract ends by itself.
func patientWaiters(e *tester.Env) {
	const seconds, longer = 20, 40 * time.Second
	s := start(e, tester.Options{})
	u := s.user()
	h := s.lockOf(u, "l")
	u.Must("take a lock that is free", h.acquire)
	waiters, done := s.waitersFor("l", 3)
	before := s.TotalRPCs()
	e.Sleep(seconds * time.Second)
	s.storm(s.TotalRPCs()-before, len(waiters), seconds, fmt.Sprintf("client %d held the lock", u.Client.Number()))
	u.Must("give the lock back", h.release)
	for i, w := range waiters {
		w.Ends(done[i])
	}
	s.holds(u, h, "l", func() { e.Sleep(longer) })
	s.earned()
}
