package main

import (
	"context"
	"slices"
	"sync"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

const (
	// maxExplained is how many failures are told in full, and maxAlike how many of one part that
	// broke one rule; of others there is the headline.
	maxExplained = 10
	maxAlike     = 3
)

// explain tells the failures: what was broken, and what happened before. The events come from
// running the same case and seed again, which also shows that the failure can be repeated.
func (t *testRun) explain(ctx context.Context, pool *sim.Pool, finished []suite.Finished) [][]string {
	failed := t.report.Failed()
	texts := newTexts(len(failed))
	slots := make(chan struct{}, t.flags.workers)
	toDos := t.code.ToDos()
	told, alike := 0, map[string]int{}
	groups := map[string]*suite.Alike{}
	unwritten := map[suite.ToDo]string{} // what stands in the way -> the part that it was told for
	passed := map[string]int{}           // how many cases of a part have not failed
	for _, c := range t.report.Cases {
		passed[c.Part]++
	}
	for _, c := range failed {
		passed[c.Part]--
	}
	for i, c := range failed {
		f := t.find(c, finished)
		if f == nil {
			continue
		}
		failure := suite.Failure{Case: f.Case, Run: *c.Run(c.FirstFailing), Also: c.AlsoFailing(), Events: f.Result.LastEvents,
			Packages: t.code.Packages(f.Case), Show: t.code.Show, Width: width(t.out)}
		kind := c.Part + ": " + string(failure.Run.Outcome) + failure.Run.Rule
		first := suite.ToDosOf(toDos, f.Case.Own().Part)
		if alike[c.Part] == 0 { // once will do
			failure.ToDos = first
		}
		why := ""
		if len(first) > 0 && passed[c.Part] == 0 { // not only a comment that was forgotten
			if unwritten[first[0]] == "" {
				unwritten[first[0]] = c.Part
			}
			if part := unwritten[first[0]]; part != c.Part {
				kind, why = "unwritten "+part, "they need what is not written for "+part
			}
		}
		alike[c.Part]++
		most := maxAlike
		switch {
		case why != "":
			most = 0
		case len(first) > 0:
			most = 1 // the part has not been written yet
		}
		if alike[kind]++; alike[kind] > most || told == maxExplained {
			if groups[kind] == nil {
				groups[kind] = &suite.Alike{Why: why, At: i}
			}
			groups[kind].Failures = append(groups[kind].Failures, failure)
			continue
		}
		told++
		if repeatable(f.Result) {
			t.failed = append(t.failed, *f)
		}
		texts.tell(i, failure.Brief, func() ([]string, []suite.Place) {
			slots <- struct{}{}
			defer func() { <-slots }()
			if repeatable(f.Result) && ctx.Err() == nil {
				failure.Events, failure.Remark = repeat(ctx, pool, f.Job, f.Result)
				failure.Picture = t.drawHistory(t.state, f.Case, f.Seed, failure.Run.Rule, failure.Events)
			}
			return failure.Told()
		})
	}
	if len(failed) > 0 {
		t.watch.Building("looking at what failed")
	}
	all, places := texts.wait(ctx)
	for i, c := range failed {
		if run := c.Run(c.FirstFailing); run != nil {
			run.Code = places[i]
		}
	}
	for _, g := range groups {
		all[g.At] = g.Lines(width(t.out))
	}
	return all
}

// texts are found out side by side.
type texts struct {
	mu      sync.Mutex
	known   [][]string
	places  [][]suite.Place
	briefly map[int]func() []string // of what is not known yet
	waiting sync.WaitGroup
}

func newTexts(n int) *texts {
	return &texts{known: make([][]string, n), places: make([][]suite.Place, n), briefly: map[int]func() []string{}}
}

// tell finds out the i-th text, with the places in it. briefly is what there is to say without that.
func (t *texts) tell(i int, briefly func() []string, full func() ([]string, []suite.Place)) {
	t.mu.Lock()
	t.briefly[i] = briefly
	t.mu.Unlock()
	t.waiting.Go(func() {
		lines, places := full()
		t.mu.Lock()
		t.known[i], t.places[i] = lines, places
		delete(t.briefly, i)
		t.mu.Unlock()
	})
}

// wait returns the texts when they are known. After an interruption it does not wait any longer:
// what happened in a long run takes a while to be worked out, and nobody can stop that.
func (t *texts) wait(ctx context.Context) ([][]string, [][]suite.Place) {
	over := make(chan struct{})
	go func() {
		t.waiting.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.known)
	for i, briefly := range t.briefly {
		all[i] = briefly()
	}
	return all, slices.Clone(t.places)
}

// find returns the run with the first failing seed of c.
func (t *testRun) find(c suite.CaseResult, finished []suite.Finished) *suite.Finished {
	i := slices.IndexFunc(finished, func(f suite.Finished) bool {
		return f.State == suite.Ran && f.Seed == c.FirstFailing && f.Case.ID() == c.Case
	})
	if i < 0 {
		return nil
	}
	return &finished[i]
}

func repeatable(r sim.Result) bool {
	return r.Verdict.Outcome.Decided() && r.CPU < suite.TooLong
}

// repeat runs j again and returns its events, and a remark if it did not go the same way.
func repeat(ctx context.Context, pool *sim.Pool, j sim.Job, was sim.Result) ([]record.Event, string) {
	again, events, ok := suite.Again(ctx, pool, j, was.Hash, nil)
	switch {
	case !ok:
		return was.LastEvents, ""
	case again.Hash != was.Hash:
		return was.LastEvents, hashesDiffer(was.Hash, again.Hash, again.GCs)
	}
	return events, ""
}

// hashesDiffer says that a run of the same build went another way.
func hashesDiffer(was, is string, collections int) string {
	s := "running it again gave another run (trace hash " + short(is) + ", was " + short(was) + ")"
	if collections > 0 {
		return s + ": garbage collections can do that; try a larger --memory"
	}
	return s + ": please report this as a fault of raftlab"
}

// short is the beginning of a hash, enough to tell two apart.
func short(hash string) string { return hash[:min(len(hash), 12)] }
