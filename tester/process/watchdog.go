//go:build !wasip1

package process

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/tester/rules"
)

// The watchdog lives outside of the bubble and looks at the wall clock. Virtual time in a bubble
// moves when all of its goroutines are durably blocked. One that waits for a mutex is not, so that
//
//	rf.mu.Lock()
//	time.Sleep(10 * time.Millisecond)   // or an RPC: anything that takes virtual time
//	rf.mu.Unlock()
//
// freezes the bubble as soon as another goroutine wants rf.mu: the sleeper waits for time to move,
// and time for the waiter. With a real clock, and in the engine, the same program runs.
const (
	watchInterval = 500 * time.Millisecond
	// idleLimit is the wall-clock time after which a run whose virtual time does not move is given
	// up, as inconclusive.
	idleLimit = 90 * time.Second
)

// watch reports a run that has come to a standstill.
func watch(p *pulse, end func(record.Verdict)) {
	still, lastNow, lastEvents, before := time.Duration(0), int64(-1), int64(-1), ""
	for {
		time.Sleep(watchInterval)
		now, events := p.now.Load(), p.events.Load()
		moved, active := now != lastNow, events != lastEvents
		lastNow, lastEvents = now, events
		still += watchInterval
		if moved {
			still = 0
		}
		if active && still <= idleLimit {
			before = ""
			continue
		}
		all := inBubbles(stacks.All())
		picture, frozen := frozen(all)
		at := time.Duration(p.now.Load())
		switch {
		case frozen && picture == before:
			end(record.Verdict{Outcome: record.Fail, Rule: string(rules.Frozen), Time: at, Message: frozenMessage(all), Stack: stacks.Interesting(all)})
			return
		case still > idleLimit:
			end(record.Verdict{Outcome: record.Inconclusive, Time: at, Stack: stacks.Interesting(all), Message: fmt.Sprintf(
				"virtual time has not moved for %v of wall-clock time: probably a loop that never waits; the engine names its line", idleLimit)})
			return
		}
		before = ""
		if frozen {
			before = picture
		}
	}
}

// inBubbles leaves out the goroutines outside.
func inBubbles(all []stacks.Goroutine) []stacks.Goroutine {
	return slices.DeleteFunc(all, func(g stacks.Goroutine) bool { return g.Bubble == "" })
}

// frozen says whether no goroutine of the bubble can run and at least one is not durably blocked.
// The picture is equal for two samples between which nothing has moved.
func frozen(all []stacks.Goroutine) (picture string, yes bool) {
	var b strings.Builder
	blocked := 0
	for _, g := range all {
		if slices.Contains([]string{"running", "runnable", "syscall", "preempted", "IO wait", "copystack", "GC assist wait",
			"GC assist marking", "GC worker (active)", "waiting for cgo callback", "waiting"}, g.State) {
			return "", false
		}
		if !strings.HasSuffix(g.State, "(durable)") {
			blocked++
		}
		fmt.Fprintf(&b, "%d %s\n", g.ID, g.State)
	}
	return b.String(), blocked > 0
}

// frozenMessage names who waits for a mutex, and where to read on.
func frozenMessage(all []stacks.Goroutine) string {
	where := "a mutex"
	for _, g := range all {
		if !strings.HasSuffix(g.State, "(durable)") {
			if f, ok := g.UnderTest(); ok {
				where = f.Short()
				break
			}
		}
	}
	return "virtual time stands still: a goroutine waits (for time, an RPC, a channel) and holds a mutex that another one wants\n" +
		"in " + where + ". See docs/concurrency.md.\n" +
		"If it only waits for a while, the code runs with -clock=real, and in the engine (raftlab test)."
}
