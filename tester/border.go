package tester

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/raftapi"
)

// The border between the harness and the code under test. Whatever crosses it is told apart here,
// once:
//
//	harness goroutine         goroutine of the call
//	     |  enter ---------------->|
//	     |                         |  the code under test
//	     |<------ departure -------|
//	     v
//
// A call into the code under test has a goroutine of its own, so that whatever happens to that
// goroutine, ours goes on and hears of it: the call has returned, or panicked, or called
// runtime.Goexit. A goroutine of ours that does not come to its end ends the run (guard), so "not
// failed" is never taken for passed.
//
// Values that come back are made text or plain values once (told, plainValue). From then on nobody
// calls their methods: a value of the code under test is never given to package fmt, compared, or
// hashed.

// manner is how a call into the code under test has ended.
type manner int

const (
	pending  manner = iota // it has not, and the run is over
	left                   // it has not, and the client that made it has died
	returned               // as it should
	panicked               // also with the value nil
	exited                 // by runtime.Goexit
)

// departure is the end of a call.
type departure struct {
	manner manner
	lacks  bool   // it panicked because the peer lacks an extension: see StartFunc
	cannot string // why the peer cannot have it (raftapi.Unavailable), if so
	text   string // the value of the panic
	stack  string
}

// enter calls f, which is code under test, on a goroutine of its own, and waits for its end, or for
// that of the run.
func (r *run) enter(f func()) departure { return r.enterUntil(nil, f) }

// enterUntil is enter, but waits only until dead is closed, because the client that makes the call
// has died. From then on nothing that becomes of the call matters.
func (r *run) enterUntil(dead <-chan struct{}, f func()) departure {
	done := make(chan departure, 1)
	var settled atomic.Bool // by whichever comes first: the end of the call, or the client's
	over, late := r.over, (<-chan time.Time)(nil)
	if r.failed() { // what is left is to take down what there is
		over, late = nil, time.After(StuckLimit)
	}
	go func() {
		d := departure{manner: exited}
		defer func() {
			p := recover()
			if !settled.CompareAndSwap(false, true) {
				return
			}
			if d.manner != returned {
				r.wrecks.Add(1) // until somebody has ended the run because of it
				d = departureBy(p)
			}
			done <- d
		}()
		f()
		d.manner = returned
	}()
	select {
	case d := <-done:
		return d
	case <-dead:
		if settled.CompareAndSwap(false, true) {
			return departure{manner: left}
		}
		return <-done
	case <-over:
	case <-late:
	}
	return departure{manner: pending}
}

// departureBy is called by a deferred function, for a call that has not returned. p is what recover
// said.
func departureBy(p any) departure {
	d := departure{manner: panicked, stack: string(debug.Stack())}
	if stacks.ExitedBy(d.stack) {
		d.manner = exited
		return d
	}
	_, d.lacks = p.(interface{ Lacks() string })
	d.text = told(p)
	if d.lacks {
		d.cannot = unavailable(p)
	}
	return d
}

// into calls the code under test. Every call of the harness into a peer goes through here, so that
// one that does not return is noticed. It does not return if the call does not.
func (r *run) into(name string, peer int, f func()) {
	if !r.call(name, peer, f) {
		runtime.Goexit()
	}
}

// call is into, but says whether the call has returned.
func (r *run) call(name string, peer int, f func()) bool {
	slot := r.calls.begin(name, peer, r.now())
	d := r.enter(f)
	if d.manner == pending {
		return false
	}
	r.calls.end(slot)
	if d.manner == returned {
		return true
	}
	r.departed(name, peer, d)
	return false
}

// departed ends the run because a call into the code under test has not returned, and will not.
func (r *run) departed(name string, peer int, d departure) {
	v := record.Verdict{Outcome: record.Crash, Rule: string(RuleCrash), Peers: peersOf(peer), Stack: d.stack}
	switch {
	case d.manner == pending: // the run is over
		return
	case d.manner == exited:
		v.Message = fmt.Sprintf("%s of %s called runtime.Goexit, and so never returns", name, record.Who(peer))
	case d.lacks:
		r.lacks(Violation{Rule: RuleMissing, Message: d.text}, d.cannot)
		return
	case stacks.StartedInTester(d.stack):
		v = record.Verdict{Outcome: record.FrameworkError, Message: "panic: " + d.text, Stack: d.stack}
	default:
		v.Message = record.Who(peer) + ": panic: " + d.text
		if !stacks.Theirs(d.stack) {
			v.Message += ". No function of the code under test was running: is something nil that it has handed over, such as a service, a function in it, or a clerk?"
		}
	}
	r.end(v)
}

// nothing reports whether a function that makes a peer has returned nil, or a nil pointer as an
// interface.
func nothing(made any) bool {
	v := reflect.ValueOf(made)
	return made == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// madeNothing ends the run because there is no peer where there should be one.
func (r *run) madeNothing(name string, peer int) {
	r.end(record.Verdict{Outcome: record.Crash, Rule: string(RuleCrash), Peers: peersOf(peer),
		Message: fmt.Sprintf("%s of %s returned nil", name, record.Who(peer))})
	runtime.Goexit()
}

// peersOf returns the peers that a call is about: none if it is a client's.
func peersOf(peer int) []int {
	if peer >= record.FirstClient {
		return nil
	}
	return []int{peer}
}

// leaving is what a goroutine of a client panics with when the client has died.
type leaving struct{}

// guard runs f, which is ours or the case's, and says whether it has come to its end. If not, the
// run ends, unless it has ended already or the goroutine belongs to a client that has died.
func (r *run) guard(f func()) (finished bool) {
	defer func() {
		p := recover()
		if _, excused := p.(leaving); finished || excused || r.failed() {
			return
		}
		d := departureBy(p)
		v := record.Verdict{Outcome: record.FrameworkError, Message: "panic: " + d.text, Stack: d.stack}
		if d.manner == exited {
			v.Message = "a goroutine of the case called runtime.Goexit before it had come to its end"
		}
		r.end(v)
	}()
	f()
	return true
}

// quota counts the goroutines of a case or of a client. Each says itself that it has come to its
// end.
type quota struct {
	mu       sync.Mutex
	begun    int
	finished int
	excused  int // left because the client had died, or the run was over
}

// spawn runs f on a goroutine that counts, and done when it has ended in whatever way.
func (r *run) spawn(q *quota, done, f func()) {
	q.count(&q.begun)
	go func() {
		defer done()
		if r.guard(f) {
			q.count(&q.finished)
		} else {
			q.count(&q.excused)
		}
	}()
}

func (q *quota) count(n *int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	*n++
}

// open returns how many have not said that they have come to their end.
func (q *quota) open() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.begun - q.finished - q.excused
}

// tellLimit is the virtual time that a value may take to say what it is.
const tellLimit = time.Second

// tellLength is how much it may say, in bytes.
const tellLength = 4 << 10

// told makes text of the value of a panic, or of an error, of the code under test. If it has to be
// asked, it is asked on a goroutine of its own: the answer may panic, never come, or end the
// goroutine.
func told(p any) string {
	var ask func() string
	switch x := p.(type) {
	case nil:
		return "nil"
	case string:
		return plain.Cut(x, tellLength)
	case error:
		ask = func() string { return x.Error() }
	case fmt.Stringer:
		ask = func() string { return x.String() }
	default:
		return plain.Value(p, tellLength)
	}
	return answered(ask, fmt.Sprintf("a %T that does not say what it means", p), fmt.Sprintf("a %T that takes for ever to say what it means", p))
}

// answered asks a value of the code under test, on a goroutine of its own. silent is the answer if
// there is none, and late if it does not come in time.
func answered(ask func() string, silent, late string) string {
	said := make(chan string, 1)
	go func() {
		text := silent
		defer func() {
			_ = recover()
			said <- text
		}()
		text = plain.Cut(ask(), tellLength)
	}()
	select {
	case text := <-said:
		return text
	case <-time.After(tellLimit):
		return late
	}
}

// unavailable says why a peer cannot have an extension, if the error, or the value of a panic, says
// so. Otherwise it is empty.
func unavailable(p any) string {
	err, ok := p.(error)
	if !ok {
		return ""
	}
	return answered(func() string {
		var u *raftapi.Unavailable
		if !errors.As(err, &u) || u == nil {
			return ""
		}
		return fmt.Sprintf("the case needs the extension %s, which the peer cannot have: %s", u.Extension, u.Why)
	}, "", "")
}

// unfinished says what of a case that has returned has not come to its end, or nothing. Clients
// that have died owe nothing.
func (e *Env) unfinished() string {
	if n := e.quota.open(); n > 0 {
		return fmt.Sprintf("%d goroutines of the case", n)
	}
	for _, c := range e.r.clusters {
		c.mu.Lock()
		clients := slices.Clone(c.clients)
		c.mu.Unlock()
		for _, cl := range clients {
			if n := cl.quota.open(); n > 0 && !cl.Closed() {
				return fmt.Sprintf("%d goroutines of client %d", n, cl.number)
			}
		}
	}
	return ""
}
