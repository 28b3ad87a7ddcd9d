package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Part 3D: reads at any server. A follower asks the leader how far it has to have applied, and waits for
// that.

// atFollower reads at one follower what has just been written at the leader. The follower has not heard
// yet that the entry is committed: it has to wait until it has applied it.
func atFollower(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	w, r := s.user(), s.user()
	w.must("write", func() { w.put("x", s.value()) })
	follower := s.shuffled(s.Leader())[0]
	r.client.Reach(follower)
	for range 15 {
		value := s.value()
		w.must("write", func() { w.put("x", value) })
		r.must("read at a follower", func() { r.get("x") })
		s.pause(30 * time.Millisecond)
	}
	s.judge()
}

// onTheWay has several clients read at one follower all the time while messages take long, so that there is always a
// request for a read index on its way. A read may share a request, but not one that began before it did:
// the leader may have taken the index before the last write was complete.
//
//	follower  --- request ---------------------------- index 7 ---> looks at 7
//	leader         \-> index 7 --- confirmed ---------/
//	writer                   write 8: done
//	second reader                           begins: 7 is too old
func onTheWay(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	leader := s.Leader()
	follower := s.shuffled(leader)[0]
	w := s.userOf(leader)
	s.Network().Latency(5*time.Millisecond, 45*time.Millisecond)
	stop, done, readers := make(chan struct{}), []<-chan struct{}{}, []*user{}
	for range 6 {
		r := s.userOf(follower)
		readers, done = append(readers, r), append(done, r.goes(func() { r.readWithPauses(stop, "x", 200*time.Millisecond) }))
	}
	number := 0
	written := w.goes(func() {
		for range 30 {
			number++
			w.set("x", valueOf(number))
		}
	})
	e.Await(written, 10*time.Second) // peers that have another leader meanwhile keep this writer waiting
	close(stop)
	s.Network().Latency(0, 0)
	s.healed()
	for i, d := range done {
		readers[i].ended(d)
	}
	s.judge()
}

// readsAreSpread counts who answers: to read at followers is to take work off the leader.
func readsAreSpread(e *tester.Env) {
	const gets = 20
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	us := s.crowd(4)
	us[0].must("write", func() { us[0].put("x", s.value()) })
	before := make([]int, s.N())
	for i := range before {
		before[i] = s.Served(i)
	}
	for _, u := range us {
		u.must("read", func() {
			for range gets {
				u.get("x")
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
			s.fail(tester.RuleCostlyRead, []int{i}, "%d clients read %d times each; servers 0 to %d got %v requests: server %d has hardly any, so the others do its work",
				len(us), gets, s.N()-1, before, i)
		}
	}
	s.judge()
}

// followerCutOff leaves a client alone with a server that reaches nobody. It cannot know what is new, so it must
// not answer; when it is back it answers soon.
func followerCutOff(e *tester.Env) {
	s := start(e, setup{reads: kvapi.ReadIndexFollower})
	w, r := s.user(), s.user()
	for range 4 {
		w.must("write", func() { w.put("x", s.value()) })
		alone := s.shuffled(s.Leader())[0]
		r.client.Reach(alone)
		r.must("read", func() { r.get("x") })
		s.Disconnect(alone)
		done := r.goes(func() { r.get("x"); r.get("x") })
		s.pause(100 * time.Millisecond)
		w.client.Reach(s.others(alone)...)
		w.must("write", func() { w.put("x", s.value()) })
		s.pause(time.Second)
		s.healed()
		if limit := 10 * time.Second; !e.Await(done, limit) {
			s.fail(tester.RuleTooSlow, []int{alone}, "server %d reaches the others again, but %v later a client that can only reach it still waits for %s",
				alone, limit, r.doing.Load())
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
			behind := s.shuffled(s.Leader())[0]
			s.Disconnect(behind)
			w.client.Reach(s.others(behind)...)
			w.fill(50)
			r.client.Reach(behind)
			s.Connect(behind)
			r.must("read at a server that is far behind", func() {
				for i := range 4 {
					r.get(key(i))
				}
			})
			s.healed()
		}
		s.judge()
	}
}

// leaderGoes has followers ask a leader that has just gone. They must not wait for its answer, which can take
// seven seconds not to come, but ask the next one as soon as they know of it.
func leaderGoes(e *tester.Env) {
	const limit = 1500 * time.Millisecond
	s := start(e, setup{reads: kvapi.ReadIndexFollower, net: tester.Options{LongDelays: true}})
	for range 4 {
		old := s.Leader()
		rest := s.others(old)
		stop := make(chan struct{})
		readers, done := []*user{}, []<-chan struct{}{}
		for range 3 {
			r := s.userOf(rest...)
			readers, done = append(readers, r), append(done, r.goes(func() { r.readUntil(stop, "x") }))
		}
		w := s.userOf(rest...)
		s.pause(50 * time.Millisecond)
		if e.Rand().IntN(2) == 0 {
			s.Crash(old)
		} else {
			s.Disconnect(old)
		}
		s.LeaderAmong(rest)
		value := s.value()
		w.must("write", func() { w.put("x", value) })
		close(stop)
		for i, d := range done {
			if !e.Await(d, limit) {
				s.fail(tester.RuleTooSlow, nil, "there is a new leader, but %v later client %d still waits for %s: a follower has to give up on a leader that has changed",
					limit, readers[i].client.Number(), readers[i].doing.Load())
			}
		}
		s.healed()
		s.Network().LongDelays(true)
	}
	s.judge()
}
