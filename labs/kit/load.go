package kit

import (
	"strings"
	"time"

	"raftlab/tester"
)

// Load is people who work at the same time.
type Load struct {
	Keys   []string // that they use
	People []*Person
	b      *Bench
	done   []<-chan struct{}
}

// NewLoad is a load of nobody.
func (b *Bench) NewLoad(keys ...string) *Load { return &Load{b: b, Keys: keys} }

// Add sets a person to work.
func (l *Load) Add(p *Person, work func()) {
	l.People = append(l.People, p)
	l.done = append(l.done, p.Goes(work))
}

// Repeats sets a person to work, times times, with a number that is used nowhere else each time,
// and a random time of at most think before.
func (l *Load) Repeats(p *Person, times int, think time.Duration, work func(number int)) {
	first := l.b.Values(times)
	l.Add(p, func() {
		for i := range times {
			l.b.m.Env().Sleep(time.Duration(p.Rand.Int64N(int64(think) + 1)))
			work(first + i)
		}
	})
}

// Over says whether all have done their work, or died.
func (l *Load) Over() bool {
	for _, done := range l.done {
		if !IsOver(done) {
			return false
		}
	}
	return true
}

// IsOver says whether a channel is closed.
func IsOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Finish waits for the end of the work, now that nothing is in the way any more. Those that have
// died are not waited for.
func (l *Load) Finish() {
	for i, p := range l.People {
		if !p.Client.Closed() && !p.gets(l.done[i], tester.ProgressLimit) {
			l.b.Fail(tester.RuleNoProgress, nil, "client %d waits for %s, %v after all servers are well and all links work",
				p.Client.Number(), p.Doing(), tester.ProgressLimit)
		}
	}
}

// Mix says what the users of a load do.
type Mix struct {
	Users int
	Each  int // operations per user
	Keys  []string
	Reads int           // percent
	Puts  int           // percent; the rest are appends
	Think time.Duration // the longest time between two operations of a user
}

// Letters are n keys: "a", "b", ...
func Letters(n int) (keys []string) {
	for i := range n {
		keys = append(keys, Letter(i))
	}
	return keys
}

// Letter is the i-th key of them.
func Letter(i int) string { return string(rune('a' + i)) }

// Load sets users to work, with operations drawn from the seed, and returns at once.
func (b *Bench) Load(m Mix, hire func() *User) *Load {
	l := b.NewLoad(m.Keys...)
	for range m.Users {
		u := hire()
		l.Repeats(u.Person, m.Each, m.Think, func(number int) { u.random(m, number) })
	}
	return l
}

// random does one operation of a mix.
func (u *User) random(m Mix, number int) {
	key, value := m.Keys[u.Rand.IntN(len(m.Keys))], ValueOf(number)
	p := u.Rand.IntN(100)
	once := p >= m.Reads && u.Versioned != nil && u.Rand.IntN(2) == 0
	switch {
	case !u.Client.Takes():
	case p < m.Reads:
		u.Get(key)
	case once:
		u.PutIf(key, value, u.Seen[key]) // with luck the version is still right
	case p < m.Reads+m.Puts:
		u.Put(key, value)
	default:
		u.Append(key, value)
	}
}

// ReadsAll has a user read these keys, one after the other, and waits for it.
func (u *User) ReadsAll(keys []string) {
	u.Must("read "+strings.Join(keys, ", "), func() {
		for _, key := range keys {
			u.Get(key)
		}
	})
}
