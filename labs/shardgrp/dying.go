package shardgrp

import (
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4E, controllers that die: whoever comes next brings their change to its end, or it never
// happened.

// waits keeps a group down that is to join, and then the one that is to leave. The controller waits
// for it, and users with it; once the group is there, all go on.
func waits(e *tester.Env) {
	s := serve(e, layout{groups: 2, maxState: bySeed(e)})
	s.fill()
	for _, change := range []struct {
		down int
		to   func() shardapi.Placement
	}{{2, func() shardapi.Placement { return s.with(2) }}, {1, func() shardapi.Placement { return s.without(1) }}} {
		to := change.to()
		open := s.shut(change.down)
		changed := s.first().changing(to)
		e.Sleep(500 * time.Millisecond)
		var users []user
		var done []<-chan struct{}
		for shard := range shardapi.NMoved {
			u, value := s.user(), s.Value()
			users, done = append(users, u), append(done, u.Goes(func() { u.Append(keyOf(shard), value) }))
		}
		e.Sleep(time.Second)
		open()
		s.first().ends(changed, "make "+text(to))
		s.now = to
		for i, u := range users {
			u.EndsWithin(tester.ProgressLimit, done[i])
		}
	}
	s.closes()
}

// stuck has a controller wait for a group that is down, and die. The next one knows what it was
// about.
func stuck(e *tester.Env) {
	s := serve(e, layout{groups: 3, maxState: bySeed(e)})
	s.fill()
	for _, down := range []int{2, 3, 2} {
		to := s.either(down)
		open := s.shut(down)
		b := s.takesOver()
		b.changing(to)
		e.Sleep(time.Second)
		b.client.Close()
		open()
		s.succeeds(s.boss(), to)
		s.more(s.user())
	}
	s.closes()
}

// takesOver has a new controller take over, while nobody has left anything to be finished.
func (s *service) takesOver() *boss {
	b := s.boss()
	b.inits()
	return b
}

// succeeds has a controller take over after one that may have been about to make one of these
// placements, and fails the case unless one of them is the present one then.
func (s *service) succeeds(b *boss, may ...shardapi.Placement) {
	b.inits()
	s.is(b, may...)
}

// is fails the case unless one of these placements is the present one.
func (s *service) is(b *boss, may ...shardapi.Placement) {
	is := b.query()
	for _, p := range may {
		if is.Equal(p) {
			s.now = is
			return
		}
	}
	wanted := ""
	for _, p := range may {
		wanted += "\n  " + text(p)
	}
	s.Fail(tester.RuleWrongAnswer, nil, "Query by a controller that has taken over returns %s; what may be are %s", text(is), wanted)
}

// measured has a group join and leave, which takes a while.
func (s *service) measured() time.Duration {
	began := s.env.Now()
	s.join(2)
	s.leave(2)
	return (s.env.Now() - began) / 2
}

// die has controllers die at any moment of a change, up to several one after the other, while users
// work.
func die(net tester.Options, heirs int) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{maxState: bySeed(e), net: net})
		s.fill()
		took := s.measured()
		t := s.traffic(3, 25, kit.Mix{Think: 300 * time.Millisecond})
		const rounds = 6
		for round := range rounds {
			before, to := s.now, s.either(2+e.Rand().IntN(2))
			b := s.takesOver()
			b.changing(to)
			// The rounds divide the time of a change among them, so that each step of it is
			// somebody's last.
			e.Sleep(took*time.Duration(round)/rounds + time.Duration(e.Rand().Int64N(int64(took/rounds)+1)))
			b.client.Close()
			for range heirs {
				heir := s.boss()
				heir.begins("take over (InitController)", heir.mover.Init)
				s.Idle(took)
				heir.client.Close()
			}
			s.succeeds(s.boss(), before, to)
			s.more(s.user())
		}
		s.closes(t)
	}
}
