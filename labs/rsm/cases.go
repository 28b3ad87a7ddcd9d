package rsm

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

const maxRaftState = 1000

// oneByOne has one hand carry out some notes while nothing fails.
func oneByOne(e *tester.Env) {
	s := start(e, setup{})
	s.hand().carries(20)
	s.closes()
}

// together has many wait at one leader.
func together(e *tester.Env) {
	s := start(e, setup{})
	hands := s.crowd(50)
	for range 3 {
		leader := s.Leader()
		for _, h := range hands {
			h.at = leader
		}
		s.load(mix{each: 1}, hands...).finish()
	}
	s.closes()
}

// onlyLeaders submits at followers.
func onlyLeaders(e *tester.Env) {
	s := start(e, setup{})
	h := s.hand()
	h.carries(1)
	hands := s.crowd(4)
	leader := s.Leader()
	for _, follower := range s.others(leader) {
		term, before := s.Term(), s.last
		w := s.submits(follower, hands...)
		s.returned(w, follower, "it was asked, although it does not lead")
		if s.Term() != term {
			continue // another election, which it may have won
		}
		if w.ended(kvapi.OK) {
			s.fail(tester.RuleWrongAnswer, []int{follower}, "Submit at server %d returned OK, although server %d leads term %d", follower, leader, term)
		}
		h.carries(3)
		for number := before + 1; number <= before+len(hands); number++ {
			s.mu.Lock()
			at := s.place[number]
			s.mu.Unlock()
			if at != 0 {
				s.fail(tester.RuleWrongAnswer, []int{follower}, "note %d was submitted at server %d, which does not lead, and was executed as operation %d",
					number, follower, at)
			}
		}
	}
	s.closes()
}

// leaderCrashes crashes one leader after the other while hands are at work.
func leaderCrashes(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(mix{each: 15, think: 60 * time.Millisecond}, s.crowd(4)...)
	for range 4 {
		leader := s.Leader()
		e.Sleep(time.Duration(e.Rand().Int64N(int64(150 * time.Millisecond))))
		s.Crash(leader)
		e.Sleep(time.Duration(e.Rand().Int64N(int64(500 * time.Millisecond))))
		s.Restart(leader)
	}
	s.closes(l)
}

// cutOff leaves a leader alone with those who wait at it, while the others go on.
func cutOff(e *tester.Env) {
	s := start(e, setup{servers: 5})
	waiters, h := s.crowd(10), s.hand()
	h.carries(2)
	for range 2 {
		old := s.Leader()
		s.Disconnect(old)
		w := s.submits(old, waiters...)
		e.Sleep(300 * time.Millisecond)
		h.at = s.Leader()
		h.carries(5)
		e.Sleep(2 * time.Second)
		if w.ended(kvapi.OK) {
			s.fail(tester.RuleUnwantedCommit, []int{old}, "Submit at server %d returned OK while it reached no other server", old)
		}
		s.Connect(old)
		s.returned(w, old, "the network is whole again, in which another server leads")
	}
	s.closes()
}

// anothersPlace deposes a leader that has one note in its log, and puts another one in the same
// place.
func anothersPlace(e *tester.Env) {
	s := start(e, setup{})
	waiter, h := s.hand(), s.hand()
	h.carries(1)
	for range 4 {
		old := s.Leader()
		s.Disconnect(old)
		w := s.submits(old, waiter)
		e.Sleep(50 * time.Millisecond)
		h.at = s.Leader()
		h.carries(1)
		s.Connect(old)
		s.returned(w, old, "the network is whole again, in which another server leads")
	}
	s.closes()
}

// replay restarts all servers, again and again.
func replay(e *tester.Env) {
	s := start(e, setup{})
	h := s.hand()
	for range 3 {
		h.carries(10)
		s.restartAll()
	}
	s.closes()
}

// shutDown kills a server at which operations wait that cannot be carried out.
func shutDown(e *tester.Env) {
	s := start(e, setup{})
	waiters, h := s.crowd(20), s.hand()
	h.carries(2)
	leader := s.Leader()
	for _, other := range s.others(leader) {
		s.Crash(other)
	}
	var done []<-chan struct{}
	for range waiters {
		number := s.next()
		done = append(done, s.Enter(leader, func(replica tester.Server) { replica.(kvapi.Replica).Submit(Note{number}) }))
	}
	e.Sleep(20 * time.Millisecond)
	s.Crash(leader)
	if s.made.First.Unkilled {
		e.NotChecked(tester.RuleNoProgress, "that Submit returns when the server is killed: servers of this year are processes, which end with all that waits in them")
	} else {
		s.returned(&waiting{done: done}, leader, "it was killed")
	}
	s.closes()
}

// shortLog carries out much more than maxraftstate has room for; and a little that it must not take
// snapshots of.
func shortLog(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	s.load(mix{each: 40, think: 2 * time.Millisecond}, s.crowd(4)...).finish()
	s.snapshotted()
	s.closes()
	s.bounded()
	s.Shutdown()

	s = start(e, setup{})
	s.hand().carries(40)
	for i := range s.N() {
		if size := s.SnapshotSize(i); size > 0 {
			s.fail(tester.RuleSnapshot, []int{i}, "server %d has a snapshot of %d bytes, although maxraftstate is -1: never take one", i, size)
		}
	}
}

// restored restarts all servers from their snapshots.
func restored(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	for range 3 {
		s.load(mix{each: 12, think: time.Millisecond}, s.crowd(4)...).finish()
		s.snapshotted()
		s.restartAll()
	}
	s.closes()
	s.bounded()
}

// leftBehind keeps a server away until the others have only a snapshot for it, and then makes them
// depend on it.
func leftBehind(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	h := s.hand()
	for range 2 {
		h.carries(5)
		rest := s.shuffled(s.Leader())
		behind, other := rest[0], rest[1]
		s.Disconnect(behind)
		h.carries(60)
		s.Connect(behind)
		s.Crash(other)
		h.carries(5)
		s.Restart(other)
	}
	s.closes()
}

// swarm has hands at work under some of all faults.
func swarm(e *tester.Env) {
	r := e.Rand()
	s := start(e, setup{servers: 3 + 2*r.IntN(2), maxState: []int{0, maxRaftState}[r.IntN(2)]})
	faults := []func(){
		func() { order := s.shuffled(); s.Partition(order[:s.N()/2], order[s.N()/2:]) },
		func() { s.HealAll(); s.Disconnect(s.shuffled()[0]) },
		func() { mute := s.shuffled()[0]; s.Links(func(from, _ int) bool { return from != mute }) },
		func() { s.Crash(s.shuffled()[0]) },
		s.restartAll,
		func() { s.Network().Reliable(r.IntN(2) == 0) },
		func() { s.Network().LongReordering(r.IntN(2) == 0) },
	}
	l := s.load(mix{each: 15, think: 150 * time.Millisecond}, s.crowd(5)...)
	chosen := r.Perm(len(faults))[:2+r.IntN(3)]
	kit.Swarm(s, 8, func() { faults[chosen[r.IntN(len(chosen))]]() })
	s.closes(l)
}
