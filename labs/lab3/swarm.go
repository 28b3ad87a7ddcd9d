package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/tester"
)

// A swarm is a case that takes some of all faults, drawn by the seed. A history with every fault in it
// is mostly waiting; one with two or three kinds goes further into each (Groce et al., Swarm Testing, 2012).

// faults that a swarm can choose from. Each does something to the service, which lasts until the next one.
var faults = []func(s *service){
	func(s *service) { // halves
		order := s.shuffled()
		s.Partition(order[:s.N()/2], order[s.N()/2:])
	},
	func(s *service) { s.HealAll(); s.Disconnect(s.anyLeader()) },
	func(s *service) { s.HealAll(); s.Disconnect(s.shuffled()[0]) },
	func(s *service) { // one way only
		mute := s.anyLeader()
		s.Links(func(from, _ int) bool { return from != mute })
	},
	func(s *service) { // a ring
		order := s.shuffled()
		place := make([]int, s.N())
		for at, i := range order {
			place[i] = at
		}
		s.Links(func(from, to int) bool {
			d := (place[from] - place[to] + s.N()) % s.N()
			return d == 1 || d == s.N()-1
		})
	},
	func(s *service) { // two groups that share one server
		order := s.shuffled()
		place := make([]int, s.N())
		for at, i := range order {
			place[i] = at
		}
		middle := s.N() / 2
		s.Links(func(from, to int) bool {
			a, b := place[from], place[to]
			return a == middle || b == middle || (a < middle) == (b < middle)
		})
	},
	func(s *service) { s.Crash(s.anyLeader()) },
	func(s *service) { s.Crash(s.shuffled()[0]) },
	func(s *service) { s.restartAll() },
	func(s *service) { s.Network().Reliable(s.env.Rand().IntN(2) == 0) },
	func(s *service) { s.Network().LongReordering(s.env.Rand().IntN(2) == 0) },
	func(s *service) { s.Network().Duplicates(s.env.Rand().IntN(2) == 0) },
	func(s *service) { // clients see different servers
		for _, u := range s.users {
			order := s.shuffled()
			u.client.Reach(order[:1+s.env.Rand().IntN(s.N())]...)
		}
	},
}

// anyLeader returns a server that believes it leads, or any server.
func (s *service) anyLeader() int {
	order := s.shuffled()
	for _, i := range order {
		if _, leads := s.State(i); leads {
			return i
		}
	}
	return order[0]
}

// swarm is a mixed load under some of all faults.
func swarm(reads kvapi.ReadPath, maxState int) func(*tester.Env) {
	return func(e *tester.Env) {
		r := e.Rand()
		s := start(e, setup{servers: 3 + 2*r.IntN(2), reads: reads, maxState: maxState, catchUp: r.IntN(2) == 0})
		l := s.load(mix{users: 5, each: 20, keys: 2, reads: 50, puts: 15, think: 150 * time.Millisecond})
		chosen := r.Perm(len(faults))[:2+r.IntN(4)]
		for range 10 {
			faults[chosen[r.IntN(len(chosen))]](s)
			e.Sleep(50*time.Millisecond + time.Duration(r.Int64N(int64(400*time.Millisecond))))
			if r.IntN(3) == 0 {
				s.HealAll()
			}
			for i := range s.N() {
				if !s.Running(i) && r.IntN(2) == 0 {
					s.Restart(i)
				}
			}
		}
		s.ends(l)
		if maxState > 0 {
			s.bounded()
		}
	}
}
