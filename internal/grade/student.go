package grade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/jsonlines"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
)

// maxUngraded is after how many runs without a verdict the remaining ones of a submission are not
// started: each takes as long as a run may.
const maxUngraded = 3

// grading is one submission under way.
type grading struct {
	*Class
	entry    Entry
	ctx      context.Context // ends with an interruption
	limit    context.Context // ends earlier, when the time that was given is over
	record   *Record
	code     suite.Code
	binaries map[string]*sim.Binary
	known    []Run
	results  []suite.Finished // of this process
}

// grade makes the record of one submission, or completes it. An error is the framework's and leaves
// what is there.
func (c *Class) grade(ctx, limit context.Context, e Entry) error {
	g := &grading{Class: c, entry: e, ctx: ctx, limit: limit}
	g.record = &Record{Schema: RecordSchema, Name: e.Name, Runs: []Run{}}
	tree, err := g.open()
	if err != nil {
		return err
	}
	g.record.Key, g.record.Notes = c.key(tree.Hash(), tree.Contract), tree.Notes
	g.record.Contract, g.record.Dirs = tree.Contract, tree.Dirs
	old, err := readRecord(recordFile(c.Out, e.File))
	if err != nil && !c.Afresh {
		return err
	}
	if c.Afresh {
		os.Remove(g.journalFile())
		old = nil
	}
	if old != nil && old.Key == g.record.Key && g.know(old) {
		c.tell(Event{Student: e.Name, What: "known"})
		return nil
	}
	c.tell(Event{Student: e.Name, What: "grading"})
	if g.record.Outcome == "" && g.record.Problem == "" {
		if err := g.test(tree); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err() // the journal has what ran
	}
	return g.finish()
}

// know takes over what an earlier grading found out, and reports whether nothing is left to do.
func (g *grading) know(old *Record) bool {
	g.known = slices.DeleteFunc(slices.Clone(old.Runs), func(r Run) bool { return machines(r.Outcome, r.Rule) })
	g.record.Raced = old.Raced
	if old.Again || g.mustRace(old) {
		return false
	}
	if now := g.record; now.Outcome != "" || now.Problem != "" { // there is no code, today for another reason, perhaps
		return old.Outcome == now.Outcome && old.Reason == now.Reason && old.Problem == now.Problem
	}
	if old.Outcome != "" || old.Problem != "" {
		return true
	}
	for _, k := range g.cases {
		pkg := strings.TrimPrefix(k.Package, "./")
		if !slices.Contains(old.Absent, pkg) && !slices.Contains(old.Unbuilt, pkg) && !slices.ContainsFunc(old.Builds, func(b suite.Build) bool { return b.Package == k.Package }) {
			return false // it was graded with fewer labs
		}
	}
	g.record.Absent, g.record.Unbuilt = old.Absent, old.Unbuilt
	return len(g.items()) == 0
}

// open reads what was handed in. What is wrong with it goes to the record.
func (g *grading) open() (Tree, error) {
	if g.entry.Strange != "" {
		g.record.Problem = "it " + g.entry.Strange
		return Tree{}, nil
	}
	tree, err := g.Open(g.ctx, From{g.entry.Path, g.Policy.Folders[g.entry.Name]}, g.Packages)
	var nothing *NothingError
	var strange *submission.Error
	var disk *fs.PathError
	switch {
	case err == nil:
	case g.ctx.Err() != nil:
		return tree, g.ctx.Err()
	case errors.As(err, &nothing):
		g.record.Outcome, g.record.Reason = NotHandedIn, nothing.What
	case errors.As(err, &strange):
		g.record.Problem = "it cannot be read: " + strange.Error()
	default: // a disk that fails is not the student's, and may not fail again
		g.record.Problem, g.record.Again = "it cannot be read: "+strings.ReplaceAll(err.Error(), g.entry.Path, "the submission"), errors.As(err, &disk)
	}
	return tree, nil
}

func (g *grading) journalFile() string { return filepath.Join(home(g.Out, g.entry.File), "runs.jsonl") }

// test builds the code, and runs what has not run yet.
func (g *grading) test(tree Tree) error {
	dir := codeDir(g.Out, g.entry.File)
	if err := tree.write(dir); err != nil {
		return err
	}
	code, err := suite.FindCode(g.Framework, false, dir, g.Packages)
	if err != nil {
		g.record.Problem = "no code to test is found in it"
		return nil
	}
	g.code = code.FromDirs(tree.Dirs)
	g.code.Edits, g.code.Numbering = g.Edits, g.Options.Numbering
	g.record.Absent = nil
	for _, k := range g.cases {
		if name := strings.TrimPrefix(k.Package, "./"); g.code.Has(k) != nil && !slices.Contains(g.record.Absent, name) {
			g.record.Absent = append(g.record.Absent, name)
		}
	}
	if err := g.build(); err != nil {
		return g.unbuilt(err)
	}
	journal, before, err := openJournal(g.journalFile(), g.record.Key)
	if err != nil {
		return err
	}
	g.known = merged(g.known, before)
	g.run(journal)
	if err := journal.Close(); err != nil {
		return err
	}
	if g.ctx.Err() == nil {
		g.record.Runs = g.counted()
		g.explain()
		if g.mustRace(g.record) {
			g.races()
		}
	}
	return nil
}

// merged adds runs to others, each once.
func merged(a, b []Run) []Run {
	for _, run := range b {
		if !slices.ContainsFunc(a, func(r Run) bool { return r.Case == run.Case && r.N == run.N }) {
			a = append(a, run)
		}
	}
	return a
}

// build makes the test binaries of what was handed in.
func (g *grading) build() error {
	var packages []string
	for _, k := range g.cases {
		if !slices.Contains(g.record.Absent, strings.TrimPrefix(k.Package, "./")) {
			packages = append(packages, k.Package)
		}
	}
	done, err := g.code.Compile(g.limit, packages, func(pkg string) (*sim.Binary, error) { return g.Compile(g.limit, g.code, pkg) })
	for i := range done.Builds {
		done.Builds[i].Source = "" // the key of the record has it
	}
	g.binaries, g.record.Builds, g.record.Unbuilt, g.record.Faults = done.Binaries, done.Builds, done.Unbuilt, done.Faults
	return err
}

// there reports whether a package was handed in, and compiles as far as is known.
func (g *grading) there(name string) bool {
	return !slices.Contains(g.record.Absent, name) && !slices.Contains(g.record.Unbuilt, name)
}

// unbuilt says in the record why nothing ran.
func (g *grading) unbuilt(err error) error {
	faults, outcome := g.code.Faults(err)
	switch {
	case g.ctx.Err() != nil:
		return g.ctx.Err()
	case g.limit.Err() != nil:
		g.record.Problem, g.record.Again = "the time that --limit gives was over before it was built", true
	case outcome == record.FrameworkError:
		g.record.Problem, g.record.Again = "the framework failed: "+firstLine(strings.ReplaceAll(err.Error(), g.Out, "")), true
	default:
		g.record.Outcome, g.record.Faults, g.record.Builds = outcome, faults, nil
	}
	return nil
}

// items are the runs that are missing: for each case the seeds that are not known, up to the first
// that failed where nothing depends on those after it.
func (g *grading) items() []suite.Item {
	stops := g.Policy.StopsAtFailure(len(g.numbers))
	var items []suite.Item
	for _, k := range g.cases {
		if !g.there(strings.TrimPrefix(k.Package, "./")) {
			continue
		}
		seeds := g.Seeds.Of(k.Own().ID())
		item := suite.Item{Case: k}
		for i, n := range g.numbers {
			at := slices.IndexFunc(g.known, func(r Run) bool { return r.Case == k.ID() && r.N == n })
			if at < 0 {
				item.Seeds = append(item.Seeds, seeds[i])
			} else if stops && g.known[at].Outcome != record.Pass {
				break
			}
		}
		if len(item.Seeds) > 0 && !givenUp(g.known) {
			items = append(items, item)
		}
	}
	return items
}

// machines reports whether it was the machine's, or the framework's, that a run has no verdict: the
// next grading tries again.
func machines(outcome record.Outcome, rule string) bool {
	return outcome == record.FrameworkError || outcome == record.Ungraded && (rule == sim.KilledBySystem || rule == sim.OutOfTime)
}

// ungraded counts runs that used up what they had without an end.
func ungraded(runs []Run) (n int) {
	for _, r := range runs {
		if r.Outcome == record.Ungraded {
			n++
		}
	}
	return n
}

// givenUp reports that so many runs had no verdict that no more are started.
func givenUp(runs []Run) bool { return ungraded(runs) >= maxUngraded }

// run executes what is missing, and keeps each result the moment it is there.
func (g *grading) run(journal *jsonlines.File) {
	items := g.items()
	if len(items) == 0 {
		return
	}
	number := map[string]map[uint64]uint64{} // case -> seed -> its number
	for _, item := range items {
		number[item.Case.ID()] = map[uint64]uint64{}
		for i, seed := range g.Seeds.Of(item.Case.Own().ID()) {
			number[item.Case.ID()][seed] = g.numbers[i]
		}
	}
	hooks := suite.Hooks{MaxUngraded: max(maxUngraded-ungraded(g.known), 1), Done: func(f suite.Finished, p suite.Progress) {
		if v := f.Result.Verdict; !machines(v.Outcome, v.Rule) { // that is tried again
			id := f.Case.ID()
			journal.Add(runOf(id, number[id][f.Seed], g.Seeds.Code(f.Case.Own().ID(), f.Seed), suite.NewRunResult(f)))
		}
		g.tell(Event{Student: g.entry.Name, Run: &f, State: p})
	}}
	if g.Policy.StopsAtFailure(len(g.numbers)) {
		hooks.Stop = suite.StopAtFailure
	}
	plan := suite.Plan(items, g.job, g.costs())
	if _, limited := g.limit.Deadline(); limited {
		plan = suite.ByCase(plan)
	}
	g.results = suite.Execute(g.limit, g.Engine, g.Workers, plan, hooks)
	for _, f := range g.results {
		if f.State != suite.Ran {
			if g.limit.Err() != nil && (f.State == suite.Waiting || f.State == suite.Broken) {
				g.record.Again = true
			}
			continue
		}
		id := f.Case.ID()
		if v := f.Result.Verdict; machines(v.Outcome, v.Rule) {
			g.record.Again = true
		}
		g.known = merged(g.known, []Run{runOf(id, number[id][f.Seed], g.Seeds.Code(f.Case.Own().ID(), f.Seed), suite.NewRunResult(f))})
	}
	g.mu.Lock()
	g.Costs.Learn(g.results)
	g.mu.Unlock()
}

func (g *grading) costs() suite.Costs {
	g.mu.Lock()
	defer g.mu.Unlock()
	costs := suite.Costs{}
	for k, v := range g.Costs {
		costs[k] = v
	}
	return costs
}

// counted are the runs that the judgement rests on: of a case that stops at its first failing seed,
// none after it.
func (g *grading) counted() []Run {
	stops := g.Policy.StopsAtFailure(len(g.numbers))
	runs := []Run{}
	for _, k := range g.cases {
		for _, n := range g.numbers {
			at := slices.IndexFunc(g.known, func(r Run) bool { return r.Case == k.ID() && r.N == n })
			if at < 0 {
				continue
			}
			runs = append(runs, g.known[at])
			if stops && g.known[at].Outcome != record.Pass {
				break
			}
		}
	}
	return runs
}

// finish puts the record in the place of the journal.
func (g *grading) finish() error {
	if err := g.record.write(recordFile(g.Out, g.entry.File)); err != nil {
		return err
	}
	if err := os.Remove(g.journalFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("drop the journal that the record replaces: %w", err)
	}
	cpu := 0.0
	for _, f := range g.results {
		cpu += f.Result.CPU.Seconds()
	}
	g.tell(Event{Student: g.entry.Name, What: "done", CPU: cpu})
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
