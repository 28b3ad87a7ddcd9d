package lab4

import (
	"fmt"
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4B, while the controller fails. Groups have to keep what they have been given, and to get on
// with what has begun.

// controllerDies crashes the controller's leader exactly after some write of it while it makes a
// new configuration. When the next one is asked, the change is made once, and shards end up where
// it says.
func controllerDies(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1)
	s.fill(allKeys)
	t := s.traffic(kit.Mix{Users: 3, Each: 20, Reads: 40, Puts: 20, Think: 200 * time.Millisecond})
	for round := range 4 {
		leader := s.groups.LeaderOf(0)
		crashed := s.CrashAtPersist(leader, 1+round/2)
		if round%2 == 0 {
			s.join(2, 3)
		} else {
			s.leave(2, 3)
		}
		e.Await(crashed, 300*time.Millisecond)
		s.Idle(300 * time.Millisecond)
		s.Restart(leader)
	}
	s.closes(t)
}

// withoutController takes the whole controller down. Nobody needs it to serve what he has, nor to
// find it, as long as all is where it was. (The groups stay well: a clerk that gets no answer may
// look for a newer configuration, and wait.)
func withoutController(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1)
	u := s.fill(allKeys)
	s.join(2, 3)
	e.Sleep(handOver) // all have heard of it
	u.Must("read", func() {
		for _, key := range allKeys {
			u.Get(key)
		}
	})
	s.CrashAll(s.groups.Members(0))
	for round := range 3 {
		value := s.Value()
		u.Must("go on without the controller", func() {
			for _, key := range allKeys {
				u.Append(key, value+fmt.Sprintf("[%d %s]", round, key))
			}
		})
	}
	s.closes()
}

// fenced leaves a group and some clients with a server of the controller that is cut off from the
// others, and so knows nothing of the newest configurations. The group serves what it had, until
// somebody tells it; nothing is served by two groups.
//
//	controller  C0  |  C1  C2   <- changes
//	group 2     +---+
//	group 1             +----+
func fenced(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	s.fill(allKeys)
	for range 2 {
		config := s.config()
		alone := s.groups.LeaderOf(0)
		near := func(i int) bool { return i == alone || s.groups.GroupOf(i) == 2 }
		s.Links(func(from, to int) bool {
			a, b := s.groups.GroupOf(from), s.groups.GroupOf(to)
			return a == b && a != 0 || a > 0 && b > 0 || near(from) == near(to)
		})
		t := s.traffic(kit.Mix{Users: 4, Each: 12, Reads: 50, Puts: 20, Think: 200 * time.Millisecond})
		var there, here []int
		for _, i := range s.Others() {
			if i != alone {
				there = append(there, i)
			}
			if s.groups.GroupOf(i) != 0 || i == alone {
				here = append(here, i)
			}
		}
		for i, u := range t.People {
			u.Client.Reach([][]int{here, there}[i%2]...)
		}
		s.chief.client.Reach(there...)
		moved := 0
		for shard := range shardapi.NShards {
			if owner(config, shard) == 1 && moved < 2 {
				s.move(shard, 2)
				moved++
			}
		}
		for shard := range shardapi.NShards {
			if owner(config, shard) == 2 && moved < 4 {
				s.move(shard, 1)
				moved++
			}
		}
		s.Idle(time.Second)
		s.mended()
		t.Finish()
	}
	s.closes()
}
