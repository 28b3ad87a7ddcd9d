package shardgrp

import (
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
	"raftlab/tester/faults"
)

// Part 4F, several controllers: nobody can tell one that has died from one that is slow.

// atOnce has four controllers make changes at the same time. One of them is made; the others come
// to nothing.
func atOnce(net tester.Options) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{groups: 5, each: 2, net: net})
		s.fill()
		t := s.traffic(3, 15, kit.Mix{Think: 200 * time.Millisecond})
		for range 4 {
			var bosses []*boss
			for range 4 {
				bosses = append(bosses, s.takesOver())
			}
			var may []shardapi.Placement
			var done []<-chan struct{}
			for i, b := range bosses {
				may = append(may, s.either(2+i))
				done = append(done, b.changing(may[i]))
				s.Idle(10 * time.Millisecond)
			}
			s.returned(done)
			s.succeeds(s.boss(), may...)
			for _, b := range bosses {
				b.client.Close() // one that was overtaken may ask for ever
			}
			s.more(s.user())
		}
		s.closes(t)
	}
}

// returned waits until all controllers have done what they were about, or have had the time for it.
func (s *service) returned(done []<-chan struct{}) {
	end := s.env.Now() + patience
	for _, d := range done {
		s.env.Await(d, max(0, end-s.env.Now()))
	}
}

// comesBack cuts a controller off that waits for a group which is down, and lets it come back when
// another one has made its change and the next: what it says then is old.
func comesBack(e *tester.Env) {
	s := serve(e, layout{groups: 3, maxState: bySeed(e)})
	s.fill()
	t := s.traffic(3, 25, kit.Mix{Think: 300 * time.Millisecond})
	for _, down := range []int{2, 3, 2} {
		to := s.either(down)
		open := s.shut(down)
		old, heir := s.takesOver(), s.boss()
		done := old.changing(to)
		e.Sleep(time.Second)
		old.client.Reach()
		open()
		s.succeeds(heir, to)
		heir.changes(s.either(5 - down))
		s.more(s.user())
		old.client.ReachAll()
		s.more(s.user())
		e.Await(done, patience)
		s.is(s.takesOver(), s.now)
		old.client.Close()
	}
	s.closes(t)
}

// cutOff cuts controllers off at any moment of a change, and has them come back at any moment of
// the next one.
func cutOff(net tester.Options, users int) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{maxState: bySeed(e), net: net})
		s.fill()
		took := s.measured()
		t := s.traffic(users, 20, kit.Mix{Think: 300 * time.Millisecond})
		for range 5 {
			before, to := s.now, s.either(2)
			old, heir := s.takesOver(), s.boss()
			done := old.changing(to)
			s.Idle(took)
			old.client.Reach()
			s.succeeds(heir, before, to)
			may := []shardapi.Placement{s.either(3)}
			if s.now.Equal(before) {
				may = append(may, to) // they are equals
			}
			next := heir.changing(may[0])
			s.Idle(took)
			old.client.ReachAll()
			s.returned([]<-chan struct{}{next, done})
			s.succeeds(s.boss(), may...)
			old.client.Close()
			heir.client.Close()
			s.more(s.user())
		}
		s.closes(t)
	}
}

// swarm has controllers die and be cut off, and servers crash and be cut off, while users work.
func swarm(e *tester.Env) {
	r := e.Rand()
	s := serve(e, layout{maxState: []int{0, 1000}[r.IntN(2)], net: tester.Options{Unreliable: r.IntN(2) == 0}})
	t := s.traffic(4, 24, kit.Mix{Think: 300 * time.Millisecond})
	anyOf := func() int { return 1 + r.IntN(s.N()-1) }
	mishaps := []func(){
		func() { faults.Crash.On(s, anyOf()) },
		func() { s.HealAll(); faults.CutOff.On(s, anyOf()) },
		func() { faults.Mute.On(s, anyOf()) },
		func() { s.shut(1 + r.IntN(s.layout.groups))() },
		func() { faults.LateReplies.Either(s, r.IntN(2) == 0) },
	}
	for range 6 {
		before, to := s.now, s.either(2+r.IntN(2))
		b := s.takesOver()
		done := b.changing(to)
		for range 2 {
			mishaps[r.IntN(len(mishaps))]()
			s.Idle(300 * time.Millisecond)
		}
		dies := r.IntN(2) == 0
		if dies {
			b.client.Close()
		}
		s.mended()
		if !dies {
			b.ends(done, "make "+text(to))
		}
		s.succeeds(s.boss(), before, to)
	}
	s.closes(t)
}
