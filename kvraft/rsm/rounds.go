package rsm

import (
	"sync"
	"time"

	"raftlab/raftapi"
)

// rounds lets reads that come at about the same time share one request for a read index, which
// costs the cluster a round of heartbeats. It is the idea of etcd's linearizableReadLoop
// (etcdserver/v3_server.go).
//
//	reads          a   b c d        e f
//	               |   | | |        | |
//	               v   v v v        | |
//	requests       [--1--]          v v
//	                     [----2-----]
//	                                [---3---]
//
// A read may only use a request that begins after the read did: b cannot use request 1, which may
// have looked at the commitIndex before an operation that was complete before b. So b, c and d wait
// until 1 is over, and 2 serves all three.
type rounds struct {
	ask   func() (index int, ok bool) // may block for long
	wake  chan struct{}               // holds a token when somebody waits for next
	slots chan struct{}               // one token for each request that runs

	mu   sync.Mutex
	next *round // the one that has not begun
}

// round is one request, and those who wait for its answer.
type round struct {
	waiting int
	over    chan struct{} // closed when index and ok are set
	index   int
	ok      bool
}

const (
	// roundRetry is how long a request may take before the next one begins beside it. A message
	// that was lost on a bad network may take seconds to be given up, and later reads need
	// not wait for that. As etcd's readIndexRetryTime.
	roundRetry = 500 * time.Millisecond

	// maxRounds is the number of requests that run at the same time at most.
	maxRounds = 16
)

func newRounds(ask func() (int, bool)) *rounds {
	return &rounds{
		ask:   ask,
		wake:  make(chan struct{}, 1),
		slots: make(chan struct{}, maxRounds),
		next:  &round{over: make(chan struct{})},
	}
}

// index takes part in the next request. It returns false if that fails, after patience, and when
// done is closed.
func (r *rounds) index(patience time.Duration, done <-chan struct{}) (int, bool) {
	round := r.join()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-round.over:
		return round.index, round.ok
	case <-timer.C:
	case <-done:
	}
	return 0, false
}

// join returns the request that has not begun.
func (r *rounds) join() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next.waiting++
	if r.next.waiting == 2 {
		raftapi.Reached("reads shared a request for a read index")
	}
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
	return r.next
}

// begin closes the next request to newcomers, and returns it; nil if nobody waits for it, because
// whoever woke this goroutine has got into the one before.
func (r *rounds) begin() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	current := r.next
	if current.waiting == 0 {
		return nil
	}
	r.next = &round{over: make(chan struct{})}
	return current
}

// run is the goroutine that makes the requests, one after the other unless one takes very long.
func (r *rounds) run(done <-chan struct{}) {
	for {
		select {
		case <-r.wake:
		case <-done:
			return
		}
		select {
		case r.slots <- struct{}{}:
		case <-done:
			return
		}
		current := r.begin()
		if current == nil {
			<-r.slots
			continue
		}
		go r.serve(current)
		select {
		case <-current.over:
		case <-time.After(roundRetry):
			raftapi.Reached("next request for a read index beside a slow one")
		case <-done:
			return
		}
	}
}

// serve makes one request, and ends when the peer has answered it.
func (r *rounds) serve(current *round) {
	current.index, current.ok = r.ask()
	close(current.over)
	<-r.slots
}
