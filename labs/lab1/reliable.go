package lab1

import (
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

// Part 1A: nothing gets lost.

// oneClient does what a client of a map would do, and asks for what it has just written.
func oneClient(e *tester.Env) {
	s := start(e, tester.Options{})
	u := s.user()
	u.Must("use the server", func() {
		u.get("a")
		for i := range 12 {
			key := string(rune('a' + i%3))
			u.writes(key, kit.ValueOf(2*i))
			u.add(key, kit.ValueOf(2*i+1))
			u.get(key)
		}
		u.writes("empty", "")
		for _, value := range []string{"[1]", "[1]", "[2]", "[1]"} { // the same again is another write
			u.writes("same", value)
		}
		u.add("same", "[1]")
		u.get("same")
	})
	s.closes("a", "b", "c", "empty", "never", "same")
}

// anyKeys uses keys that look alike, are long, or no text: to the server all are different.
func anyKeys(e *tester.Env) {
	s := start(e, tester.Options{})
	u := s.user()
	long := strings.Repeat("long", 300)
	keys := []string{" ", "key", "Key", "key ", "key/", "key/a", "k\x00y", "k\x00z", long + "1", long + "2"}
	u.Must("use keys that look alike", func() {
		for range 2 {
			for i, key := range keys {
				u.writes(key, kit.ValueOf(i))
			}
		}
	})
	s.closes(keys...)
}

// writes writes a key that nobody else writes, while nothing gets lost, and reads it.
func (u *user) writes(key, value string) {
	version := u.seen[key]
	if err := u.put(key, value); err != kvapi.OK {
		u.s.Fail(tester.RuleWrongAnswer, nil, "the only client put %q at version %d, which is how often it has written that key, and was answered %q; it has to be OK",
			key, version, err)
	}
	if got := u.get(key); got != value {
		u.s.Fail(tester.RuleWrongAnswer, nil, "the only client put %s to %q, was told OK, and reads %q", value, key, got)
	}
}

// rules asks for every answer that there is, where nothing is in doubt. In the classic dialect it
// is about keys that do not exist.
func rules(e *tester.Env) {
	s := start(e, tester.Options{})
	u, w := s.user(), s.user()
	if !s.versioned() {
		u.Must("append to keys that do not exist", func() {
			u.add("x", "[1]")
			u.get("y")
			u.put("x", "")
			u.add("x", "[2]")
		})
		s.closes("x", "y")
		return
	}
	expect := func(u *user, key string, version kvapi.Version, want kvapi.Err, why string) {
		value := s.Value()
		u.Must("put on a condition", func() {
			if got := u.putIf(key, value, version); got != want {
				s.Fail(tester.RuleWrongAnswer, nil, "put %q at version %d was answered %q and not %q: %s", key, version, got, want, why)
			}
		})
	}
	expect(u, "x", 1, kvapi.ErrNoKey, "there is no such key, and only version 0 makes one")
	expect(u, "x", 0, kvapi.OK, "version 0 makes a key that does not exist")
	expect(w, "x", 0, kvapi.ErrVersion, "the key exists, with version 1")
	expect(w, "x", 1, kvapi.OK, "that is the key's version")
	expect(u, "x", 1, kvapi.ErrVersion, "the key has been written since, and has version 2")
	expect(u, "x", 7, kvapi.ErrVersion, "the key has version 2, and one that is too high does not fit either")
	expect(u, "x", 2, kvapi.OK, "that is the key's version")
	expect(u, "y", 3, kvapi.ErrNoKey, "there is no such key")
	s.closes("x", "y")
}

// manyClients lets several clients at the same few keys.
func manyClients(e *tester.Env) {
	s := start(e, tester.Options{})
	l := s.load(mix{users: 6, each: 25, keys: 2, think: 5 * time.Millisecond})
	l.Finish()
	s.closes(l.Keys...)
}

// race has twenty clients put at the same version at the same moment, five times. In the classic
// dialect they append.
func race(e *tester.Env) {
	s := start(e, tester.Options{})
	users := s.crowd(20)
	for range 5 {
		answers := make([]kvapi.Err, len(users))
		var done []<-chan struct{}
		for i, u := range users {
			value := s.Value()
			done = append(done, u.Goes(func() {
				if u.kv == nil {
					u.add("x", value)
					return
				}
				answers[i] = u.put("x", value)
			}))
		}
		for i, u := range users {
			u.Ends(done[i])
		}
		if s.versioned() {
			s.oneOf(answers)
			for _, u := range users {
				u.Must("read", func() { u.get("x") })
			}
		}
	}
	s.closes("x")
}

// oneOf looks whether exactly one of those who put at one version was the first.
func (s *service) oneOf(answers []kvapi.Err) {
	count := map[kvapi.Err]int{}
	for _, err := range answers {
		count[err]++
	}
	switch {
	case count[kvapi.ErrMaybe] > 0:
		s.Fail(tester.RuleWrongAnswer, nil, "ErrMaybe on a network that loses nothing: the first try was answered, so nothing is in doubt")
	case count[kvapi.OK] != 1 || count[kvapi.ErrVersion] != len(answers)-1:
		s.Fail(tester.RuleWrongAnswer, nil, "of %d clients that put at the same version, %d were answered OK and %d ErrVersion; exactly one can have found the version that it named",
			len(answers), count[kvapi.OK], count[kvapi.ErrVersion])
	}
}

// freshServer starts a second server in the same process, which must not know what the first one
// was told.
func freshServer(e *tester.Env) {
	first := start(e, tester.Options{})
	u := first.user()
	u.Must("write", func() { u.put("a", "[old]") })
	first.Shutdown()

	second := start(e, tester.Options{})
	w := second.user()
	w.Must("read", func() {
		if got := w.get("a"); got != "" {
			second.Fail(tester.RuleWrongAnswer, nil, "a new server answers %q for key \"a\", which was written to an earlier one of this process; do package variables survive?", got)
		}
		w.put("a", "[new]")
		if got := w.get("a"); got != "[new]" {
			second.Fail(tester.RuleWrongAnswer, nil, "a new server answers %q for key \"a\", which was just created with \"[new]\"", got)
		}
	})
	second.earned()
}
