package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
	"raftlab/tester/faults"
)

// A swarm is a case that takes some of all faults, drawn by the seed. A history with every fault in
// it is mostly waiting; one with two or three kinds goes further into each (Groce et al., Swarm
// Testing, 2012).

// strikes that a swarm can choose from. Each does something to the service, which lasts until the
// next one.
var strikes = []func(s *service){
	func(s *service) { faults.Halves.On(s, s.Shuffled()...) },
	func(s *service) { s.HealAll(); faults.CutOff.On(s, s.AnyLeader()) },
	func(s *service) { s.HealAll(); faults.CutOff.On(s, s.Shuffled()[0]) },
	func(s *service) { faults.Mute.On(s, s.AnyLeader()) },
	func(s *service) { faults.Ring.On(s, s.Shuffled()...) },
	func(s *service) { faults.Bridge.On(s, s.Shuffled()...) },
	func(s *service) { faults.Crash.On(s, s.AnyLeader()) },
	func(s *service) { faults.Crash.On(s, s.Shuffled()[0]) },
	func(s *service) { s.restartAll() },
	func(s *service) { faults.Loss.Either(s, s.env.Rand().IntN(2) == 1) },
	func(s *service) { faults.LateReplies.Either(s, s.env.Rand().IntN(2) == 0) },
	func(s *service) { faults.Duplicates.Either(s, s.env.Rand().IntN(2) == 0) },
	func(s *service) { // clients see different servers
		for _, u := range s.users {
			order := s.Shuffled()
			u.Client.Reach(order[:1+s.env.Rand().IntN(s.N())]...)
		}
	},
}

// swarm is a mixed load under some of all faults.
func swarm(reads kvapi.ReadPath, maxState int) func(*tester.Env) {
	return func(e *tester.Env) {
		r := e.Rand()
		s := start(e, setup{servers: 3 + 2*r.IntN(2), reads: reads, maxState: maxState, catchUp: r.IntN(2) == 0})
		l := s.load(kit.Mix{Users: 5, Each: 20, Keys: kit.Letters(2), Reads: 50, Puts: 15, Think: 150 * time.Millisecond})
		chosen := r.Perm(len(strikes))[:2+r.IntN(4)]
		kit.Swarm(s, 10, func() { strikes[chosen[r.IntN(len(chosen))]](s) })
		s.ends(l)
		if maxState > 0 {
			s.bounded()
		}
	}
}
