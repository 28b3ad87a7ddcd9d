package shrink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

// Result is what a search found.
type Result struct {
	Case      string
	Seed      uint64
	Scenario  string // as scenario.Parse reads it
	Things    []Thing
	From      int        // how many things the first run had
	Minimal   bool       // nothing can be left out by itself
	Smallest  bool       // no fewer do: every smaller selection was run
	Runs      int        // of the code under test
	Last      sim.Result // of the run with the scenario
	Reference bool       // it passes the run
	Events    []record.Event
}

// Removed is the share of things that were left out.
func (r *Result) Removed() float64 {
	if r.From == 0 {
		return 0
	}
	return 1 - float64(len(r.Things))/float64(r.From)
}

// Shrink searches until the run is minimal, or ctx has ended; then it returns the best so far. Its
// errors: a *[VanishedError]; or that the run does not fail, or the reference fails it, too. was is
// the run's end without a scenario.
func (s *Search) Shrink(ctx context.Context, was sim.Result) (*Result, error) {
	s.first, s.known, s.Workers = was.Verdict, map[string]tried{}, max(s.Workers, 1)
	s.patience = patienceFor(was.Verdict.Time)
	if !was.Verdict.Outcome.Failed() {
		return nil, fmt.Errorf("%s with seed %d does not fail (%s), so there is nothing to make smaller", s.Case, s.Seed, was.Verdict.Outcome)
	}
	nothing := fmt.Sprintf("case %s\nseed %d\n", s.Case, s.Seed)
	events, r, err := s.traced(ctx, nothing)
	if err != nil {
		return nil, err
	}
	if ctx.Err() == nil && !s.same(r.Verdict) {
		return nil, &VanishedError{was, r}
	}
	if s.Reference != nil {
		if v := s.Reference(ctx, nothing).Verdict; ctx.Err() == nil && v.Outcome != record.Pass {
			return nil, fmt.Errorf("the reference does not pass %s with seed %d either (%s: %s), so that it cannot say which steps are right",
				s.Case, s.Seed, headline(v), v.Message)
		}
	}
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before the first step")
	}
	s.begin(ctx, Things(events))
	from := s.kept
	minimal := s.minimize(ctx)
	if minimal {
		s.smaller(ctx, from)
	}
	return s.result(minimal)
}

// begin finds out whether the run is the sum of its things: if not, messages are left out by kind
// only. Where the trace does not tell of all that happens in the run, its things are taken away
// from it, and not put together.
func (s *Search) begin(ctx context.Context, things []Thing) {
	s.all = things
	s.kept = slices.Clone(s.all)
	if t := s.try(ctx, s.kept); t.ok {
		s.accept(s.kept, t)
		return
	}
	s.all = slices.DeleteFunc(things, of(scenario.Weather...))
	for _, k := range scenario.Weather {
		s.all = append(s.all, weather(k))
	}
	s.kept = slices.Clone(s.all)
	if t := s.try(ctx, s.kept); t.ok {
		s.accept(s.kept, t)
		return
	}
	s.subtract = true
}

// result makes the run that was found once more, for its events. That is done even if the search
// was interrupted.
func (s *Search) result(minimal bool) (*Result, error) {
	ctx := context.Background()
	text := s.text(s.kept)
	text = until(text, s.Run(ctx, text, "", 0))
	events, last, err := s.traced(ctx, text)
	if err != nil {
		return nil, err
	}
	r := &Result{Case: s.Case, Seed: s.Seed, Scenario: text, Things: s.kept, From: len(s.all), Minimal: minimal, Smallest: s.smallest, Runs: s.runs, Last: last, Events: events}
	if !s.same(last.Verdict) {
		return nil, &VanishedError{sim.Result{Verdict: s.first}, last}
	}
	if s.Reference != nil {
		r.Reference = s.Reference(ctx, text).Verdict.Outcome == record.Pass
	}
	r.describe()
	return r, nil
}

// describe takes times and words of the things from the run that was found: in the first one they
// were others.
func (r *Result) describe() {
	now := map[string]Thing{}
	for _, t := range Things(r.Events) {
		now[t.Line] = t
	}
	for i, t := range r.Things {
		if n, ok := now[t.Line]; ok && t.Line != "" {
			r.Things[i] = n
		}
	}
	slices.SortStableFunc(r.Things, func(a, b Thing) int { return int(a.Start - b.Start) })
}

// traced makes a run with its events.
func (s *Search) traced(ctx context.Context, scenario string) ([]record.Event, sim.Result, error) {
	dir, remove, err := sim.TempDir()
	if err != nil {
		return nil, sim.Result{}, err
	}
	defer remove()
	file := filepath.Join(dir, "trace")
	r := s.Run(ctx, scenario, file, 0)
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, r, nil // it ended before it began
	}
	if err != nil {
		return nil, r, err
	}
	defer f.Close()
	events, err := timeline.Read(f)
	return events, r, err
}
