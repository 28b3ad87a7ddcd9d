package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Part 3A: a service that answers, one client or many, while nothing fails.

// oneClient does what a client of a map would do, and asks for what it has just written.
func oneClient(e *tester.Env) {
	s := start(e, setup{})
	u := s.user()
	u.Must("use the service", func() {
		u.Get("a")
		for i := range 8 {
			k := kit.Letter(i % 3)
			u.Put(k, kit.ValueOf(10*i))
			u.Get(k)
			u.Append(k, kit.ValueOf(10*i+1))
			u.Get(k)
		}
		u.Append("new", "[1]")
		u.Put("empty", "")
		for _, k := range []string{"a", "b", "c", "new", "empty", "never"} {
			u.Get(k)
		}
		sameTwice(u)
	})
	s.closes("a", "b", "c", "new", "empty", "never", "same")
}

// sameTwice writes what has been written before. It is another write, and no repetition of the first:
// a service knows repetitions by their numbers, and not by what is in them.
func sameTwice(u *user) {
	const k = "same"
	for range 2 {
		u.Append(k, "[1]")
	}
	u.Get(k)
	for _, value := range []string{"[2]", "[2]", "[3]", "[2]"} {
		u.Put(k, value)
		u.Get(k)
	}
}

// versionRules asks for every answer that the versioned dialect has, where nothing is in doubt: its
// clients know the leader only, because a clerk that another server has sent away repeats its
// request, and may say ErrMaybe then. In the classic dialect it is about keys that do not exist.
func versionRules(e *tester.Env) {
	s := start(e, setup{})
	if s.dialect == model.Classic {
		u := s.user()
		u.Must("append to keys that do not exist", func() {
			u.Append("x", "[1]")
			u.Get("y")
			u.Put("x", "")
			u.Append("x", "[2]")
			u.Get("x")
		})
		s.closes("x", "y")
		return
	}
	leader := s.Leader()
	u, w := s.userOf(leader), s.userOf(leader)
	expect := func(u *user, key, value string, version kvapi.Version, want kvapi.Err) {
		u.Must("put on a condition", func() {
			if got := u.PutIf(key, value, version); got != want {
				s.Fail(tester.RuleWrongAnswer, nil, "put %q with version %d was answered %s, but nothing was lost and nobody else writes: it has to be %s",
					key, version, got, want)
			}
		})
	}
	expect(u, "x", "1", 1, kvapi.ErrNoKey)
	expect(u, "x", "1", 0, kvapi.OK)
	expect(w, "x", "2", 0, kvapi.ErrVersion)
	expect(w, "x", "2", 1, kvapi.OK)
	expect(u, "x", "3", 1, kvapi.ErrVersion)
	expect(u, "x", "3", 7, kvapi.ErrVersion)
	expect(u, "x", "3", 2, kvapi.OK)
	expect(u, "y", "3", 3, kvapi.ErrNoKey)
	u.Must("read", func() { u.Get("x"); u.Get("y") })
	s.closes("x", "y")
}

// manyClients lets several clients at the same few keys.
func manyClients(e *tester.Env) {
	s := start(e, setup{})
	s.ends(s.load(kit.Mix{Users: 6, Each: 25, Keys: kit.Letters(2), Reads: 40, Puts: 20, Think: 5 * time.Millisecond}))
}

// freshService starts a second service in the same process, which must not know what the first one
// was told.
func freshService(e *tester.Env) {
	first := start(e, setup{})
	u := first.user()
	u.Must("write", func() {
		for i := range 5 {
			u.Put(kit.Letter(i), "[old]")
		}
	})
	first.Shutdown()

	second := start(e, setup{})
	w := second.user()
	w.Must("read", func() {
		for i := range 5 {
			if got := w.Get(kit.Letter(i)); got != "" {
				second.Fail(tester.RuleWrongAnswer, nil, "a new service, on empty persisters, answers %q for key %q, which was written to an earlier service of this process; do package variables survive?",
					got, kit.Letter(i))
			}
		}
		w.Append("a", "[new]")
	})
}

// soon measures how long operations take when nothing is wrong. A service that is woken by its own
// clock instead of by what it applies, or a clerk that waits before it asks, is too slow.
func soon(e *tester.Env) {
	const ops = 40
	s := start(e, setup{})
	u := s.user()
	u.Must("begin", func() { u.Append("x", "[0]") })
	before := e.Now()
	number := 0
	u.Must("append", func() {
		for range ops {
			number++
			if u.Classic != nil {
				u.Append("x", kit.ValueOf(number))
			} else {
				u.PutIf("x", kit.ValueOf(number), u.Seen["x"])
			}
		}
	})
	took := (e.Now() - before) / ops
	// A peer may replicate with its heartbeats only, and a service may look every now and then.
	if limit := tester.HeartbeatHigh + 100*time.Millisecond; took > limit {
		s.Fail(tester.RuleTooSlow, nil, "one client after the other's answer: an operation takes %v on average, and may take %v: one heartbeat and some polling",
			took.Round(time.Millisecond), limit)
	}
	s.closes("x")
}

// noSnapshots writes a good deal to a service that was told to take no snapshots.
func noSnapshots(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(kit.Mix{Users: 3, Each: 25, Keys: kit.Letters(3), Reads: 10, Puts: 60, Think: time.Millisecond})
	l.Finish()
	for i := range s.N() {
		if size := s.SnapshotSize(i); size > 0 {
			s.Fail(tester.RuleSnapshot, []int{i}, "server %d has a snapshot of %d bytes, although maxraftstate is -1: never take one", i, size)
		}
	}
	s.ends(l)
}

// crowdAtOnce has many clients ask at the same moment, when there is no leader yet, when there is
// one, and when it has just gone. All of them are answered, each by its own result.
func crowdAtOnce(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(kit.Mix{Users: 30, Each: 3, Keys: kit.Letters(4), Reads: 30})
	e.Sleep(500 * time.Millisecond)
	s.Crash(s.Leader())
	e.Sleep(500 * time.Millisecond)
	s.ends(l)
}
