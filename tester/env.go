package tester

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
)

// Env is one run of one case, seen from the case. Except where noted its methods may be called on
// the case's main goroutine and on those that [Env.Go] started.
type Env struct {
	r     *run
	rand  *rand.Rand
	work  sync.WaitGroup
	quota quota
}

// Subject returns what was given to [Run]: for the Raft labs a raftapi.MakeFunc.
func (e *Env) Subject() any { return e.r.subject }

// Case returns the row of the table that runs.
func (e *Env) Case() Case { return e.r.c }

// Seed returns the run's seed.
func (e *Env) Seed() uint64 { return e.r.params.Seed }

// Rand returns the stream of random numbers from which the case draws its faults and loads. It
// depends on seed and case only. It is for the case's main goroutine.
func (e *Env) Rand() *rand.Rand { return e.rand }

// Fork returns an independent stream for another goroutine. The same name gives the same stream.
func (e *Env) Fork(name string) *rand.Rand { return e.r.stream("fork " + name) }

// Now returns the virtual time since the case began.
func (e *Env) Now() time.Duration { return e.r.now() }

// Sleep waits for d of virtual time. It does not return if a rule is found broken meanwhile.
func (e *Env) Sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.r.over:
		runtime.Goexit()
	}
}

// Await waits until ch is closed or has a value, for at most d of virtual time, and says whether it
// did. Like Sleep it does not return if a rule is found broken meanwhile.
func (e *Env) Await(ch <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ch:
		return true
	case <-timer.C:
		return false
	case <-e.r.over:
		runtime.Goexit()
		return false
	}
}

// Note adds a line to the trace: what the case is about to do, or what it saw.
func (e *Env) Note(format string, args ...any) {
	e.note(scenario.Key{}, format, args...)
}

// note is Note about a fault that has a key.
func (e *Env) note(k scenario.Key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	e.r.note = text
	e.r.emitLocked(&record.Event{Kind: record.Note, Peer: record.None, Other: record.None, Text: text}, e.r.detail(k))
}

// Fail ends the case because a rule was broken. It does not return.
func (e *Env) Fail(v Violation) {
	if v.Section == "" {
		v.Section = e.r.c.Section
	}
	e.r.violate(v)
	runtime.Goexit()
}

// Inconclusive ends the case without a verdict on the code under test. It does not return.
func (e *Env) Inconclusive(format string, args ...any) {
	e.r.end(record.Verdict{Outcome: record.Inconclusive, Message: fmt.Sprintf(format, args...)})
	runtime.Goexit()
}

// Warn says with the verdict what is no failure.
func (e *Env) Warn(text string) { e.r.warn(text) }

// Judged notes that a history of so many operations has been found linearizable; the results of a
// suite add them up.
func (e *Env) Judged(operations int) {
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	e.r.judged += operations
}

// Failed says whether a rule has been found broken.
func (e *Env) Failed() bool { return e.r.failed() }

// Go runs f on a goroutine of the case. A panic in it ends the run.
func (e *Env) Go(f func()) {
	e.work.Add(1)
	e.r.spawn(&e.quota, e.work.Done, f)
}

// Wait waits for all goroutines that Go started. It is called for you at the end of the case.
func (e *Env) Wait() { e.work.Wait() }
