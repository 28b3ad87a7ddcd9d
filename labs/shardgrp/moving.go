package shardgrp

import (
	"fmt"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4D, while one controller lives: shards are where the placement says, with everything that is
// in them.

// begins has nothing but the first placement.
func begins(e *tester.Env) {
	s := serve(e, layout{groups: 2})
	s.settled()
	s.more(s.user())
	s.closes()
}

// static has two groups, one of which goes down. Whoever asks for its shards waits; the others are
// served.
func static(e *tester.Env) {
	s := serve(e, layout{groups: 2})
	s.join(2)
	s.fill()
	open := s.shut(2)
	var users []user
	var done []<-chan struct{}
	for shard := range shardapi.NMoved {
		u := s.user()
		users, done = append(users, u), append(done, u.Goes(func() { u.Get(keyOf(shard)) }))
	}
	for _, shard := range s.owned(1) {
		users[shard].EndsWithin(tester.ProgressLimit, done[shard])
	}
	e.Sleep(3 * time.Second)
	for _, shard := range s.owned(2) {
		if kit.IsOver(done[shard]) {
			s.Fail(tester.RuleWrongAnswer, nil, "key %q is in shard %d, which is group 2's; no server of that group runs, and the key was read all the same",
				keyOf(shard), shard)
		}
	}
	open()
	for shard, u := range users {
		u.EndsWithin(tester.ProgressLimit, done[shard])
	}
	s.closes()
}

// joins has a second group take half of the shards over, which then does without the first.
func joins(e *tester.Env) {
	s := serve(e, layout{groups: 2, maxState: bySeed(e)})
	u := s.fill()
	s.join(2)
	s.settled()
	s.more(u)
	open := s.shut(1)
	values := s.Values(shardapi.NMoved)
	u.Must("append to the shards that have moved, while the group that had them is down", func() {
		for _, shard := range s.owned(2) {
			u.Append(keyOf(shard), kit.ValueOf(values+shard))
		}
	})
	open()
	s.closes()
}

// bySeed chooses maxraftstate, so that all seeds together try both.
func bySeed(e *tester.Env) int { return 1000 * int(e.Seed()%2) }

// comeAndGo lets groups join and leave one after the other. A group that has left goes down for
// good: whatever it kept is not needed any more.
func comeAndGo(e *tester.Env) {
	s := serve(e, layout{maxState: bySeed(e)})
	u := s.fill()
	s.join(2)
	s.more(u)
	s.leave(1)
	s.shut(1)
	s.more(u)
	s.join(3)
	s.more(u)
	s.leave(2)
	s.shut(2)
	s.more(u)
	s.settled()
	s.user().ReadsAll(allKeys)
	history.Judge(e, 0)
}

// many lets seven groups join and leave, one by one, with clients at work.
func many(net tester.Options) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{groups: 8, each: 2, net: net})
		s.fill()
		t := s.traffic(3, 15, kit.Mix{Think: 100 * time.Millisecond})
		for group := 2; group <= 8; group++ {
			s.join(group)
			s.Idle(100 * time.Millisecond)
		}
		for group := 2; group <= 8; group++ {
			s.leave(group)
			s.Idle(100 * time.Millisecond)
		}
		t.Finish()
		for group := 2; group <= 8; group++ { // they have handed over everything
			s.shut(group)
		}
		s.settled()
		s.user().ReadsAll(allKeys)
		history.Judge(e, 0)
	}
}

// unreliable is a network that loses messages.
var unreliable = tester.Options{Unreliable: true}

// restarts restarts all groups after each change: which shards are whose, and from which placement
// on, is in log and snapshot like the data.
func restarts(e *tester.Env) {
	s := serve(e, layout{maxState: 1000 * (1 - int(e.Seed()/2%2))})
	u := s.fill()
	for _, change := range []func(){func() { s.join(2) }, func() { s.join(3) }, func() { s.leave(1) }, func() { s.join(1) }} {
		change()
		for group := 1; group <= 3; group++ {
			s.shut(group)()
		}
		s.more(u)
	}
	s.closes()
}

// work has clients work while groups come and go.
func work(net tester.Options) func(*tester.Env) {
	return func(e *tester.Env) {
		s := serve(e, layout{groups: 4, maxState: bySeed(e), net: net})
		t := s.traffic(6, 20, kit.Mix{Think: 200 * time.Millisecond})
		s.changed(8, 300*time.Millisecond)
		s.closes(t)
	}
}

// maybe lets a client hear no answers of the groups. Its write is executed, the shard moves,
// somebody else writes, and the client repeats the write at the new owner. There the version is
// another one: it cannot know whether because of itself.
//
//	client     put if 1    again  again   ...     again: ErrVersion  -> ErrMaybe
//	group 1    done                away
//	group 2                                here
func maybe(e *tester.Env) {
	s := serve(e, layout{groups: 2, maxState: bySeed(e)})
	s.join(2)
	for shard := range 4 {
		key := keyOf(shard)
		u, w := s.user(), s.user()
		u.Must("write", func() { u.Append(key, s.Value()) })
		var groups []int
		for i := 1; i < s.N(); i++ {
			groups = append(groups, i)
		}
		u.Client.Deafen(groups...)
		done := u.Goes(func() { u.PutIf(key, "[once]", u.Seen[key]) })
		w.MustSee(key, "[once]")
		s.move(shard, 3-s.now.Shards[shard])
		if shard%2 == 0 {
			w.Must("write behind it", func() { w.Append(key, s.Value()) })
		}
		u.Client.ReachAll()
		u.EndsWithin(tester.ProgressLimit, done)
	}
	s.closes()
}

// inFlight has many clients write to one shard without a pause, over a slow network, while it goes
// back and forth. So there are always writes that came in when the group had the shard, and stand
// in its log behind the entry that freezes it.
func inFlight(e *tester.Env) {
	const shard = 3
	s := serve(e, layout{groups: 2})
	s.join(2)
	var keys []string
	for i := 0; len(keys) < 6; i++ {
		if key := fmt.Sprintf("f%d", i); shardapi.HashedShardOf(key) == shard {
			keys = append(keys, key)
		}
	}
	s.Network().Latency(10*time.Millisecond, 12*time.Millisecond)
	t := s.traffic(10, 30, kit.Mix{Keys: keys, Think: time.Millisecond})
	for range 6 {
		s.move(shard, 3-s.now.Shards[shard])
		s.Idle(500 * time.Millisecond)
	}
	t.Finish()
	s.user().ReadsAll(keys)
	s.closes()
}

// stepByStep crashes the leader of the old or of the new owner exactly after some write to its
// persister once a move has begun. Before it is back the others have to bring the move to its end:
// nothing is lost with it.
func stepByStep(e *tester.Env) {
	s := serve(e, layout{groups: 2, maxState: bySeed(e)})
	s.join(2)
	u := s.fill()
	order := e.Rand().Perm(shardapi.NMoved)
	for round := range 8 {
		shard, write := order[round], 1+round/2
		from := s.now.Shards[shard]
		victim := s.groups.LeaderOf([]int{from, 3 - from}[round%2])
		e.Note("server %d will crash after %d writes", victim, write)
		crashed := s.CrashAtPersist(victim, write)
		s.move(shard, 3-from)
		e.Await(crashed, 500*time.Millisecond)
		s.Crash(victim) // if it has not written so often
		value := s.Value()
		u.Must("append to a shard that has moved while a server crashed", func() { u.Append(keyOf(shard), value) })
		s.Restart(victim)
	}
	s.closes()
}
