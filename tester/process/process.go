// Package process gives each run a process of its own, whatever kind of process that is:
//
//	go test                                      the engine (internal/sim)
//	   |  params: environment                       |  params: host call
//	   v                                            v
//	+-- child process -------------------+       +-- wasip1 guest ------------------+
//	|  +-- synctest bubble ------------+ |       |                                  |
//	|  |  case, cluster, peers         | |       |  case, cluster, peers            |
//	|  +-------------------------------+ |       |                                  |
//	|  freeze watchdog (wall clock)      |       |                                  |
//	+---|--------------------------------+       +--|-------------------------------+
//	    |  verdict: a file; the process ends        |  events, verdict: host calls;
//	    v                                           v  the guest ends
//
// It knows no clusters and no peers: a [Case] is a name and a function that runs it and tells a
// [Host].
//
//   - process.go: what it is given
//   - native.go: a lab under `go test`; flags.go: the flags of a test binary
//   - parent.go, child.go: the two sides of a child process; child_repeatable.go: one that the
//     native engine built
//   - watchdog.go: a bubble whose time stands still
//   - report.go: what users see of a failure
//   - host.go: what is kept of a run's events; guest_wasip1.go: a guest of the engine
//   - reseed.go: all random numbers of a run
package process

import (
	"fmt"

	"raftlab/internal/record"
)

// Lab is a table of cases, and where they are found.
type Lab struct {
	Name    string // "lab2"
	Package string // "./raft", whose test binary runs the cases
	Test    string // "TestLab2", the test in that binary
	Cases   []Case
}

// Case is a case that can be run.
type Case struct {
	Part, Name string
	// Run runs the case and reports to h. Where the run shares its process with others it returns
	// when the case is over and its goroutines have ended, as far as they do.
	Run func(h Host, p record.Params)
}

// ID is the case's name on the command line: "2A/InitialElection".
func (c Case) ID() string { return c.Part + "/" + c.Name }

// Host is what is outside of a run: the engine, or the native process around it. Its methods are
// called one at a time, and must not block.
type Host interface {
	// Event takes one event of the trace. The event is valid during the call only. detail belongs
	// to it and is empty unless it was asked for.
	Event(e *record.Event, detail string)

	// Verdict takes the end of the run. It does not return where the run has a process of its
	// own, which then ends at once, whichever goroutine found the end and whatever locks it holds.
	Verdict(v record.Verdict)
}

// find returns the case that is called id.
func (l Lab) find(id string) (Case, error) {
	for _, c := range l.Cases {
		if c.ID() == id {
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("%s has no case %q", l.Name, id)
}
