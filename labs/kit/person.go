package kit

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"raftlab/tester"
)

// Person is a client that does one thing after another, on a goroutine started with Goes or Must.
// What it is doing is said when it does not come to an end.
type Person struct {
	Client *tester.Client
	Rand   *rand.Rand
	b      *Bench
	doing  atomic.Value // string: the operation that has not ended yet
	since  atomic.Int64 // when it began, or the last one ended
}

// Person makes a person for a client. kind names its stream of random numbers.
func (b *Bench) Person(client *tester.Client, kind string) *Person {
	p := &Person{Client: client, b: b, Rand: b.m.Env().Fork(fmt.Sprintf("%s %d", kind, client.Number()))}
	p.doing.Store("nothing")
	return p
}

// Does says what the person is doing while it does it.
func (p *Person) Does(what string, do func()) {
	p.doing.Store(what)
	p.since.Store(int64(p.Env().Now()))
	do()
	p.since.Store(int64(p.Env().Now()))
	p.doing.Store("nothing")
}

// Obstructed says that until now something was in the way of what the person does, which has all the
// time again that it may take. Any goroutine may say so.
func (p *Person) Obstructed() { p.since.Store(int64(p.Env().Now())) }

// Env is the run that the person is part of.
func (p *Person) Env() *tester.Env { return p.b.m.Env() }

// Doing is what the person is doing.
func (p *Person) Doing() string { return p.doing.Load().(string) }

// Goes runs f on the person's goroutine and returns a channel that is closed when f has ended.
func (p *Person) Goes(f func()) <-chan struct{} { return p.Client.Go(f) }

// Must runs f on the person's goroutine and waits until it has ended; the case fails if an
// operation takes more than ProgressLimit.
func (p *Person) Must(what string, f func()) { p.Within(tester.ProgressLimit, what, f) }

// Within is Must with another limit.
func (p *Person) Within(limit time.Duration, what string, f func()) {
	if done := p.Goes(f); !p.gets(done, limit) {
		p.b.Fail(tester.RuleNoProgress, nil, "client %d was to %s, which has not ended after %v (it waits for %s), although nothing is in its way",
			p.Client.Number(), what, limit, p.Doing())
	}
}

// Ends waits for the end of what the person is doing, now that nothing is in the way any more.
func (p *Person) Ends(done <-chan struct{}) { p.EndsWithin(tester.ProgressLimit, done) }

// EndsWithin is Ends with another limit.
func (p *Person) EndsWithin(limit time.Duration, done <-chan struct{}) {
	if !p.gets(done, limit) {
		p.b.Fail(tester.RuleNoProgress, nil, "client %d still waits for %s, %v after the last obstacle is gone",
			p.Client.Number(), p.Doing(), limit)
	}
}

// gets waits until done, and says whether it came to it: no operation may take more than limit.
// Several operations may take several times as long.
func (p *Person) gets(done <-chan struct{}, limit time.Duration) bool {
	env := p.Env()
	for began := env.Now(); ; {
		left := max(began, time.Duration(p.since.Load())) + limit - env.Now()
		if env.Await(done, max(left, 0)) {
			return true
		}
		if left <= 0 {
			return false
		}
	}
}
