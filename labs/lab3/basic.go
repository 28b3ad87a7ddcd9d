package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Part 3A: a service that answers, one client or many, while nothing fails.

// oneClient does what a client of a map would do, and asks for what it has just written.
func oneClient(e *tester.Env) {
	s := start(e, setup{})
	u := s.user()
	u.must("use the service", func() {
		u.get("a")
		for i := range 8 {
			k := key(i % 3)
			u.put(k, valueOf(10*i))
			u.get(k)
			u.append(k, valueOf(10*i+1))
			u.get(k)
		}
		u.append("new", "[1]")
		u.put("empty", "")
		for _, k := range []string{"a", "b", "c", "new", "empty", "never"} {
			u.get(k)
		}
	})
	s.judge()
}

// versionRules asks for every answer that the versioned dialect has, where nothing is in doubt. In the
// classic dialect it is about keys that do not exist.
func versionRules(e *tester.Env) {
	s := start(e, setup{})
	u, w := s.user(), s.user()
	if s.dialect == model.Classic {
		u.must("append to keys that do not exist", func() {
			u.append("x", "[1]")
			u.get("y")
			u.put("x", "")
			u.append("x", "[2]")
			u.get("x")
		})
		s.judge()
		return
	}
	expect := func(u *user, key, value string, version kvapi.Version, want kvapi.Err) {
		u.must("put on a condition", func() {
			if got := u.putIf(key, value, version); got != want {
				s.fail(tester.RuleWrongAnswer, nil, "put %q with version %d was answered %s, but nothing was lost and nobody else writes: it has to be %s",
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
	u.must("read", func() { u.get("x"); u.get("y") })
	s.judge()
}

// manyClients lets several clients at the same few keys.
func manyClients(e *tester.Env) {
	s := start(e, setup{})
	s.ends(s.load(mix{users: 6, each: 25, keys: 2, reads: 40, puts: 20, think: 5 * time.Millisecond}))
}

// freshService starts a second service in the same process, which must not know what the first one
// was told.
func freshService(e *tester.Env) {
	first := start(e, setup{})
	u := first.user()
	u.must("write", func() {
		for i := range 5 {
			u.put(key(i), "[old]")
		}
	})
	first.Shutdown()

	second := start(e, setup{})
	w := second.user()
	w.must("read", func() {
		for i := range 5 {
			if got := w.get(key(i)); got != "" {
				second.fail(tester.RuleWrongAnswer, nil, "a new service, on empty persisters, answers %q for key %q, which was written to an earlier service of this process; do package variables survive?",
					got, key(i))
			}
		}
		w.append("a", "[new]")
	})
}

// soon measures how long operations take when nothing is wrong. A service that is woken by its own
// clock instead of by what it applies, or a clerk that waits before it asks, is too slow.
func soon(e *tester.Env) {
	const ops = 40
	s := start(e, setup{})
	u := s.user()
	u.must("begin", func() { u.append("x", "[0]") })
	before := e.Now()
	number := 0
	u.must("append", func() {
		for range ops {
			number++
			if u.classic != nil {
				u.append("x", valueOf(number))
			} else {
				u.putIf("x", valueOf(number), u.seen["x"])
			}
		}
	})
	took := (e.Now() - before) / ops
	// A peer may replicate with its heartbeats only, and a service may look every now and then.
	if limit := tester.HeartbeatHigh + 100*time.Millisecond; took > limit {
		s.fail(tester.RuleTooSlow, nil, "one client after the other's answer: an operation takes %v on average, and may take %v: one heartbeat and some polling",
			took.Round(time.Millisecond), limit)
	}
	s.judge()
}

// noSnapshots writes a good deal to a service that was told to take no snapshots.
func noSnapshots(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(mix{users: 3, each: 25, keys: 3, reads: 10, puts: 60, think: time.Millisecond})
	l.finish()
	for i := range s.N() {
		if size := s.SnapshotSize(i); size > 0 {
			s.fail(tester.RuleSnapshot, []int{i}, "server %d has a snapshot of %d bytes, although maxraftstate is -1: never take one", i, size)
		}
	}
	s.ends(l)
}

// crowdAtOnce has many clients ask at the same moment, when there is no leader yet, when there is one, and
// when it has just gone. All of them are answered, each by its own result.
func crowdAtOnce(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(mix{users: 30, each: 3, keys: 4, reads: 30})
	e.Sleep(500 * time.Millisecond)
	s.Crash(s.Leader())
	e.Sleep(500 * time.Millisecond)
	s.ends(l)
}
