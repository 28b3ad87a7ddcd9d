package kit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// User is a person with a clerk of one of the two dialects. What it asks and what it is answered
// goes into the trace, from where the history is taken.
//
//	          put, append, get                what the model sees
//	classic   Put, Append, Get                the same
//	versioned Get, then Put if the version    each Get and each Put, with versions
//	          is still the one; and again
type User struct {
	*Person
	Classic   kvapi.ClassicClerk // nil in the other dialect
	Versioned kvapi.VersionedClerk
	Seen      map[string]kvapi.Version // what this user last saw
}

// NewUser makes a user of a person. The caller gives it a clerk.
func NewUser(p *Person) *User { return &User{Person: p, Seen: map[string]kvapi.Version{}} }

// do carries out an operation and records it.
func (u *User) do(op model.Op, call func(*model.Op)) model.Op {
	if op.Dialect = model.Versioned; u.Classic != nil {
		op.Dialect = model.Classic
	}
	u.Does(fmt.Sprintf("%s %s", op.Kind, op.Question()), func() {
		history.Do(u.Client, &op, call)
		u.check(op)
	})
	return op
}

// answers are what the two operations of the versioned dialect may be answered.
var answers = map[model.Kind][]kvapi.Err{
	model.Get: {kvapi.OK, kvapi.ErrNoKey},
	model.Put: {kvapi.OK, kvapi.ErrVersion, kvapi.ErrNoKey, kvapi.ErrMaybe},
}

// answered reports whether an operation was answered with one of them.
func answered(op model.Op) bool {
	may := answers[op.Kind]
	return op.Dialect == model.Classic || may == nil || slices.Contains(may, op.Err)
}

// check fails the case for what is no answer at all. Users ask again, so that a clerk which answers
// something else at once, as one does that is not written yet, would keep them busy for ever.
func (u *User) check(op model.Op) {
	if answered(op) {
		return
	}
	u.b.Fail(tester.RuleWrongAnswer, nil, "client %d asked %s %s, and its clerk said %q, which is no answer: there are %v. A clerk asks until a leader has answered",
		u.Client.Number(), op.Kind, op.Question(), op.Err, answers[op.Kind])
}

// Get reads a key; "" if it does not exist.
func (u *User) Get(key string) string {
	return u.do(model.Op{Kind: model.Get, Key: key}, func(op *model.Op) {
		if u.Classic != nil {
			op.Got, op.Err = u.Classic.Get(key), kvapi.OK
			return
		}
		op.Got, op.GotVersion, op.Err = u.Versioned.Get(key)
		u.Seen[key] = op.GotVersion
	}).Got
}

// PutIf writes a key if its version is the given one. Versioned dialect only.
func (u *User) PutIf(key, value string, version kvapi.Version) kvapi.Err {
	return u.do(model.Op{Kind: model.Put, Key: key, Value: value, Version: version}, func(op *model.Op) {
		op.Err = u.Versioned.Put(key, value, version)
		if op.Err == kvapi.OK {
			u.Seen[key] = version + 1
		}
	}).Err
}

// Put writes a key, whatever it holds.
func (u *User) Put(key, value string) {
	if u.Classic != nil {
		u.do(model.Op{Kind: model.Put, Key: key, Value: value}, func(op *model.Op) {
			u.Classic.Put(key, value)
			op.Err = kvapi.OK
		})
		return
	}
	u.change(key, func(string) string { return value })
}

// Append adds a value to a key, once. The value must be one that nobody else ever writes.
func (u *User) Append(key, value string) {
	if u.Classic != nil {
		u.do(model.Op{Kind: model.Append, Key: key, Value: value}, func(op *model.Op) {
			u.Classic.Append(key, value)
			op.Err = kvapi.OK
		})
		return
	}
	u.change(key, func(old string) string { return old + value })
}

// Set is Put, but asks for nothing before: in the versioned dialect it is one conditional Put with
// the version that the user knows, whatever comes of it.
func (u *User) Set(key, value string) {
	if u.Classic != nil {
		u.Put(key, value)
		return
	}
	u.PutIf(key, value, u.Seen[key])
}

// change replaces the value of a key by a function of it, as one does with versions: try with the
// last version seen, and look again if somebody was faster. After ErrMaybe the value itself tells:
// what to writes ends in something that nobody else writes.
func (u *User) change(key string, to func(old string) string) {
	for {
		old := u.Get(key)
		value := to(old)
		switch u.PutIf(key, value, u.Seen[key]) {
		case kvapi.OK:
			return
		case kvapi.ErrMaybe:
			if strings.HasPrefix(u.Get(key), value) {
				return
			}
		}
	}
}

// MustSee waits until the user reads a value that contains text.
func (u *User) MustSee(key, text string) {
	u.Must("see "+text+" at "+key, func() {
		for !strings.Contains(u.Get(key), text) {
			u.Env().Sleep(20 * time.Millisecond)
		}
	})
}
