package lab4

import (
	"fmt"
	"sync/atomic"
	"time"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4C: what else a service has to do than to be right. Shards that do not move are served while
// others do; those that have arrived are served while others are under way; and nobody keeps for
// ever what he has given away.

// unaffected takes a group down, and then takes shards from it. They cannot move; all others can,
// and are served, whether they move or stay: by the group that has just joined, and by one that
// waits for a shard and has others.
func unaffected(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1, 2)
	u := s.fill(allKeys)
	before := s.config()
	s.CrashAll(s.groups.Members(2))
	s.join(3)
	after := s.config()
	served := func() {
		for shard := range shardapi.NShards {
			if owner(before, shard) == 2 || owner(after, shard) == 2 { // the latter by a controller that moves needlessly
				continue
			}
			value := s.Value()
			u.Must(fmt.Sprintf("append to shard %d, which was group 1's and is group %d's, while group 2 is down", shard, owner(after, shard)),
				func() { u.Append(keyOf(shard), value) })
		}
	}
	served()
	served()
	blocked := -1
	for shard := range shardapi.NShards {
		if owner(before, shard) == 2 && owner(after, shard) == 2 {
			blocked = shard
		}
	}
	if blocked < 0 {
		e.Note("the controller has left group 2 nothing that it had")
		s.RestartAll(s.groups.Members(2))
		s.closes()
		return
	}
	s.move(blocked, 1)
	e.Sleep(time.Second)
	served()
	w := s.user()
	done := w.Goes(func() { w.Get(keyOf(blocked)) })
	if e.Await(done, 2*time.Second) {
		s.Fail(tester.RuleWrongAnswer, nil, "key %q is with group 2, of which no server runs, and was read all the same", keyOf(blocked))
	}
	s.RestartAll(s.groups.Members(2))
	w.EndsWithin(tester.ProgressLimit, done)
	s.closes()
}

// stays keeps a client at a shard that never moves, and counts what it gets done while all others
// move.
func stays(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1, 2, 3)
	s.fill(allKeys)
	config := s.config()
	u := s.user()
	stop, longest := make(chan struct{}), atomic.Int64{}
	done := u.Goes(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			began := e.Now()
			u.Get(keyOf(0))
			longest.Store(max(longest.Load(), int64(e.Now()-began)))
			e.Sleep(10 * time.Millisecond)
		}
	})
	e.Sleep(200 * time.Millisecond)
	longest.Store(0)
	for round := range 12 {
		shard := 1 + round%(shardapi.NShards-1)
		s.move(shard, 1+(owner(config, shard)+round)%3)
		s.Idle(100 * time.Millisecond)
	}
	e.Sleep(time.Second)
	close(stop)
	u.EndsWithin(tester.ProgressLimit, done)
	if took, limit := time.Duration(longest.Load()), 500*time.Millisecond; took > limit {
		s.Fail(tester.RuleTooSlow, nil, "shard 0 never moved, nothing failed, and a read of it took %v while other shards moved; at most %v",
			took.Round(time.Millisecond), limit)
	}
	s.closes()
}

// gap measures how long a shard is without service when it moves, by a client that writes to it all
// the time.
func gap(e *tester.Env) {
	const limit = 2 * time.Second
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	s.fill(allKeys)
	config := s.config()
	for shard := range 3 {
		u, stop := s.user(), make(chan struct{})
		u.Must("append", func() { u.Append(keyOf(shard), s.Value()) })
		first := s.Values(1000)
		var longest time.Duration
		done := u.Goes(func() {
			for i := 0; !kit.IsOver(stop) && i < 1000; i++ {
				began := e.Now()
				u.Put(keyOf(shard), kit.ValueOf(first+i))
				longest = max(longest, e.Now()-began)
				e.Sleep(20 * time.Millisecond)
			}
		})
		s.move(shard, 3-owner(config, shard))
		e.Sleep(handOver)
		close(stop)
		u.EndsWithin(tester.ProgressLimit, done)
		if longest > limit {
			s.Fail(tester.RuleTooSlow, nil, "a write to a shard that moved took %v; at most %v, for two looks at the configuration, one message and two log entries",
				longest.Round(time.Millisecond), limit)
		}
		e.Note("shard %d: the longest write took %v", shard, longest.Round(100*time.Microsecond))
	}
	s.closes()
}

// unasked crashes the leader of a shard's new owner about when the old one has deleted the shard,
// and gives the shard back before anybody asks for it. The next leader has the shard in its log,
// does not know that it is committed (§5.4.2), and cannot fetch it any more; nor does a client come
// whose request would bring that out. It has to find out by itself.
//
//	group 2   old leader     install: committed   the old owner discards   X
//	          next leader    install: in the log, is it committed?             adopt n+1?
//	group 1                                                                    awaits it from group 2
func unasked(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	s.fill(allKeys)
	config := s.config()
	for shard := range shardapi.NShards {
		if owner(config, shard) == 2 {
			s.move(shard, 1)
		}
	}
	s.user().ReadsAll(allKeys)
	for round := range 4 {
		shard, write := round, []int{3, 2, 4, 3}[round]
		leader := s.groups.LeaderOf(2)
		crashed := s.CrashAtPersist(leader, write)
		s.move(shard, 2)
		e.Await(crashed, time.Second)
		s.Crash(leader) // if it has not written so often
		s.move(shard, 1)
		e.Sleep(time.Second) // all servers of the controller have heard of it, so clerks go to group 1
		u, value := s.user(), s.Value()
		u.Must("append to a shard that went and came back", func() { u.Append(keyOf(shard), value) })
		s.Restart(leader)
	}
	s.closes()
}

// whileJoining has clients read while eight groups join at once, and wants a hundred reads in four
// seconds.
func whileJoining(e *tester.Env) {
	const reads, limit = 100, 4 * time.Second
	s := serve(e, layout{groups: 9, each: 2, reads: bySeed(e)})
	s.join(1)
	s.fill(allKeys)
	stop, count := make(chan struct{}), atomic.Int64{}
	var done []<-chan struct{}
	var readers []user
	for k := range 2 {
		u := s.user()
		readers = append(readers, u)
		done = append(done, u.Goes(func() {
			for i := k; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				u.Get(keyOf(i % shardapi.NShards))
				count.Add(1)
				e.Sleep(2 * time.Millisecond)
			}
		}))
	}
	e.Sleep(100 * time.Millisecond)
	count.Store(0)
	s.join(2, 3, 4, 5, 6, 7, 8, 9)
	e.Sleep(limit)
	got := count.Load()
	close(stop)
	for i, u := range readers {
		u.EndsWithin(tester.ProgressLimit, done[i])
	}
	if got < reads {
		s.Fail(tester.RuleTooSlow, nil, "two clients got %d reads done in the %v after eight groups have joined; at least %d: shards are served as soon as they have arrived",
			got, limit, reads)
	}
	s.closes()
}
