package lab3

import (
	"time"

	"raftlab/tester"
)

// mix says what the users of a load do.
type mix struct {
	users int
	each  int           // operations per user
	keys  int           // "a", "b", ...
	reads int           // percent
	puts  int           // percent; the rest are appends
	think time.Duration // the longest time between two operations of a user
}

// load is a number of users who work at the same time.
type load struct {
	s     *service
	keys  []string
	users []*user
	done  []<-chan struct{}
}

// load sets users to work, with operations drawn from the seed, and returns at once.
func (s *service) load(m mix) *load {
	l := &load{s: s}
	for i := range m.keys {
		l.keys = append(l.keys, key(i))
	}
	for range m.users {
		u := s.user()
		first := s.last // values of its own
		s.last += m.each
		l.users = append(l.users, u)
		l.done = append(l.done, u.goes(func() {
			for i := range m.each {
				u.s.env.Sleep(time.Duration(u.rand.Int64N(int64(m.think) + 1)))
				u.random(l.keys, m, first+1+i)
			}
		}))
	}
	return l
}

// random does one operation of a mix.
func (u *user) random(keys []string, m mix, number int) {
	k := keys[u.rand.IntN(len(keys))]
	value := valueOf(number)
	p := u.rand.IntN(100)
	once := p >= m.reads && u.versioned != nil && u.rand.IntN(2) == 0
	switch {
	case !u.client.Takes():
	case p < m.reads:
		u.get(k)
	case once:
		u.putIf(k, value, u.seen[k]) // with luck the version is still right
	case p < m.reads+m.puts:
		u.put(k, value)
	default:
		u.append(k, value)
	}
}

// finish waits for the end of the work, now that nothing is in the way any more.
func (l *load) finish() {
	for i, done := range l.done {
		if u := l.users[i]; !u.gets(done, tester.ProgressLimit) {
			l.s.fail(tester.RuleNoProgress, nil, "client %d waits for %s, %v after all servers are well and all links work",
				u.client.Number(), u.doing.Load(), tester.ProgressLimit)
		}
	}
}
