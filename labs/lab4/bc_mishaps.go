package lab4

import (
	"time"

	"raftlab/labs/kit"
	"raftlab/tester"
	"raftlab/tester/faults"
	"raftlab/tester/topology"
)

// mishaps are what can happen to a sharded service in a swarm. Each lasts until the next one, or
// until all is mended. The controller keeps a majority that can be reached by the chief: what
// happens to it has cases of its own.
var mishaps = []func(s *service){
	func(s *service) { faults.Crash.On(s, s.aLeader()) },
	func(s *service) { faults.Crash.On(s, s.aServer()) },
	func(s *service) { // a group, all at once
		group := s.groups.Members(s.aGroup())
		s.CrashAll(group)
		s.Idle(100 * time.Millisecond)
		s.RestartAll(group)
	},
	func(s *service) { leader := s.aLeader(); faults.CrashWriting(1+s.env.Rand().IntN(4)).On(s, leader) },
	func(s *service) { // the controller's leader
		restart := faults.Crash.On(s, s.groups.LeaderOf(0))
		s.Idle(100 * time.Millisecond)
		restart()
	},
	func(s *service) { s.HealAll(); faults.CutOff.On(s, s.aLeader()) },
	func(s *service) { faults.Mute.On(s, s.aLeader()) },
	func(s *service) { // a group that hears nothing of the controller
		group := s.aGroup()
		s.Links(topology.Unguided(s.rolesOf(group)))
	},
	func(s *service) { s.Links(topology.Strangers(s.rolesOf(1))) },
	func(s *service) { // every server on one side or the other, but the controller
		var sides [2][]int
		for i := s.sizes[0]; i < s.N(); i++ {
			side := s.env.Rand().IntN(2)
			sides[side] = append(sides[side], i)
		}
		s.Links(topology.Sides(sides[0], sides[1]))
	},
	func(s *service) { faults.Loss.Either(s, s.env.Rand().IntN(2) == 1) },
	func(s *service) { faults.LateReplies.Either(s, s.env.Rand().IntN(2) == 0) },
	func(s *service) { faults.Duplicates.Either(s, s.env.Rand().IntN(2) == 0) },
}

// rolesOf are the servers of all groups, one group first and the controller last.
func (s *service) rolesOf(first int) (groups [][]int) {
	groups = append(groups, s.groups.Members(first))
	for group := range s.layout.groups {
		if group+1 != first {
			groups = append(groups, s.groups.Members(group+1))
		}
	}
	return append(groups, s.groups.Members(0))
}

func (s *service) aGroup() int { return 1 + s.env.Rand().IntN(s.layout.groups) }

func (s *service) aServer() int { return s.sizes[0] + s.env.Rand().IntN(s.N()-s.sizes[0]) }

// aLeader returns the server of some group that leads as far as it knows, or any.
func (s *service) aLeader() int { return s.LeaderIn(s.groups.Members(s.aGroup())) }

// swarmOfAll takes some of all mishaps, drawn by the seed, while configurations change.
func swarmOfAll(e *tester.Env) {
	r := e.Rand()
	s := serve(e, layout{reads: bySeed(e), maxState: []int{0, 1000}[r.IntN(2)]})
	s.join(1, 2)
	t := s.traffic(kit.Mix{Users: 5, Each: 24, Reads: 50, Puts: 15, Think: 400 * time.Millisecond})
	chosen := r.Perm(len(mishaps))[:2+r.IntN(4)]
	for range 8 {
		mishaps[chosen[r.IntN(len(chosen))]](s)
		s.Idle(300 * time.Millisecond)
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
