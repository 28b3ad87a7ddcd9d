package lab1

import (
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

// Part 1C: requests and answers get lost.

// oneWriter has a single writer, which always knows the version. So no Put of it can be refused but
// by one of its own tries, and what it has been answered says exactly what must be there.
func oneWriter(e *tester.Env) {
	s := start(e, tester.Options{Unreliable: true, Duplicates: true})
	u := s.user()
	writes := make([]string, 30)
	for i := range writes {
		writes[i] = s.Value()
	}
	u.Must("write", func() {
		there := ""
		for _, value := range writes {
			if u.kv == nil {
				u.add("x", value)
				there += value
			} else {
				there = u.certain("x", there+value)
			}
			if got := u.get("x"); got != there {
				s.Fail(tester.RuleWrongAnswer, nil, "the only writer of \"x\" has been told of writes that make it %s, and it is %s", there, got)
			}
		}
	})
	s.closes("x")
}

// certain writes a key that nobody else writes, at its version, and returns what must be there now.
func (u *user) certain(key, value string) (there string) {
	switch err := u.put(key, value); err {
	case kvapi.OK:
		return value
	case kvapi.ErrMaybe:
		// Nobody else writes, so it was an earlier try of its own that has raised the version.
		if got := u.get(key); got != value {
			u.s.Fail(tester.RuleWrongAnswer, nil, "the only writer of %q put %s at its version and was answered ErrMaybe, but it is not there: %s",
				key, value, got)
		}
		return value
	default:
		u.s.Fail(tester.RuleWrongAnswer, nil, "the only writer of %q put at the key's version and was answered %q. "+
			"If an earlier try had no answer, that try may have done it: ErrMaybe", key, err)
		return ""
	}
}

// lostAnswer lets the client's requests arrive and loses all answers, for a second. Afterwards
// nothing is lost any more, and a refusal is certain again.
//
//	clerk   -- put x if 1 -->  written: 1 -> 2
//	        X<------------ OK
//	        -- put x if 1 -->  refused
//	        <----- ErrVersion
func lostAnswer(e *tester.Env) {
	s := start(e, tester.Options{})
	u := s.user()
	for range 3 {
		before, value := "", s.Value()
		var err kvapi.Err
		u.Must("read", func() { before = u.get("x") })
		u.Client.Deafen()
		done := u.Goes(func() {
			if u.kv == nil {
				u.add("x", value)
				return
			}
			err = u.put("x", before+value)
		})
		e.Sleep(time.Second)
		s.healed()
		u.Ends(done)
		if u.kv != nil && err != kvapi.ErrMaybe && err != kvapi.OK {
			s.Fail(tester.RuleWrongAnswer, nil, "a put was carried out and its answer lost. Then the clerk said %q, which is not true: after a try without an answer, ErrVersion means ErrMaybe", err)
		}
		u.Must("read", func() {
			if got := u.get("x"); got != before+value {
				s.Fail(tester.RuleWrongAnswer, nil, "a write of %s whose answer was lost has to be there once, after %q; there is %q", value, before, got)
			}
			u.isRefused("x")
		})
	}
	s.closes("x")
}

// isRefused has the user put at the version before the one that it has just read, while nothing is
// lost: that is ErrVersion, whatever has become of earlier puts.
func (u *user) isRefused(key string) {
	if u.kv == nil {
		return
	}
	if err := u.putIf(key, u.s.Value(), u.seen[key]-1); err != kvapi.ErrVersion {
		u.s.Fail(tester.RuleWrongAnswer, nil, "a put of %q at an old version was answered at once, and the clerk said %q and not ErrVersion. Only a try of the same Put that had no answer leaves a doubt", key, err)
	}
}

// lostRequest loses requests of one client for a second, so that they have no effect. The first
// time nothing happens meanwhile. The second time another client writes: then the server refuses
// what comes later, and the clerk, which cannot tell this from a lost answer, has to say ErrMaybe.
func lostRequest(e *tester.Env) {
	s := start(e, tester.Options{})
	u, w := s.user(), s.user()
	w.Must("write", func() { w.put("x", s.Value()) })
	for _, rival := range []bool{false, true} {
		u.Must("read", func() { u.get("x") })
		u.Client.Reach()
		value, other := s.Value(), s.Value()
		var err kvapi.Err
		done := u.Goes(func() { err = u.put("x", value) })
		e.Sleep(time.Second)
		if rival {
			w.Must("write", func() { w.get("x"); w.put("x", other) })
		}
		s.healed()
		u.Ends(done)
		switch {
		case u.kv == nil:
		case !rival && err != kvapi.OK:
			s.Fail(tester.RuleWrongAnswer, nil, "requests were lost for a second, nobody else wrote, and then the server carried the put out; the clerk said %q and not OK", err)
		case rival && err != kvapi.ErrMaybe && err != kvapi.ErrVersion: // with sessions a server knows that it is ErrVersion
			s.Fail(tester.RuleWrongAnswer, nil, "requests were lost for a second, in which another client wrote, so that the put was refused later; the clerk said %q and not ErrMaybe", err)
		}
	}
	s.closes("x")
}

// manyOnLossy lets several clients at the same few keys while messages get lost.
func manyOnLossy(e *tester.Env) {
	s := start(e, tester.Options{Unreliable: true, Duplicates: true})
	l := s.load(mix{users: 6, each: 20, keys: 2, think: 20 * time.Millisecond})
	l.Finish()
	s.closes(l.Keys...)
}

// askLimit is how many requests a second a client may send while it waits for something. It is
// generous: a clerk needs ten, a lock fifty.
const askLimit = 200

// patientClerks cuts everybody off for half a minute.
func patientClerks(e *tester.Env) {
	const cutOff = 30
	s := start(e, tester.Options{})
	users := s.crowd(4)
	for _, u := range users {
		u.Client.Reach()
	}
	before := s.TotalRPCs()
	var done []<-chan struct{}
	for i, u := range users {
		value := s.Value()
		done = append(done, u.Goes(func() {
			if i == 0 {
				u.get("x")
			} else {
				u.add("x", value)
			}
		}))
	}
	e.Sleep(cutOff * time.Second)
	s.storm(s.TotalRPCs()-before, len(users), cutOff, "nobody could reach the server")
	for i, u := range users {
		select {
		case <-done[i]:
			s.Fail(tester.RuleWrongAnswer, nil, "client %d has been told the result of its operation while nobody could reach the server", u.Client.Number())
		default:
		}
	}
	s.healed()
	for i, u := range users {
		u.Ends(done[i])
	}
	s.closes("x")
	s.each("x", s.Used())
}

// storm fails the case if clients sent more than need be while they waited.
func (s *service) storm(sent, clients, seconds int, why string) {
	if most := clients * seconds * askLimit; sent > most {
		s.Fail(tester.RuleTooManyRPCs, nil, "in %d s in which %s, %d clients sent %d requests; at most %d are allowed, which is %d a second each. Wait a little before asking again",
			seconds, why, clients, sent, most, askLimit)
	}
}

// each looks whether all values up to a number but the first, which was never written, are there
// once.
func (s *service) each(key string, last int) {
	u := s.user()
	u.Must("read", func() {
		got := u.get(key)
		for i := 2; i <= last; i++ {
			if n := strings.Count(got, kit.ValueOf(i)); n != 1 {
				s.Fail(tester.RuleWrongAnswer, nil, "%s was added to %q once, and is there %d times: %s", kit.ValueOf(i), key, n, got)
			}
		}
	})
}

// clientDies lets clients die in the middle of what they do.
func clientDies(e *tester.Env) {
	s := start(e, tester.Options{Unreliable: true})
	l := s.load(mix{users: 6, each: 15, keys: 2, think: 20 * time.Millisecond})
	for i, u := range s.users {
		if i%2 == 0 {
			s.Idle(200 * time.Millisecond)
			e.Note("client %d dies", u.Client.Number())
			u.Client.Close()
		}
	}
	l.Finish()
	s.closes(l.Keys...)
}

// swarm has some of all that can happen to messages, drawn by the seed.
func swarm(e *tester.Env) {
	r := e.Rand()
	s := start(e, tester.Options{Unreliable: r.IntN(4) > 0, Duplicates: r.IntN(2) == 0, LongReordering: r.IntN(3) == 0, LongDelays: r.IntN(3) == 0})
	l := s.load(mix{users: 5, each: 12, keys: 2, think: 300 * time.Millisecond})
	s.trouble(5)
	l.Finish()
	s.closes(l.Keys...)
}

// trouble cuts off clients for a while, one after the other, or only what they would hear; then all
// is well.
func (s *service) trouble(times int) {
	r := s.env.Rand()
	for range times {
		s.Idle(time.Second)
		u := s.users[r.IntN(len(s.users))]
		if r.IntN(2) == 0 {
			u.Client.Deafen()
		} else {
			u.Client.Reach()
		}
		s.Idle(time.Second)
		u.Client.ReachAll()
	}
	s.healed()
}
