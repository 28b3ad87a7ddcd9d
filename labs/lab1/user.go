package lab1

import (
	"fmt"
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/tester"
)

// user is a client of the service, with a clerk of one of the two dialects. What it asks and what
// it is answered goes into the trace, from where the history is taken. Its operations are for one
// goroutine, started with goes or must.
type user struct {
	*kit.Person
	s       *service
	raw     kvapi.VersionedClerk // the clerk itself, for locks
	kv      kvapi.VersionedClerk // the same, traced; nil in the classic dialect
	classic kvapi.ClassicClerk   // traced; nil in the versioned one
	seen    map[string]kvapi.Version
}

// user makes a new user.
func (s *service) user() *user {
	u := &user{Person: s.Person(s.NewClient(), "user"), s: s, seen: map[string]kvapi.Version{}}
	u.Client.Make(func() {
		end := u.Client.Ends()[0]
		if s.versioned() {
			u.raw = s.made.New().Versioned(end)
			u.kv = history.Versioned(u.Client, u.raw)
		} else {
			u.classic = history.Classic(u.Client, s.made.New().Classic(end))
		}
	})
	s.users = append(s.users, u)
	return u
}

// crowd makes n users.
func (s *service) crowd(n int) []*user {
	us := make([]*user, n)
	for i := range us {
		us[i] = s.user()
	}
	return us
}

// do says what the user is doing while it does it.
func (u *user) do(what string, call func()) {
	u.Does(what, func() {
		call()
		u.s.answers.Add(1)
	})
}

// get reads a key; "" if it does not exist.
func (u *user) get(key string) (value string) {
	u.do(fmt.Sprintf("get %q", key), func() {
		if u.kv == nil {
			value = u.classic.Get(key)
			return
		}
		value, u.seen[key], _ = u.kv.Get(key)
	})
	return value
}

// putIf writes a key if its version is the given one. Versioned dialect only.
func (u *user) putIf(key, value string, version kvapi.Version) (err kvapi.Err) {
	u.do(fmt.Sprintf("put %q %s at version %d", key, value, version), func() {
		if err = u.kv.Put(key, value, version); err == kvapi.OK {
			u.seen[key] = version + 1
		}
	})
	return err
}

// put writes a key, at the version that the user knows; in the classic dialect, whatever is there.
func (u *user) put(key, value string) kvapi.Err {
	if u.kv == nil {
		u.do(fmt.Sprintf("put %q %s", key, value), func() { u.classic.Put(key, value) })
		return kvapi.OK
	}
	return u.putIf(key, value, u.seen[key])
}

// add adds a value to a key, once. The value must be one that nobody else ever writes. With
// versions it is done as one does that: put at the version last seen; look again if somebody was
// faster; and after ErrMaybe let the value tell.
func (u *user) add(key, value string) {
	if u.kv == nil {
		u.do(fmt.Sprintf("append %q %s", key, value), func() { u.classic.Append(key, value) })
		return
	}
	for {
		whole := u.get(key) + value
		version := u.seen[key]
		err := u.putIf(key, whole, version)
		if err == kvapi.OK {
			return
		}
		there := u.get(key)
		switch {
		case err == kvapi.ErrMaybe && strings.HasPrefix(there, whole):
			return
		case err != kvapi.ErrMaybe && u.seen[key] == version: // versions do not come back, so it has been that all the time
			u.s.Fail(tester.RuleWrongAnswer, nil, "client %d read %q with version %d, put at that version, was refused with %q, and reads version %d again: nobody has written meanwhile, so it has to be OK",
				u.Client.Number(), key, version, err, version)
		}
	}
}

// mix says what the users of a load do.
type mix struct {
	users, each, keys int
	think             time.Duration // the longest time between two operations of a user
}

// load sets users to work, with operations drawn from the seed.
func (s *service) load(m mix) *kit.Load {
	l := s.NewLoad(kit.Letters(m.keys)...)
	for _, u := range s.crowd(m.users) {
		l.Repeats(u.Person, m.each, m.think, func(number int) {
			u.random(l.Keys[u.Rand.IntN(len(l.Keys))], kit.ValueOf(number))
		})
	}
	return l
}

// random does one operation.
func (u *user) random(key, value string) {
	switch what := u.Rand.IntN(3); {
	case !u.Client.Takes():
	case what == 0:
		u.get(key)
	case what == 1:
		u.put(key, value) // with luck the version is still right
	default:
		u.add(key, value)
	}
}
