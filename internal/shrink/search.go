package shrink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/sim"
)

// Search is one search for the smallest run.
type Search struct {
	Case    string
	Seed    uint64
	Workers int

	// Run runs the code under test with a scenario, until a virtual time at the most
	// (record.Params.Until). It writes the trace, with details, if trace is not "".
	Run func(ctx context.Context, scenario, trace string, until time.Duration) sim.Result
	// Reference runs the reference, which has to pass. nil: there is none to ask.
	Reference func(ctx context.Context, scenario string) sim.Result
	// Progress, if not nil, is called after each step that was tried. It must not block.
	Progress func(Standing)

	first    record.Verdict
	patience time.Duration // the virtual time at which a step has not failed
	runs     int
	all      []Thing
	kept     []Thing
	best     []Thing // the fewest of which nothing can be left out, once there are some
	smallest bool    // every selection of fewer was tried
	subtract bool    // the scenario names what is left out, and not what stays
	mu       sync.Mutex
	known    map[string]tried
}

// Standing is how far a search has come.
type Standing struct {
	Runs       int // of the code under test
	Kept, From int // things
}

// tried is what came of a step.
type tried struct {
	ok        bool
	unmatched []string
}

// VanishedError says that the failure is not there any more when the run is made again, with a
// scenario that changes nothing.
type VanishedError struct{ Was, Is sim.Result }

func (e *VanishedError) Error() string {
	return fmt.Sprintf("the failure vanishes when the run is made again: %s (trace hash %.12s) before, %s (trace hash %.12s) now",
		headline(e.Was.Verdict), e.Was.Hash, headline(e.Is.Verdict), e.Is.Hash)
}

func headline(v record.Verdict) string {
	if v.Rule == "" {
		return string(v.Outcome)
	}
	return v.Rule
}

// same says whether a run failed as the first one did. Of crashes what was said counts, but for its
// numbers.
func (s *Search) same(v record.Verdict) bool {
	return v.Outcome == s.first.Outcome && v.Rule == s.first.Rule &&
		(v.Outcome != record.Crash || words(v.Message) == words(s.first.Message))
}

// patienceFor is how long a step may go on. Without the fault that breaks the rule a case often
// waits, for a minute of virtual time, for what does not come: that costs more than all steps that
// fail. The run that fails much later than the first one is not wanted either.
func patienceFor(first time.Duration) time.Duration {
	return first + min(first, 10*time.Second) + 2*time.Second
}

// words is a message without its numbers.
func words(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
}

// weatherKinds are left out one by one where each message has a line, and otherwise as a whole.
var weatherKinds = []scenario.Kind{scenario.Duplicate, scenario.Overtaken, scenario.Loss}

// text is the scenario with these things.
func (s *Search) text(kept []Thing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "case %s\nseed %d\n", s.Case, s.Seed)
	stays := map[Thing]bool{}
	for _, t := range kept {
		stays[t] = true
	}
	if s.subtract {
		for _, t := range s.all {
			if !stays[t] {
				b.WriteString(t.without() + "\n")
			}
		}
		return b.String()
	}
	b.WriteString("leave out every fault\nleave out every operation\n")
	whole := func(k scenario.Kind) bool { // nothing of the kind is left out
		return slices.ContainsFunc(kept, func(t Thing) bool { return t.Kind == k && t.Line == "" })
	}
	for _, k := range append([]scenario.Kind{scenario.Delay}, weatherKinds...) {
		if !whole(k) {
			fmt.Fprintf(&b, "leave out every %s\n", k)
		}
	}
	for _, t := range s.all { // in their order, however they were searched
		if t.Line != "" && stays[t] {
			b.WriteString(t.Line + "\n")
		}
	}
	return b.String()
}

// until is a scenario that holds until the code under test has failed with it. What comes
// afterwards the case plays only for code that does not fail; there it needs its faults: something
// that comes back in it has to have been away. The instant of the failure still belongs to the run:
// what was decided in it, before the rule broke, is part of the story.
func until(text string, r sim.Result) string {
	return fmt.Sprintf("%suntil %v\n", text, r.Verdict.Time+1)
}

// weather is a thing that stands for all of its kind.
func weather(k scenario.Kind) Thing {
	return Thing{Kind: k, Story: map[scenario.Kind]string{
		scenario.Delay:     "requests are late by some milliseconds, as on every unreliable network",
		scenario.Loss:      "messages are lost",
		scenario.Overtaken: "replies are overtaken by later ones",
		scenario.Duplicate: "requests arrive twice",
	}[k]}
}

// try runs what is left when only these things are kept.
func (s *Search) try(ctx context.Context, kept []Thing) tried {
	text := s.text(kept)
	s.mu.Lock()
	known, ok := s.known[text]
	s.mu.Unlock()
	if ok {
		return known
	}
	r := s.Run(ctx, text, "", s.patience)
	t := tried{ok: s.same(r.Verdict), unmatched: r.Verdict.Unmatched}
	if t.ok && s.Reference != nil {
		t.ok = s.Reference(ctx, until(text, r)).Verdict.Outcome == record.Pass
	}
	if ctx.Err() != nil {
		return tried{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	s.known[text] = t
	return t
}

// without is the line of a scenario that leaves the thing out, and nothing else.
func (t Thing) without() string {
	if t.Line == "" {
		return "leave out every " + string(t.Kind)
	}
	return "leave out " + strings.TrimPrefix(t.Line, "play ")
}

// accept goes on with these things. What the run did not come to is left out without another run.
func (s *Search) accept(kept []Thing, t tried) {
	s.kept = slices.DeleteFunc(slices.Clone(kept), func(x Thing) bool { return slices.Contains(t.unmatched, x.Line) })
}

func (s *Search) tell() {
	if s.Progress != nil {
		kept := len(s.kept)
		if s.best != nil {
			kept = min(kept, len(s.best))
		}
		s.Progress(Standing{s.runs, kept, len(s.all)})
	}
}

// without are the things kept but for some.
func (s *Search) without(some []Thing) []Thing {
	gone := map[Thing]bool{}
	for _, t := range some {
		gone[t] = true
	}
	return slices.DeleteFunc(slices.Clone(s.kept), func(t Thing) bool { return gone[t] })
}

// reduce leaves out what it can of the things that are wanted, in pieces that become smaller. It
// says whether anything went.
func (s *Search) reduce(ctx context.Context, wanted func(Thing) bool) (changed bool) {
	some := func() []Thing {
		return slices.DeleteFunc(slices.Clone(s.kept), func(t Thing) bool { return !wanted(t) })
	}
	for size := len(some()); size >= 1 && ctx.Err() == nil; size /= 2 {
		for at := 0; ctx.Err() == nil; {
			left := some()
			if at >= len(left) {
				break
			}
			var pieces [][]Thing
			for i := at; i < len(left) && len(pieces) < s.Workers; i += size {
				pieces = append(pieces, left[i:min(i+size, len(left))])
			}
			k := s.firstGood(ctx, pieces)
			if k < 0 {
				at += size * len(pieces)
				continue
			}
			at += size * k // what follows the piece that went has moved to its place
			changed = true
		}
	}
	return changed
}

// firstGood tries to leave out each piece, at the same time, and goes on with the first of which
// that is possible.
func (s *Search) firstGood(ctx context.Context, pieces [][]Thing) int {
	results := make([]tried, len(pieces))
	var all sync.WaitGroup
	for i, p := range pieces {
		kept := s.without(p)
		all.Go(func() { results[i] = s.try(ctx, kept) })
	}
	all.Wait()
	k := slices.IndexFunc(results, func(t tried) bool { return t.ok })
	if k >= 0 {
		s.accept(s.without(pieces[k]), results[k])
	}
	s.tell()
	return k
}

func of(kinds ...scenario.Kind) func(Thing) bool {
	return func(t Thing) bool { return slices.Contains(kinds, t.Kind) }
}

// fewForPairs is how many things two may be left out of at a time: sixty-odd runs at most.
const fewForPairs = 12

// reducePairs leaves out two things at once, of which neither goes by itself: a crash, and the
// command that only matters because of it. It says whether any went.
func (s *Search) reducePairs(ctx context.Context) bool {
	for i := 0; len(s.kept) <= fewForPairs && i < len(s.kept) && ctx.Err() == nil; i++ {
		var pairs [][]Thing
		for _, other := range s.kept[i+1:] {
			pairs = append(pairs, []Thing{s.kept[i], other})
		}
		for len(pairs) > 0 && ctx.Err() == nil {
			n := min(s.Workers, len(pairs))
			if s.firstGood(ctx, pairs[:n]) >= 0 {
				return true
			}
			pairs = pairs[n:]
		}
	}
	return false
}

// minimize is the search: everything of a kind at once, then all in pieces, until nothing goes any
// more, not even two things together. It says whether it came to that before ctx ended.
func (s *Search) minimize(ctx context.Context) bool {
	isWeather := of(scenario.Weather...)
	groups := []func(Thing) bool{isWeather, of(scenario.Operation)}
	for _, k := range append(slices.Clone(weatherKinds), scenario.Delay) {
		groups = append(groups, of(k))
	}
	groups = append(groups, of(scenario.Faults...))
	for _, g := range groups { // whole kinds, cheaply
		if some := slices.DeleteFunc(slices.Clone(s.kept), func(t Thing) bool { return !g(t) }); len(some) > 0 && ctx.Err() == nil {
			s.firstGood(ctx, [][]Thing{some})
		}
	}
	for ctx.Err() == nil {
		changed := s.reduce(ctx, of(scenario.Faults...))
		changed = s.reduce(ctx, of(scenario.Operation)) || changed
		changed = s.reduce(ctx, isWeather) || changed
		if !changed && ctx.Err() == nil {
			changed = s.reducePairs(ctx)
		}
		if !changed {
			return ctx.Err() == nil
		}
	}
	return false
}
