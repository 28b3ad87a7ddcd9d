package lab4

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/sharded"
	"raftlab/porcupine-tests/model"
	"raftlab/shardapi"
	"raftlab/tester"
)

// chief is the one who changes configurations in cases of 4B and 4C. What the chief does stands in the trace as a
// note.
type chief struct {
	s      *service
	client *tester.Client
	clerk  shardapi.ControllerClerk
}

func (s *service) newChief() *chief {
	client := s.NewClient()
	return &chief{s, client, s.groups.Administrator(client)}
}

// do has the chief do something, and waits until it is done.
func (c *chief) do(what string, f func()) {
	c.s.env.Note("%s", what)
	if !c.s.env.Await(c.begin(f), tester.ProgressLimit) {
		c.s.fail(tester.RuleNoProgress, nil, "the controller is well, and has not answered to %q within %v", what, tester.ProgressLimit)
	}
}

// begin has the chief do something, and does not wait.
func (c *chief) begin(f func()) <-chan struct{} {
	return c.client.Go(func() { c.client.Call(f) })
}

// join adds groups.
func (s *service) join(groups ...int) {
	s.chief.do(fmt.Sprintf("groups %v join", groups), func() { s.chief.clerk.Join(s.groups.Joining(groups...)) })
}

// leave takes groups away.
func (s *service) leave(groups ...int) {
	s.chief.do(fmt.Sprintf("groups %v leave", groups), func() { s.chief.clerk.Leave(sharded.GIDs(groups...)) })
}

// move gives a shard to a group.
func (s *service) move(shard, group int) {
	s.chief.do(fmt.Sprintf("shard %d moves to group %d", shard, group), func() { s.chief.clerk.Move(shard, sharded.GID(group)) })
}

// config asks for the latest configuration.
func (s *service) config() (latest shardapi.Config) {
	s.chief.do("ask for the configuration", func() { latest = s.chief.clerk.Query(-1) })
	return latest
}

// owner returns the group that has a shard in a configuration; 0 for none.
func owner(c shardapi.Config, shard int) int { return sharded.Owner(c, shard) }

// user is a client of the service. What it asks and what it is answered goes into the trace, from where the
// history is taken. Its operations are for one goroutine, started with goes or must.
type user struct {
	s      *service
	client *tester.Client
	clerk  kvapi.ClassicClerk
	rand   *rand.Rand
	doing  atomic.Value // string: the operation that has not ended yet; for messages
}

// user makes a new user, who reaches all servers.
func (s *service) user() *user {
	u := &user{s: s, client: s.NewClient()}
	u.doing.Store("nothing")
	u.rand = s.env.Fork(fmt.Sprintf("user %d", u.client.Number()))
	u.clerk = s.groups.User(u.client)
	s.users = append(s.users, u)
	return u
}

// do carries out an operation and records it.
func (u *user) do(op model.Op, call func(*model.Op)) model.Op {
	op.Dialect = model.Classic
	u.doing.Store(fmt.Sprintf("%s %s", op.Kind, op.Question()))
	o := u.client.Invoke(string(op.Kind), op.Question())
	u.client.Call(func() { call(&op) })
	if op.Kind != model.Get && op.Err == kvapi.OK {
		o.Wrote(fmt.Sprintf("%s %s of client %d", op.Kind, op.Question(), u.client.Number()))
	}
	o.Return(op.Answer())
	u.doing.Store("nothing")
	return op
}

// get reads a key; "" if it does not exist.
func (u *user) get(key string) string {
	return u.do(model.Op{Kind: model.Get, Key: key}, func(op *model.Op) { op.Got, op.Err = u.clerk.Get(key), kvapi.OK }).Got
}

// put writes a key, whatever it holds.
func (u *user) put(key, value string) {
	u.do(model.Op{Kind: model.Put, Key: key, Value: value}, func(op *model.Op) {
		u.clerk.Put(key, value)
		op.Err = kvapi.OK
	})
}

// append adds a value to a key, once. The value must be one that nobody else ever writes.
func (u *user) append(key, value string) {
	u.do(model.Op{Kind: model.Append, Key: key, Value: value}, func(op *model.Op) {
		u.clerk.Append(key, value)
		op.Err = kvapi.OK
	})
}

// goes runs f on the user's goroutine and returns a channel that is closed when f has ended.
func (u *user) goes(f func()) <-chan struct{} { return u.client.Go(f) }

// must runs f on the user's goroutine and waits until it has ended; the case fails if it takes more than
// ProgressLimit.
func (u *user) must(what string, f func()) {
	if done := u.goes(f); !u.s.env.Await(done, tester.ProgressLimit) {
		u.s.fail(tester.RuleNoProgress, nil, "client %d was to %s, which has not ended after %v (it waits for %s), although nothing is in its way",
			u.client.Number(), what, tester.ProgressLimit, u.doing.Load())
	}
}

// ended waits for the end of what the user is doing, now that nothing is in the way any more.
func (u *user) ended(done <-chan struct{}, limit time.Duration) {
	if !u.s.env.Await(done, limit) {
		u.s.fail(tester.RuleNoProgress, nil, "client %d still waits for %s, %v after the last obstacle is gone",
			u.client.Number(), u.doing.Load(), limit)
	}
}

// mustSee waits until the user reads a value that contains text.
func (u *user) mustSee(key, text string) {
	u.must("see "+text+" at "+key, func() {
		for !strings.Contains(u.get(key), text) {
			u.s.env.Sleep(20 * time.Millisecond)
		}
	})
}

// demand says what the users of a traffic do.
type demand struct {
	users int
	each  int           // operations per user
	keys  []string      // allKeys unless said otherwise
	reads int           // percent
	puts  int           // percent; the rest are appends
	think time.Duration // the longest time between two operations of a user
}

// traffic is a number of users who work at the same time.
type traffic struct {
	s     *service
	users []*user
	done  []<-chan struct{}
}

// traffic sets users to work, with operations drawn from the seed, and returns at once.
func (s *service) traffic(d demand) *traffic {
	t := &traffic{s: s}
	if d.keys == nil {
		d.keys = allKeys
	}
	for range d.users {
		u := s.user()
		first := s.last // values of its own
		s.last += d.each
		t.users = append(t.users, u)
		t.done = append(t.done, u.goes(func() {
			for i := range d.each {
				s.env.Sleep(time.Duration(u.rand.Int64N(int64(d.think) + 1)))
				u.random(d, first+1+i)
			}
		}))
	}
	return t
}

// random does one operation.
func (u *user) random(d demand, number int) {
	key, value := d.keys[u.rand.IntN(len(d.keys))], valueOf(number)
	switch p := u.rand.IntN(100); {
	case !u.client.Takes():
	case p < d.reads:
		u.get(key)
	case p < d.reads+d.puts:
		u.put(key, value)
	default:
		u.append(key, value)
	}
}

// over says whether all users have done their work.
func (t *traffic) over() bool {
	for _, done := range t.done {
		if !isOver(done) {
			return false
		}
	}
	return true
}

// finish waits for the end of the work, now that nothing is in the way any more.
func (t *traffic) finish() {
	limit := t.s.env.Now() + tester.ProgressLimit
	for i, done := range t.done {
		t.users[i].ended(done, max(limit-t.s.env.Now(), 0))
	}
}
