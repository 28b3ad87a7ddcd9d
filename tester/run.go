package tester

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/internal/blocks"
	"raftlab/internal/contract"
	"raftlab/internal/peaks"
	text "raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/labgob"
	"raftlab/raftapi"
	"raftlab/tester/process"
)

// run is one run of one case: what its clusters, checks and goroutines have in common. The end of
// a run is decided once, by whoever comes first, on any goroutine: see [run.end].
type run struct {
	c       Case
	subject any
	params  record.Params
	terms   contract.Contract // of the year that the peers are of
	host    process.Host
	start   time.Time
	over    chan struct{} // closed at the end; only seen where the process survives it
	calls   calls
	wrecks  atomic.Int32 // calls that have been left without returning
	bubble  string       // the number of the bubble the run is in, or empty
	known   map[int]bool // goroutines that are not this run's, or that were reported already
	script  *script      // nil without a scenario

	// mu is a leaf: nothing but the host is called with it held. Events are emitted under it, so
	// that they are in order of time.
	mu         sync.Mutex
	ended      bool
	reached    map[string]bool
	notChecked map[Rule]string // and why
	warnings   []string
	note       string // the last one, to say what the case was doing
	rpcs       int
	judged     int
	bytes      int64
	clients    bool // there are some, or will be
	story      []record.Event

	clusters []*machines // of the case's main goroutine, which alone changes it, and that with mu held
}

// runCase runs c on subject and reports to h. Where the run shares its process with others it
// returns when the case is over and its goroutines have ended, as far as they do.
func runCase(h process.Host, c Case, subject any, p record.Params) {
	r := &run{c: c, subject: subject, params: p, host: h, start: time.Now(), over: make(chan struct{}),
		reached: map[string]bool{}, notChecked: map[Rule]string{}}
	var err error
	if r.terms, err = contract.Of(p.Contract); err != nil {
		r.end(record.Verdict{Outcome: record.FrameworkError, Message: err.Error()})
		return
	}
	if r.script, err = newScript(p, r.now); err != nil {
		r.end(record.Verdict{Outcome: record.FrameworkError, Message: err.Error()})
		return
	}
	if len(p.Instants) > 0 {
		blocks.Watch(p.Instants, r.now)
	}
	before := stacks.All()
	r.bubble, r.known = before[0].Bubble, stacks.IDs(before) // the first one is the caller
	raftapi.OnReached(r.situation)
	labgob.OnWarning(r.warn)
	stop := make(chan struct{})
	monitored := make(chan struct{})
	go func() {
		defer close(monitored)
		r.guard(func() { r.monitor(stop) })
	}()
	switch {
	case r.play():
		r.end(record.Verdict{Outcome: record.Pass})
	case !r.failed(): // no way out of a case that we know of leads here, and none may lead to a pass
		r.end(record.Verdict{Outcome: record.FrameworkError, Message: "the case is over, but has not come to its end"})
	}
	close(stop)
	<-monitored
}

// play runs the case, waits for its goroutines and takes its clusters down. It says whether the
// case has come to its end: only the statement after all that says so, because a goroutine can be
// left in ways that no recover sees.
func (r *run) play() (finished bool) {
	e := &Env{r: r, rand: r.stream("case")}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.guard(func() {
			defer e.closeAll() // a case that is left in its midst
			// A panic ends the run before the clusters are taken down: it is the news.
			if !r.guard(func() { r.c.Run(e); e.Wait() }) {
				return
			}
			left := e.unfinished()
			e.closeAll()
			for r.wrecks.Load() > 0 && !r.failed() { // what is known already is still being put into words
				time.Sleep(tellLimit)
			}
			if finished = left == ""; !finished {
				r.end(record.Verdict{Outcome: record.FrameworkError,
					Message: "the case has returned, but not everything that it began has come to its end: " + left})
				return
			}
			finished = r.checkEarned()
		})
	}()
	select {
	case <-done:
		return finished
	case <-r.over:
	}
	// The case is over by a violation; its main goroutine leaves at its next Sleep, unless the
	// code under test does not let go of it.
	select {
	case <-done:
	case <-time.After(2 * StuckLimit):
	}
	return false
}

// closeAll takes down the clusters that the case left running.
func (e *Env) closeAll() {
	for _, c := range slices.Backward(e.r.clusters) {
		c.Shutdown()
	}
}

// now is the virtual time since the case began.
func (r *run) now() time.Duration { return time.Since(r.start) }

// stream returns a stream of random numbers that depends on seed, case and name only.
func (r *run) stream(name string) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", r.c.ID(), r.params.Seed, name))))
}

// number returns one number that depends on seed, case and name only.
func (r *run) number(name string) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", r.c.ID(), r.params.Seed, name))
	return binary.LittleEndian.Uint64(sum[:])
}

// emit adds an event to the trace, at the present time.
func (r *run) emit(ev record.Event, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.emitLocked(&ev, detail)
}

func (r *run) emitLocked(ev *record.Event, detail string) {
	if r.ended {
		return
	}
	ev.Time = r.now()
	ev.Method, ev.Text, detail = text.Cut(ev.Method, text.MaxName), text.Cut(ev.Text, maxEventText(ev.Kind)), text.Cut(detail, text.MaxText)
	if r.clients && tellsStory(ev.Kind) {
		r.story = append(r.story, *ev)
	}
	r.host.Event(ev, detail)
}

// maxEventText is how many bytes of text an event may have. What clients wrote and read is
// compared, and gets more room than what is only shown.
func maxEventText(k record.Kind) int {
	if k == record.Invoke || k == record.Return {
		return 1 << 20
	}
	return text.MaxLine
}

// tellsStory says whether an event is of use in a picture of what clients saw.
func tellsStory(k record.Kind) bool {
	switch k {
	case record.Invoke, record.Return, record.CrashPeer, record.Restart, record.Cut, record.Heal, record.State, record.Note:
		return true
	}
	return false
}

// violate ends the run because a rule was broken. It may be called on any goroutine and with any
// locks of the code under test held: it neither blocks nor panics. The first violation counts.
func (r *run) violate(v Violation) {
	r.end(record.Verdict{Outcome: record.Fail, Rule: string(v.Rule), Section: v.Section, Message: v.Message, Peers: v.Peers})
}

// lacks ends the run because a peer lacks an extension that the case needs. It has failed, unless
// the peer says that it cannot have that extension.
func (r *run) lacks(v Violation, cannot string) {
	if cannot == "" {
		r.violate(v)
		return
	}
	r.end(record.Verdict{Outcome: record.NotChecked, Rule: string(RuleMissing), Message: cannot, Peers: v.Peers})
}

// end settles the verdict, unless it is settled already.
func (r *run) end(v record.Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	switch v.Outcome {
	case record.Pass:
	case record.NotChecked:
		r.emitLocked(&record.Event{Kind: record.Note, Peer: record.None, Other: record.None, Text: "not checked: " + v.Message}, "")
	default:
		text := v.Rule
		if text == "" {
			text = string(v.Outcome)
		}
		r.emitLocked(&record.Event{Kind: record.Violation, Peer: onePeer(v.Peers), Other: record.None, Text: text + ": " + v.Message}, "")
	}
	r.ended = true
	v.Time = r.now()
	v.Warnings = r.warnings
	v.RPCs, v.Bytes, v.Judged = r.rpcs, r.bytes, r.judged
	v.Peaks = peaks.Now()
	for _, c := range r.clusters {
		v.Peaks.Requests = max(v.Peaks.Requests, c.checks.MostRequests())
	}
	v.Unmatched, v.Instead = r.script.unmatched()
	for rule, why := range r.notChecked {
		v.NotChecked = append(v.NotChecked, string(rule))
		if v.Why == nil {
			v.Why = map[string]string{}
		}
		v.Why[string(rule)] = why
	}
	for s := range r.reached {
		v.Reached = append(v.Reached, s)
	}
	sort.Strings(v.NotChecked)
	sort.Strings(v.Reached)
	v.Ran = blocks.Taken()
	if count, often, sets := blocks.Watched(); count > 0 {
		v.Moments = &record.Moments{Count: count, Often: often, Sets: sets}
	}
	r.host.Verdict(v)
	close(r.over)
}

// onePeer returns the peer that peers names, if it is exactly one.
func onePeer(peers []int) int {
	if len(peers) == 1 {
		return peers[0]
	}
	return record.None
}

func (r *run) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// warn notes something for the verdict that is no failure.
func (r *run) warn(text string) {
	const most = 20 // more of them help nobody
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.warnings) < most && !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

// situation notes that the code under test has reached a situation. It names it itself, so there is
// a bound to how many there are, and how long.
func (r *run) situation(s string) {
	const most = 500
	r.mu.Lock()
	defer r.mu.Unlock()
	if s = text.Cut(s, text.MaxName); len(r.reached) < most {
		r.reached[s] = true
	}
}

// skipped notes that a rule is not checked. The first reason counts.
func (r *run) skipped(rule Rule, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notChecked[rule] == "" {
		r.notChecked[rule] = why
	}
}

// limit is the virtual time that the case may take.
func (r *run) limit() time.Duration {
	if r.c.Limit > 0 {
		return r.c.Limit
	}
	return CaseLimit
}
