package lab4

import (
	"fmt"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4B, while no server fails: shards are where the configuration says, with everything that is
// in them.

// handOver is the time within which a group that has left hands over all its shards, in quiet: it
// looks for a new configuration several times a second, and the others fetch the shards as often.
const handOver = 5 * time.Second

// fill has a new user write a value to each key, and returns the user.
func (s *service) fill(keys []string) user {
	u, values := s.user(), make([]string, len(keys))
	for i := range values {
		values[i] = s.Value()
	}
	u.Must("write to all shards", func() {
		for i, key := range keys {
			u.Append(key, values[i])
		}
	})
	return u
}

// static has two groups, one of which goes down. Whoever asks for its shards waits; the others are
// served.
func static(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	first := s.fill(allKeys)
	first.Must("write the same again", func() { // which is another write
		for _, value := range []string{"[1]", "[1]", "[2]", "[2]"} {
			first.Append(keyOf(0), value)
		}
		first.Get(keyOf(0))
	})
	config := s.config()
	s.CrashAll(s.groups.Members(2))
	var users []user
	var done []<-chan struct{}
	for shard := range shardapi.NShards {
		u := s.user()
		users, done = append(users, u), append(done, u.Goes(func() { u.Get(keyOf(shard)) }))
	}
	for shard, end := range done {
		if owner(config, shard) == 1 {
			users[shard].EndsWithin(tester.ProgressLimit, end)
		}
	}
	e.Sleep(3 * time.Second)
	for shard, end := range done {
		if owner(config, shard) == 2 && kit.IsOver(end) {
			s.Fail(tester.RuleWrongAnswer, nil, "key %q is in shard %d, which is group 2's; no server of that group runs, and the key was read all the same",
				keyOf(shard), shard)
		}
	}
	s.RestartAll(s.groups.Members(2))
	for shard, end := range done {
		users[shard].EndsWithin(tester.ProgressLimit, end)
	}
	s.closes()
}

// comeAndGo lets groups join and leave one after the other. A group that has left, and whose shards
// are served by others, goes down for good: whatever it kept is not needed any more.
func comeAndGo(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1)
	u := s.fill(allKeys)
	more := func() {
		values := []string{s.Value(), s.Value(), s.Value()}
		u.Must("read and append", func() {
			for i, value := range values {
				u.Append(keyOf(3*i), value)
			}
			for _, key := range allKeys {
				u.Get(key)
			}
		})
	}
	s.join(2)
	more()
	s.leave(1)
	more()
	e.Sleep(handOver)
	s.CrashAll(s.groups.Members(1))
	more()
	s.join(3)
	more()
	s.leave(2)
	more()
	e.Sleep(handOver)
	s.CrashAll(s.groups.Members(2))
	more()
	s.user().ReadsAll(allKeys)
	history.Judge(e, 0)
}

// journeys sends one shard round and round, faster than groups can follow, while the network
// delivers messages late and twice. What was true of one of its journeys is not true of the next.
func journeys(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e)})
	s.join(1, 2, 3)
	const shard = 3
	s.fill([]string{keyOf(shard)})
	t := s.traffic(kit.Mix{Users: 3, Each: 20, Keys: []string{keyOf(shard)}, Reads: 40, Think: 150 * time.Millisecond})
	s.Network().Duplicates(true)
	s.Network().LongReordering(e.Rand().IntN(2) == 0)
	at := owner(s.config(), shard)
	for range 10 {
		at = 1 + (at+e.Rand().IntN(2))%3
		s.move(shard, at)
		s.Idle(400 * time.Millisecond)
	}
	s.closes(t)
}

// inFlight has many clients write to one shard without a pause, over a slow network, while it goes
// back and forth. So there are always writes that came in when the group had the shard, and stand
// in its log behind the configuration that takes it away. They are not to be executed there:
// whoever fetches the shard may have fetched it before.
//
//	log of group 1   | put a | adopt 6 | put b | put c |      b and c: ErrWrongGroup
//	shard fetched                  ^
func inFlight(e *tester.Env) {
	const shard = 3
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	var keys []string
	for i := range 6 {
		keys = append(keys, fmt.Sprint(keyOf(shard), i))
	}
	s.fill(keys)
	s.Network().Latency(10*time.Millisecond, 12*time.Millisecond)
	t := s.traffic(kit.Mix{Users: 12, Each: 60, Keys: keys, Reads: 20, Puts: 10, Think: time.Millisecond})
	at := owner(s.config(), shard)
	for range 8 {
		at = 3 - at
		s.move(shard, at)
		s.Idle(500 * time.Millisecond)
	}
	t.Finish()
	s.user().ReadsAll(keys)
	s.closes()
}

// exchange keeps two groups from learning of new configurations, until all their shards are to
// change places.
func exchange(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.join(1, 2)
	s.fill(allKeys)
	for range 2 {
		config := s.config()
		t := s.traffic(kit.Mix{Users: 3, Each: 10, Reads: 40, Puts: 20, Think: 100 * time.Millisecond})
		s.Links(func(from, to int) bool { return (s.groups.GroupOf(from) == 0) == (s.groups.GroupOf(to) == 0) })
		order := e.Rand().Perm(shardapi.NShards)
		for _, shard := range order[:4+e.Rand().IntN(7)] {
			s.move(shard, 3-owner(config, shard))
		}
		s.HealAll()
		t.Finish()
	}
	s.closes()
}

// tenAtOnce has ten groups join at once, and leave at once.
func tenAtOnce(e *tester.Env) {
	s := serve(e, layout{groups: 11, each: 2, reads: bySeed(e)})
	s.join(1)
	s.fill(allKeys)
	t := s.traffic(kit.Mix{Users: 3, Each: 15, Reads: 50, Puts: 20, Think: 100 * time.Millisecond})
	ten := []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	s.join(ten...)
	s.user().ReadsAll(allKeys)
	s.leave(ten...)
	t.Finish()
	e.Sleep(handOver)
	for _, group := range ten { // they have handed over everything
		s.CrashAll(s.groups.Members(group))
	}
	s.user().ReadsAll(allKeys)
	s.closes()
}

// sessionsMove lets a client hear no answers of the groups. Its write is executed, the shard moves,
// and the client repeats the write at the new owner. Whoever moves the data without the sessions
// executes it there a second time. (The controller answers: a clerk may ask it before each
// operation.)
//
//	client     append [once]   again   again    ...     again      again   <- answered at last
//	group 1    done                             away
//	group 2                                         here: known?
func sessionsMove(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e), maxState: 1000 * int(e.Seed()%2)})
	s.join(1, 2)
	for shard := range 3 {
		u, w := s.user(), s.user()
		u.Must("write", func() { u.Append(keyOf(shard), s.Value()) })
		u.Client.Deafen(s.Others(s.groups.Members(0)...)...)
		done := u.Goes(func() { u.Append(keyOf(shard), "[once]") })
		w.MustSee(keyOf(shard), "[once]")
		s.move(shard, 3-owner(s.config(), shard))
		w.Must("write behind it", func() { w.Append(keyOf(shard), s.Value()) })
		u.Client.ReachAll()
		u.EndsWithin(tester.ProgressLimit, done)
	}
	s.closes()
}

// late loses messages, doubles them and lets them overtake each other, while groups come and go.
func late(e *tester.Env) {
	s := serve(e, layout{reads: bySeed(e), net: tester.Options{Unreliable: true, Duplicates: true}})
	s.join(1)
	t := s.traffic(kit.Mix{Users: 5, Each: 20, Reads: 40, Puts: 15, Think: 200 * time.Millisecond})
	s.changes(t, 8, 500*time.Millisecond)
	t.Finish()
	s.closes()
}

// changes lets groups join and leave, and shards move, some times while there is traffic. At least
// one group stays a member, and all are in the end.
func (s *service) changes(t *kit.Load, times int, every time.Duration) {
	r := s.env.Rand()
	all := s.layout.groups
	member := map[int]bool{}
	for shard, config := 0, s.config(); shard < shardapi.NShards; shard++ {
		member[owner(config, shard)] = true
	}
	for range times {
		if t.Over() {
			break
		}
		group := 1 + r.IntN(all)
		switch {
		case !member[group]:
			s.join(group)
			member[group] = true
		case r.IntN(3) == 0:
			s.move(r.IntN(shardapi.NShards), group)
		case len(members(member)) > 1:
			s.leave(group)
			member[group] = false
		}
		s.Idle(every)
	}
	for group := range all {
		if !member[group+1] {
			s.join(group + 1)
		}
	}
}

func members(of map[int]bool) (groups []int) {
	for group, is := range of {
		if is && group > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}
