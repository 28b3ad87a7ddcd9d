package lab3

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// user is a client of the service with a clerk of one of the two dialects. What it asks and what it is
// answered goes into the trace, from where the history is taken. Its operations are for one
// goroutine, started with goes or must.
//
//	          put, append, get                what the model sees
//	classic   Put, Append, Get                the same
//	versioned Get, then Put if the version    each Get and each Put, with versions
//	          is still the one; and again
type user struct {
	s         *service
	client    *tester.Client
	rand      *rand.Rand
	classic   kvapi.ClassicClerk // nil in the other dialect
	versioned kvapi.VersionedClerk
	seen      map[string]kvapi.Version // what this user last saw
	doing     atomic.Value             // string: the operation that has not ended yet; for messages
	since     atomic.Int64             // when it began, or the last one ended
}

// user makes a new user, who reaches all servers.
func (s *service) user() *user { return s.userOf(s.others()...) }

// userOf makes a user who knows only some of the servers.
func (s *service) userOf(servers ...int) *user {
	u := &user{s: s, client: s.NewClient(), seen: map[string]kvapi.Version{}}
	u.doing.Store("nothing")
	u.rand = s.env.Fork(fmt.Sprintf("user %d", u.client.Number()))
	u.client.Make(func() {
		if s.dialect == model.Classic {
			u.classic = s.made.New().Classic(u.client.EndsTo(servers...), s.options)
		} else {
			u.versioned = s.made.New().Versioned(u.client.EndsTo(servers...), s.options)
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

// do carries out an operation and records it.
func (u *user) do(op model.Op, call func(*model.Op)) model.Op {
	op.Dialect = u.s.dialect
	u.doing.Store(fmt.Sprintf("%s %s", op.Kind, op.Question()))
	u.since.Store(int64(u.s.env.Now()))
	o := u.client.Invoke(string(op.Kind), op.Question())
	u.client.Call(func() { call(&op) })
	if op.Kind != model.Get && op.Err == kvapi.OK {
		o.Wrote(fmt.Sprintf("%s %s of client %d", op.Kind, op.Question(), u.client.Number()))
	}
	o.Return(op.Answer())
	u.since.Store(int64(u.s.env.Now()))
	u.doing.Store("nothing")
	return op
}

// get reads a key; "" if it does not exist.
func (u *user) get(key string) string {
	return u.do(model.Op{Kind: model.Get, Key: key}, func(op *model.Op) {
		if u.classic != nil {
			op.Got, op.Err = u.classic.Get(key), kvapi.OK
			return
		}
		op.Got, op.GotVersion, op.Err = u.versioned.Get(key)
		u.seen[key] = op.GotVersion
	}).Got
}

// putIf writes a key if its version is the given one. Versioned dialect only.
func (u *user) putIf(key, value string, version kvapi.Version) kvapi.Err {
	return u.do(model.Op{Kind: model.Put, Key: key, Value: value, Version: version}, func(op *model.Op) {
		op.Err = u.versioned.Put(key, value, version)
		if op.Err == kvapi.OK {
			u.seen[key] = version + 1
		}
	}).Err
}

// put writes a key, whatever it holds.
func (u *user) put(key, value string) {
	if u.classic != nil {
		u.do(model.Op{Kind: model.Put, Key: key, Value: value}, func(op *model.Op) {
			u.classic.Put(key, value)
			op.Err = kvapi.OK
		})
		return
	}
	u.change(key, func(string) string { return value })
}

// append adds a value to a key, once. The value must be one that nobody else ever writes.
func (u *user) append(key, value string) {
	if u.classic != nil {
		u.do(model.Op{Kind: model.Append, Key: key, Value: value}, func(op *model.Op) {
			u.classic.Append(key, value)
			op.Err = kvapi.OK
		})
		return
	}
	u.change(key, func(old string) string { return old + value })
}

// set is put, but asks for nothing before: in the versioned dialect it is one conditional Put with the version that
// the user knows, whatever comes of it.
func (u *user) set(key, value string) {
	if u.classic != nil {
		u.put(key, value)
		return
	}
	u.putIf(key, value, u.seen[key])
}

// change replaces the value of a key by a function of it, as one does with versions: try with the last
// version seen, and look again if somebody was faster. After ErrMaybe the value itself tells: what
// to writes ends in something that nobody else writes.
func (u *user) change(key string, to func(old string) string) {
	for {
		old := u.get(key)
		value := to(old)
		switch u.putIf(key, value, u.seen[key]) {
		case kvapi.OK:
			return
		case kvapi.ErrMaybe:
			if strings.HasPrefix(u.get(key), value) {
				return
			}
		}
	}
}

// goes runs f on the user's goroutine and returns a channel that is closed when f has ended.
func (u *user) goes(f func()) <-chan struct{} { return u.client.Go(f) }

// must runs f on the user's goroutine and waits until it has ended; the case fails if it takes more than
// ProgressLimit.
func (u *user) must(what string, f func()) { u.within(tester.ProgressLimit, what, f) }

// within is must with another limit.
func (u *user) within(limit time.Duration, what string, f func()) {
	done := u.goes(f)
	if !u.gets(done, limit) {
		u.s.fail(tester.RuleNoProgress, nil, "client %d was to %s, which has not ended after %v (it waits for %s), although nothing is in its way",
			u.client.Number(), what, limit, u.doing.Load())
	}
}

// ended waits for the end of what the user is doing, now that nothing is in the way any more.
func (u *user) ended(done <-chan struct{}) { u.endedWithin(tester.ProgressLimit, done) }

func (u *user) endedWithin(limit time.Duration, done <-chan struct{}) {
	if !u.gets(done, limit) {
		u.s.fail(tester.RuleNoProgress, nil, "client %d still waits for %s, %v after the last obstacle is gone",
			u.client.Number(), u.doing.Load(), limit)
	}
}

// gets waits until done, and says whether it came to it: no operation may take more than limit. Several operations may
// take several times as long.
func (u *user) gets(done <-chan struct{}, limit time.Duration) bool {
	env := u.s.env
	for began := env.Now(); ; {
		left := max(began, time.Duration(u.since.Load())) + limit - env.Now()
		if env.Await(done, max(left, 0)) {
			return true
		}
		if left <= 0 {
			return false
		}
	}
}

// key is the name of key number i.
func key(i int) string { return string(rune('a' + i)) }
