package lab1

import (
	"time"

	"raftlab/tester"
)

// Part 1D: locks while answers get lost.

// oneHolderOnLossy has a single client, so that whoever keeps it waiting is itself.
func oneHolderOnLossy(e *tester.Env) {
	const rounds = 40
	s := start(e, tester.Options{Unreliable: true})
	u := s.user()
	h := s.lockOf(u, "l")
	u.Must("take a lock and give it back, which nobody else wants", func() {
		for range rounds {
			h.section(func() {})
		}
	})
	s.healed()
	s.keepsOut(u, h, "l")
	s.earned()
}

// lostAcquire loses all answers to the client that takes the lock.
//
//	client 0   -- put l "me" if 0 -->  written       holds the lock, and does not know it yet
//	           X<---------------- OK
//	client 1                                         must wait
func lostAcquire(e *tester.Env) {
	s := start(e, tester.Options{})
	s.Network().Latency(messageTime, messageTime)
	u, w := s.user(), s.user()
	for range 3 {
		ours, theirs := s.lockOf(u, "l"), s.lockOf(w, "l")
		took := u.Goes(ours.acquire)
		e.Sleep(5 * messageTime / 2) // it has looked at the lock, and its Put is on its way
		u.Client.Deafen()
		e.Sleep(time.Second)
		got := w.Goes(theirs.acquire)
		s.Idle(time.Second)
		s.healed()
		s.both(u, took, ours, w, got, theirs)
	}
	s.earned()
}

// messageTime is how long a message travels in lostAcquire, so that the case knows when which is on
// its way.
const messageTime = 10 * time.Millisecond

// both waits until each of two clients has had the lock, in whichever order.
func (s *service) both(u *user, took <-chan struct{}, ours *handle, w *user, got <-chan struct{}, theirs *handle) {
	first, second := u, w
	handles := map[*user]*handle{u: ours, w: theirs}
	ended := map[*user]<-chan struct{}{u: took, w: got}
	deadline := s.env.Now() + tester.ProgressLimit
	for !s.env.Await(ended[first], 10*time.Millisecond) {
		first, second = second, first
		if s.env.Now() > deadline {
			s.Fail(tester.RuleNoProgress, nil, "neither of the two clients that want lock \"l\" has it, %v after the last obstacle is gone; client %d waits for %s, client %d for %s",
				tester.ProgressLimit, u.Client.Number(), u.Doing(), w.Client.Number(), w.Doing())
		}
	}
	s.env.Sleep(2 * time.Second) // nobody else gets in
	first.Must("give the lock back", handles[first].release)
	second.Ends(ended[second])
	second.Must("give the lock back", handles[second].release)
}

// lostRelease loses all answers to the client that gives the lock back. Another one takes it
// meanwhile, and a third waits.
//
//	client 0   -- put l "" -->  written
//	           X<---------- OK
//	client 1   takes the lock
//	client 0   -- put l "" -->  must not be written
//
// A lock that looks at the key before it puts hears nothing and does not get that far: it has not
// given the lock back, and the round ends when its client hears again.
func lostRelease(e *tester.Env) {
	s := start(e, tester.Options{})
	us := s.crowd(3)
	for round := range 3 {
		u, next, third := us[round%3], us[(round+1)%3], us[(round+2)%3]
		ours, nexts, thirds := s.lockOf(u, "l"), s.lockOf(next, "l"), s.lockOf(third, "l")
		u.Must("take a lock that is free", ours.acquire)
		u.Client.Deafen()
		gave := u.Goes(ours.release)
		e.Sleep(300 * time.Millisecond)
		took := next.Goes(nexts.acquire)
		var waits <-chan struct{}
		if e.Await(took, time.Second) {
			waits = third.Goes(thirds.acquire)
			s.Idle(500 * time.Millisecond)
			s.healed()
			u.Ends(gave)
			e.Sleep(2 * time.Second) // the third does not get in
		} else {
			s.healed()
			u.Ends(gave)
			next.Ends(took)
			waits = third.Goes(thirds.acquire)
		}
		next.Must("give the lock back", nexts.release)
		third.Ends(waits)
		third.Must("give the lock back", thirds.release)
	}
	s.earned()
}

// lockSwarm has two locks, and some of all that can happen to messages.
func lockSwarm(e *tester.Env) {
	const clients, each = 5, 4
	r := e.Rand()
	s := start(e, tester.Options{Unreliable: true, Duplicates: r.IntN(2) == 0, LongReordering: r.IntN(3) == 0, LongDelays: r.IntN(3) == 0})
	var done []<-chan struct{}
	users := s.crowd(clients)
	for i, u := range users {
		a, b := s.lockOf(u, "a"), s.lockOf(u, "b")
		done = append(done, u.Goes(func() {
			for turn := range each {
				h, key := a, "in a"
				if (i+turn)%2 == 0 {
					h, key = b, "in b"
				}
				h.section(func() { u.count(key, time.Duration(u.Rand.Int64N(int64(50*time.Millisecond)))) })
			}
		}))
	}
	s.trouble(6)
	for i, u := range users {
		u.Ends(done[i])
	}
	s.counted("in a", clients*each/2)
	s.counted("in b", clients*each/2)
	s.earned()
}
