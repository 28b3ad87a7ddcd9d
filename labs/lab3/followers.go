package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

// Part 3D: reads at any server. A follower asks the leader how far it has to have applied, and
// waits for that.

// atFollower reads at one follower what has just been written at the leader. The follower has not
// heard yet that the entry is committed: it has to wait until it has applied it.
func atFollower(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	w, r := s.user(), s.user()
	w.Must("write", func() { w.Put("x", s.Value()) })
	follower := s.Shuffled(s.Leader())[0]
	r.Client.Reach(follower)
	for range 15 {
		value := s.Value()
		w.Must("write", func() { w.Put("x", value) })
		r.Must("read at a follower", func() { r.Get("x") })
		s.Idle(30 * time.Millisecond)
	}
	s.judge()
}

// onTheWay has several clients read at one follower all the time while messages take long, so that
// there is always a request for a read index on its way. A read may share a request, but not one
// that began before it did: the leader may have taken the index before the last write was complete.
//
//	follower  --- request ---------------------------- index 7 ---> looks at 7
//	leader         \-> index 7 --- confirmed ---------/
//	writer                   write 8: done
//	second reader                           begins: 7 is too old
func onTheWay(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	leader := s.Leader()
	follower := s.Shuffled(leader)[0]
	w := s.userOf(leader)
	s.Network().Latency(5*time.Millisecond, 45*time.Millisecond)
	stop, done, readers := make(chan struct{}), []<-chan struct{}{}, []*user{}
	for range 6 {
		r := s.userOf(follower)
		readers, done = append(readers, r), append(done, r.Goes(func() { r.readWithPauses(stop, "x", 200*time.Millisecond) }))
	}
	number := 0
	written := w.Goes(func() {
		for range 30 {
			select {
			case <-stop:
				return
			default:
			}
			number++
			w.Set("x", kit.ValueOf(number))
		}
	})
	e.Await(written, 10*time.Second) // peers that have another leader meanwhile keep this writer waiting
	close(stop)
	s.Network().Latency(0, 0)
	s.healed()
	w.Ends(written)
	for i, d := range done {
		readers[i].Ends(d)
	}
	s.judge()
}

// readsAreSpread counts who answers: to read at followers is to take work off the leader.
func readsAreSpread(e *tester.Env) {
	const gets = 20
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	us := s.crowd(4)
	us[0].Must("write", func() { us[0].Put("x", s.Value()) })
	before := make([]int, s.N())
	for i := range before {
		before[i] = s.Served(i)
	}
	for _, u := range us {
		u.Must("read", func() {
			for range gets {
				u.Get("x")
			}
		})
	}
	all := 0
	for i := range before {
		before[i] = s.Served(i) - before[i]
		all += before[i]
	}
	for i, n := range before {
		if 10*n < all {
			s.Fail(tester.RuleCostlyRead, []int{i}, "%d clients read %d times each; servers 0 to %d got %v requests: server %d has hardly any, so the others do its work",
				len(us), gets, s.N()-1, before, i)
		}
	}
	s.judge()
}

// followerCutOff leaves a client alone with a server that reaches nobody. It cannot know what is
// new, so it must not answer; when it is back it answers soon.
func followerCutOff(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	w, r := s.user(), s.user()
	for range 4 {
		w.Must("write", func() { w.Put("x", s.Value()) })
		alone := s.Shuffled(s.Leader())[0]
		r.Client.Reach(alone)
		r.Must("read", func() { r.Get("x") })
		s.Disconnect(alone)
		done := r.Goes(func() { r.Get("x"); r.Get("x") })
		s.Idle(100 * time.Millisecond)
		w.Client.Reach(s.Others(alone)...)
		w.Must("write", func() { w.Put("x", s.Value()) })
		s.Idle(time.Second)
		s.healed()
		if limit := 10 * time.Second; !e.Await(done, limit) {
			s.Fail(tester.RuleTooSlow, []int{alone}, "server %d reaches the others again, but %v later a client that can only reach it still waits for %s",
				alone, limit, r.Doing())
		}
	}
	s.judge()
}

// followerBehind keeps a server away for so long that it has to install a snapshot, and asks it
// as soon as it is back.
func followerBehind(maxState int) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: kvapi.ReadIndexFollower, maxState: maxState})
		w, r := s.user(), s.user()
		for range 3 {
			w.fill(3)
			behind := s.Shuffled(s.Leader())[0]
			s.Disconnect(behind)
			w.Client.Reach(s.Others(behind)...)
			w.fill(50)
			r.Client.Reach(behind)
			s.Connect(behind)
			r.Must("read at a server that is far behind", func() {
				for i := range 4 {
					r.Get(kit.Letter(i))
				}
			})
			s.healed()
		}
		s.judge()
	}
}

// leaderGoes has followers ask a leader that has just gone. They must not wait for its answer,
// which can take seven seconds not to come, but ask the next one as soon as they know of it.
func leaderGoes(e *tester.Env) {
	const limit = 1500 * time.Millisecond
	s := start(e, setup{reads: kvapi.ReadIndexFollower, net: tester.Options{LongDelays: true}})
	for range 4 {
		old := s.Leader()
		rest := s.Others(old)
		stop := make(chan struct{})
		readers, done := []*user{}, []<-chan struct{}{}
		for range 3 {
			r := s.userOf(rest...)
			readers, done = append(readers, r), append(done, r.Goes(func() { r.readUntil(stop, "x") }))
		}
		w := s.userOf(rest...)
		s.Idle(50 * time.Millisecond)
		if e.Rand().IntN(2) == 0 {
			s.Crash(old)
		} else {
			s.Disconnect(old)
		}
		s.LeaderAmong(rest)
		value := s.Value()
		w.Must("write", func() { w.Put("x", value) })
		close(stop)
		for i, d := range done {
			if !e.Await(d, limit) {
				s.Fail(tester.RuleTooSlow, nil, "there is a new leader, but %v later client %d still waits for %s: a follower has to give up on a leader that has changed",
					limit, readers[i].Client.Number(), readers[i].Doing())
			}
		}
		s.healed()
		s.Network().LongDelays(true)
	}
	s.judge()
}
