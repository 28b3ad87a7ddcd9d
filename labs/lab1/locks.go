package lab1

import (
	"fmt"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/tester"
)

// watch is the case's own book of who holds which lock, and of who wants which.
type watch struct {
	mu      sync.Mutex
	holders map[string]*user
	wanted  map[*user]string
}

// handle is a user's handle of a lock.
type handle struct {
	u    *user
	name string
	lock kvapi.Lock
}

// lockOf makes a handle for a user, on the case's main goroutine.
func (s *service) lockOf(u *user, name string) *handle {
	if s.made.First.Lock == nil {
		s.Fail(tester.RuleMissing, nil, "the service has no locks: Lock of kvapi.Single is nil (docs/lab1.md)")
	}
	h := &handle{u: u, name: name}
	u.Client.Make(func() { h.lock = s.made.New().Lock(u.raw, name) })
	if h.lock == nil {
		s.Fail(tester.RuleMissing, nil, "the function Lock of kvapi.Single returned nil for the lock %q", name)
	}
	return h
}

// traced calls the lock, and says so in the trace.
func (h *handle) traced(what string, call func()) {
	h.u.do(fmt.Sprintf("%s %q", what, h.name), func() {
		op := h.u.Client.Invoke(what, fmt.Sprintf("%q", h.name))
		h.u.Client.Call(call)
		op.Return("done")
	})
}

// acquire takes the lock. The case fails if somebody else has it. A lock need not be fair: those who
// want it as well have had somebody's turn in their way until now.
func (h *handle) acquire() {
	s := h.u.s
	s.watch.mu.Lock()
	s.watch.wanted[h.u] = h.name
	s.watch.mu.Unlock()
	h.traced("acquire", h.lock.Acquire)
	s.watch.mu.Lock()
	delete(s.watch.wanted, h.u)
	other := s.watch.holders[h.name]
	s.watch.holders[h.name] = h.u
	for u, name := range s.watch.wanted {
		if name == h.name {
			u.Obstructed()
		}
	}
	s.watch.mu.Unlock()
	if other != nil {
		s.Fail(tester.RuleTwoHolders, nil, "client %d has acquired lock %q, which client %d holds and has not released",
			h.u.Client.Number(), h.name, other.Client.Number())
	}
}

// release gives it back. From the moment of the call on, others may have it.
func (h *handle) release() {
	s := h.u.s
	s.watch.mu.Lock()
	delete(s.watch.holders, h.name)
	s.watch.mu.Unlock()
	h.traced("release", h.lock.Release)
}

// section takes the lock, does something, and gives it back.
func (h *handle) section(inside func()) {
	h.acquire()
	inside()
	h.release()
}

// count raises a number that only holders of a lock touch: it is read, some time goes by, and one
// more is written.
func (u *user) count(key string, takes time.Duration) {
	before := u.get(key)
	u.s.env.Sleep(takes)
	u.certain(key, before+"|")
}
