package tester

import (
	"fmt"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/stacks"
)

// calls are the calls of the harness into the code under test that have not returned yet.
type calls struct {
	mu    sync.Mutex
	slots []call
}

// call is one of them. A slot without a name is free.
type call struct {
	name  string // "Start"
	peer  int
	since time.Duration
}

func (cs *calls) begin(name string, peer int, now time.Duration) int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := call{name, peer, now}
	for i := range cs.slots { // there are hardly ever more than a few
		if cs.slots[i].name == "" {
			cs.slots[i] = c
			return i
		}
	}
	cs.slots = append(cs.slots, c)
	return len(cs.slots) - 1
}

func (cs *calls) end(slot int) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.slots[slot] = call{}
}

// oldest returns the call that has been going on for longest.
func (cs *calls) oldest() (old call, ok bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.slots {
		if c.name != "" && (!ok || c.since < old.since) {
			old, ok = c, true
		}
	}
	return old, ok
}

// monitor looks once a second whether the run has come to a standstill.
func (r *run) monitor(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	if r.params.Anew > 0 {
		defer time.AfterFunc(r.params.Anew, r.anew).Stop()
	}
	for {
		select {
		case <-stop:
			return
		case <-r.over:
			return
		case <-tick.C:
		}
		if c, ok := r.calls.oldest(); ok && r.now()-c.since > StuckLimit {
			r.end(record.Verdict{Outcome: record.Stuck, Rule: string(RuleStuck), Peers: peersOf(c.peer),
				Message: fmt.Sprintf("%s of %s was called at %v and has not returned after %v", c.name, record.Who(c.peer), round(c.since), StuckLimit),
				Stack:   stacks.Interesting(stacks.All())})
			return
		}
		if until := r.params.Until; until > 0 && r.now() > until {
			r.end(record.Verdict{Outcome: record.Ungraded, Rule: record.LongEnough,
				Message: fmt.Sprintf("ended at %v, as the search wanted that made this run", round(r.now()))})
			return
		}
		if r.now() > r.limit() {
			r.end(record.Verdict{Outcome: record.Fail, Rule: string(RuleTime),
				Message: fmt.Sprintf("the case has not come to its end within %v of virtual time; the last it said: %q", r.limit(), r.lastNote()),
				Stack:   stacks.Interesting(stacks.All())})
			return
		}
	}
}

func (r *run) lastNote() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.note
}

// round makes a time fit for a sentence.
func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
