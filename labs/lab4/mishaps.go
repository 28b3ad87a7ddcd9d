package lab4

import (
	"time"

	"raftlab/tester"
)

// mishaps are what can happen to a sharded service in a swarm. Each lasts until the next one, or until all is mended.
// The controller keeps a majority that can be reached by the chief: what happens to it has cases of its own.
var mishaps = []func(s *service){
	func(s *service) { s.Crash(s.aLeader()) },
	func(s *service) { s.Crash(s.aServer()) },
	func(s *service) { // a group, all at once
		group := s.aGroup()
		s.crashGroup(group)
		s.pause(100 * time.Millisecond)
		s.restartGroup(group)
	},
	func(s *service) { s.CrashAtPersist(s.aLeader(), 1+s.env.Rand().IntN(4)) },
	func(s *service) { // the controller's leader
		leader := s.groups.LeaderOf(0)
		s.Crash(leader)
		s.pause(100 * time.Millisecond)
		s.Restart(leader)
	},
	func(s *service) { s.HealAll(); s.Disconnect(s.aLeader()) },
	func(s *service) { // a leader that hears everybody and is heard by nobody
		mute := s.aLeader()
		s.Links(func(from, _ int) bool { return from != mute })
	},
	func(s *service) { // a group that hears nothing of the controller
		group := s.aGroup()
		s.Links(func(from, to int) bool {
			a, b := s.groups.GroupOf(from), s.groups.GroupOf(to)
			return a != group && b != group || a != 0 && b != 0
		})
	},
	func(s *service) { // groups that hear nothing of each other
		s.Links(func(from, to int) bool {
			a, b := s.groups.GroupOf(from), s.groups.GroupOf(to)
			return a == b || a == 0 || b == 0
		})
	},
	func(s *service) { // every server on one side or the other, but the controller
		side := map[int]bool{}
		for i := s.sizes[0]; i < s.N(); i++ {
			side[i] = s.env.Rand().IntN(2) == 0
		}
		s.Links(func(from, to int) bool {
			a, b := s.groups.GroupOf(from), s.groups.GroupOf(to)
			return a == 0 || b == 0 || side[from] == side[to]
		})
	},
	func(s *service) { s.Network().Reliable(s.env.Rand().IntN(2) == 0) },
	func(s *service) { s.Network().LongReordering(s.env.Rand().IntN(2) == 0) },
	func(s *service) { s.Network().Duplicates(s.env.Rand().IntN(2) == 0) },
}

func (s *service) aGroup() int { return 1 + s.env.Rand().IntN(s.layout.groups) }

func (s *service) aServer() int { return s.sizes[0] + s.env.Rand().IntN(s.N()-s.sizes[0]) }

// aLeader returns the server of some group that leads as far as it knows, or any.
func (s *service) aLeader() int {
	order := s.mixed(s.groups.Members(s.aGroup()))
	for _, i := range order {
		if _, leads := s.State(i); leads {
			return i
		}
	}
	return order[0]
}

// swarmOfAll takes some of all mishaps, drawn by the seed, while configurations change.
func swarmOfAll(e *tester.Env) {
	r := e.Rand()
	s := serve(e, layout{reads: bySeed(e), maxState: []int{0, 1000}[r.IntN(2)]})
	s.join(1, 2)
	t := s.traffic(demand{users: 5, each: 24, reads: 50, puts: 15, think: 400 * time.Millisecond})
	chosen := r.Perm(len(mishaps))[:2+r.IntN(4)]
	for range 8 {
		mishaps[chosen[r.IntN(len(chosen))]](s)
		s.pause(300 * time.Millisecond)
		s.changes(t, 2, 200*time.Millisecond)
		if r.IntN(2) == 0 {
			s.mended()
		}
	}
	s.closes(t)
	if s.layout.maxState > 0 {
		s.bounded()
	}
}
