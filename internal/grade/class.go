package grade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"raftlab/internal/hidden"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
)

// Class is a class under way.
type Class struct {
	*Plan
	Roster []Entry
	Out    string // directory of the grades
	Seeds  hidden.Seeds

	Framework string // root of the checkout
	Packages  []string
	Edits     map[string][]byte // of the framework, by which the instructor's own cases come in
	Open      Opener
	Engine    suite.Engine
	Compile   func(ctx context.Context, code suite.Code, pkg string) (*sim.Binary, error)
	// CompileRace compiles with the race detector; nil where races are not looked for.
	CompileRace func(ctx context.Context, code suite.Code, pkg string) (*sim.Binary, error)
	Workers     int
	Costs       suite.Costs
	// Only limits the grading to students with these names; nil means all.
	Only func(Entry) bool
	// Afresh runs everything again, whatever is known.
	Afresh bool
	// Progress, if not nil, is told what happens. Its calls come one at a time.
	Progress func(Event)

	mu sync.Mutex // of Progress and Costs
}

// Event is something that happens while a class is graded.
type Event struct {
	Student string
	// What is "grading", "known" (nothing was to be done) or "done"; empty for a run.
	What  string
	Run   *suite.Finished
	State suite.Progress
	CPU   float64 // seconds that runs took, with "done"
}

// atOnce is how many submissions are under way at a time: while one compiles, another has runs for
// the workers.
func atOnce(workers int) int { return min(max(2, workers/2), 16) }

// Grade grades those that it should, until all are or ctx ends. limit may end earlier: what has not
// run by then is without a verdict. The error is the framework's, and not about a submission.
func (c *Class) Grade(ctx, limit context.Context) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make a directory for the grades: %w", err)
	}
	if err := writeJSON(filepath.Join(c.Out, planFile), c.Plan); err != nil {
		return err
	}
	var mu sync.Mutex
	var errs []error
	slots := make(chan struct{}, atOnce(c.Workers))
	var all sync.WaitGroup
	for i, e := range c.Roster {
		if !c.mine(i, e) {
			continue
		}
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := c.grade(ctx, limit, e); err != nil && ctx.Err() == nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("%s: %w", e.Name, err))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// mine reports whether the i-th student of the class is to be graded here and now.
func (c *Class) mine(i int, e Entry) bool {
	return c.Shard.has(i) && (c.Only == nil || c.Only(e))
}

// Size is how many are to be graded here and now.
func (c *Class) Size() (n int) {
	for i, e := range c.Roster {
		if c.mine(i, e) {
			n++
		}
	}
	return n
}

// StudentsIn judges those of the plan that belong to this shard, from their records in dir.
func (p *Plan) StudentsIn(dir string) ([]Student, error) {
	students := []Student{}
	for i, l := range p.Students {
		if !p.Shard.has(i) {
			continue
		}
		r, err := readRecord(recordFile(dir, l.File))
		if err != nil {
			return nil, err
		}
		if r != nil && r.Key.Identity != p.Identity {
			r = nil // of another framework: to be graded again
		}
		students = append(students, p.Judge(Entry{Name: l.Name, File: l.File}, r))
	}
	return students, nil
}

// tell tells the progress.
func (c *Class) tell(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Progress != nil {
		c.Progress(e)
	}
}

// Find returns the entries with these names, or an error that says what comes close.
func Find(roster []Entry, names []string) (map[string]bool, error) {
	found := map[string]bool{}
	var known []string
	for _, e := range roster {
		known = append(known, e.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("nobody is called %q here; there are %s", name, submission.Listed(known))
		}
		found[name] = true
	}
	return found, nil
}
