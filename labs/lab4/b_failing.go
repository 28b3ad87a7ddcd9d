package lab4

import (
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4B, while servers of groups fail.

// missed keeps a group down while shards move between the others, and then to it. When it is back
// it has to go through all configurations in turn, or it does not know who had what last.
//
//	configuration   n        n+1      n+2      n+3 ...
//	shard           group 1  group 3  group 2  group 3    (group 2 is down all the time)
func missed(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1, 2, 3)
	u := s.fill(allKeys)
	away := 1 + e.Rand().IntN(3)
	others := []int{1 + away%3, 1 + (away+1)%3}
	config := s.config()
	s.CrashAll(s.groups.Members(away))
	for shard := range shardapi.NShards {
		if owner(config, shard) == away {
			continue
		}
		from := owner(config, shard)
		to := others[0] + others[1] - from
		s.move(shard, to)
		value := s.Value()
		u.Must("append at the next owner", func() { u.Append(keyOf(shard), value) })
	}
	for shard := range shardapi.NShards {
		if owner(config, shard) != away && e.Rand().IntN(2) == 0 {
			s.move(shard, away)
		}
	}
	s.RestartAll(s.groups.Members(away))
	s.closes()
}

// stepByStep crashes the leader of the old or of the new owner exactly after some write to its
// persister once a move has begun. Before it is back the others have to bring the move to its end:
// nothing is lost with it.
func stepByStep(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	u := s.fill(allKeys)
	config := s.config()
	order := e.Rand().Perm(shardapi.NShards)
	for round := range 8 {
		shard, write := order[round], 1+round/2
		from := owner(config, shard)
		victim := s.groups.LeaderOf([]int{from, 3 - from}[round%2])
		e.Note("server %d will crash after %d writes", victim, write)
		crashed := s.CrashAtPersist(victim, write)
		s.move(shard, 3-from)
		e.Await(crashed, 500*time.Millisecond)
		s.Crash(victim) // if it has not written so often
		value := s.Value()
		u.Must("append to a shard that has moved while a server crashed", func() { u.Append(keyOf(shard), value); u.Get(keyOf(shard)) })
		s.Restart(victim)
	}
	s.closes()
}

// wholeGroups crashes all servers of a group at once, at some moment of a move, with and without
// snapshots. What they know when they are back is what they have persisted.
func wholeGroups(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e), maxState: 1000 * (1 - int(e.Seed()/2%2))})
	s.join(1, 2)
	t := s.traffic(kit.Mix{Users: 3, Each: 20, Reads: 40, Puts: 20, Think: 300 * time.Millisecond})
	for round := range 8 {
		group := 1 + round%2
		shard := e.Rand().IntN(shardapi.NShards)
		to := 3 - owner(s.config(), shard)
		crashed := s.CrashAtPersist(s.groups.LeaderOf(group), 1+round/2)
		s.move(shard, to)
		e.Await(crashed, 300*time.Millisecond)
		s.CrashAll(s.groups.Members(group))
		s.Idle(200 * time.Millisecond)
		s.RestartAll(s.groups.Members(group))
	}
	s.closes(t)
}

// busy lets groups come and go, and restart, while clients work.
func busy(maxState int) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{reads: bySeed(e), maxState: maxState})
		s.join(1)
		t := s.traffic(kit.Mix{Users: 5, Each: 24, Reads: 45, Puts: 15, Think: 300 * time.Millisecond})
		for range 4 {
			s.changes(t, 2, 200*time.Millisecond)
			group := 1 + e.Rand().IntN(3)
			s.CrashAll(s.groups.Members(group))
			s.Idle(200 * time.Millisecond)
			s.RestartAll(s.groups.Members(group))
			s.Idle(200 * time.Millisecond)
		}
		s.closes(t)
		if maxState > 0 {
			s.bounded()
		}
	}
}

// bounded fails the case if a server of a group has much more Raft state than it was told to.
func (s *service) bounded() {
	for i := s.sizes[0]; i < s.N(); i++ {
		if size, limit := s.PersistedSize(i), 8*s.layout.maxState; size > limit {
			s.Fail(tester.RuleLogTooLarge, []int{i}, "with maxraftstate %d, server %d has %d bytes of Raft state; at most %d (8 times) are allowed",
				s.layout.maxState, i, size, limit)
		}
	}
}

// nextLeader crashes the leader of a shard's old owner when it is about to delete the shard (its
// second write, if all it writes are the configuration and that), and has the new owner written to.
// The next leader of the old owner may not know yet that the configuration is committed which took
// the shard away, and clients who have not heard of it ask that leader at once. Whether the shard
// is here has to be looked up when it knows, and not before it waits for that.
//
//	group 1   old leader      adopt n: committed, X
//	          next leader     adopt n: in the log, is it committed?  <- read "x"
//	group 2                              "x" is written
func nextLeader(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	s.fill(allKeys)
	for round, write := range []int{2, 2, 3, 1} {
		shard := round
		key, from := keyOf(shard), owner(s.config(), shard)
		var readers []user
		for range 5 {
			r := s.user()
			r.Must("read", func() { r.Get(key) })
			r.Client.Reach(s.groups.Members(from)...) // it hears of no other configuration
			readers = append(readers, r)
		}
		leader := s.groups.LeaderOf(from)
		crashed := s.CrashAtPersist(leader, write)
		s.move(shard, 3-from)
		e.Await(crashed, time.Second)
		s.Crash(leader)
		writer, value := s.user(), s.Value()
		writer.Must("write to the new owner", func() { writer.Put(key, value) })
		var done []<-chan struct{}
		for _, r := range readers {
			done = append(done, r.Goes(func() { e.Sleep(time.Duration(r.Rand.Int64N(int64(100 * time.Millisecond)))); r.Get(key) }))
		}
		s.groups.LeaderOf(from)
		e.Sleep(300 * time.Millisecond)
		s.Restart(leader)
		for i, r := range readers {
			r.Client.ReachAll()
			r.EndsWithin(tester.ProgressLimit, done[i])
		}
	}
	s.closes()
}

// deposed cuts the leader of a shard's old owner off from its group, but from nobody else. The rest
// of the group gives the shard away; the old leader must not answer for it.
func deposed(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	writer := s.fill(allKeys)
	for round := range 3 {
		shard := round
		key, from := keyOf(shard), owner(s.config(), shard)
		old := s.groups.LeaderOf(from)
		readers := []user{s.user(), s.user()}
		for _, r := range readers {
			r.Must("read", func() { r.Get(key) })
			r.Client.Reach(old)
		}
		writer.Client.Reach(s.Others(old)...)
		s.leavesOut(old)
		s.move(shard, 3-from)
		var done []<-chan struct{}
		for _, r := range readers {
			done = append(done, r.Goes(func() { r.Get(key) }))
		}
		for range 3 {
			value := s.Value()
			writer.Must("write to the new owner", func() { writer.Put(key, value) })
			s.Idle(200 * time.Millisecond)
		}
		s.HealAll()
		for i, r := range readers {
			r.Client.ReachAll()
			r.EndsWithin(tester.ProgressLimit, done[i])
		}
		writer.Client.ReachAll()
	}
	s.closes()
}
