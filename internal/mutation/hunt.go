package mutation

import (
	"context"
	"slices"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Hunt is everything that a hunt needs.
type Hunt struct {
	Subjects []Subject
	Cases    []suite.Case
	Selected bool // the user named the cases: mutants run on them, whatever their headers say
	Seeds    []uint64
	Matrix   bool   // find out for each case whether it kills, instead of stopping at the first that does
	Contract string // the year by which all are judged; "": each by what its header says
	Workers  int
	Costs    suite.Costs
	Kills    Kills                  // where mutants died before: these runs come first
	Binaries map[string]*sim.Binary // of the bundles of the subjects, by the package of the cases
	Engine   suite.Engine

	// Progress, if not nil, is called after each run. It must not block.
	Progress func(Standing)
}

// Standing is how far a hunt has come.
type Standing struct {
	Subjects, Decided int // how many subjects there are, and for how many no more runs are needed
	Runs, Most        int // how many runs there were, and how many there will be at most
	Last              suite.Finished
}

// blockRuns bounds how many runs are planned at a time: a plan is held in memory, and a soak has
// half a million runs.
const blockRuns = 20_000

// Run hunts, and returns an Outcome for each subject, in their order. When ctx ends, it returns
// what is known. The result does not depend on the number of workers.
func (h *Hunt) Run(ctx context.Context) []Outcome {
	p := newPosition(h)
	p.execute(ctx, h.remembered())
	for _, block := range h.blocks() {
		subjects := slices.DeleteFunc(slices.Clone(block.subjects), func(s Subject) bool { return p.closed[s.Name] })
		if len(subjects) == 0 {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		p.execute(ctx, slices.DeleteFunc(h.plan(subjects, block.seeds), func(r suite.Run) bool {
			return p.closed[r.Group] || h.Kills[r.Group] == killOf(r.Case.ID(), r.Seed) // that was the first
		}))
	}
	return p.outcomes(ctx.Err() != nil)
}

// execute makes the runs, until each group is decided.
func (p *position) execute(ctx context.Context, runs []suite.Run) {
	p.take(suite.Execute(ctx, p.Engine, p.Workers, runs, suite.Hooks{
		Stop: func(r suite.Run, result sim.Result) bool { return p.decides(r, result.Verdict) },
		Done: func(f suite.Finished, _ suite.Progress) { p.seen(f) },
	}))
}

// block is a part of a hunt that is planned at once.
type block struct {
	subjects []Subject
	seeds    []uint64
}

// blocks cuts a hunt into parts: all subjects with some of the seeds each, so that all have seen
// the first seeds before any sees the last.
func (h *Hunt) blocks() []block {
	step := max(blockRuns/max(h.perSeed(), 1), 1)
	var blocks []block
	for seeds := range slices.Chunk(h.Seeds, step) {
		blocks = append(blocks, block{h.Subjects, seeds})
	}
	return blocks
}

// perSeed is how many runs there are for one seed.
func (h *Hunt) perSeed() (n int) {
	for _, s := range h.Subjects {
		n += len(h.casesFor(s))
	}
	return n
}

// position is what a hunt knows so far.
type position struct {
	*Hunt
	subjects map[string]Subject
	results  map[string]*Outcome
	closed   map[string]bool // groups that need no more runs

	live     map[string]bool // as closed, but as far as seen from inside Execute
	liveRuns int
	most     int // runs there can be
}

func newPosition(h *Hunt) *position {
	p := &position{Hunt: h, subjects: map[string]Subject{}, results: map[string]*Outcome{},
		closed: map[string]bool{}, live: map[string]bool{}, most: h.perSeed() * len(h.Seeds)}
	for _, s := range h.Subjects {
		p.subjects[s.Name] = s
		p.results[s.Name] = &Outcome{Name: s.Name, Kind: s.Kind, About: s.About(), Runner: s.Runner()}
	}
	return p
}

// subject returns whom a run is about.
func (p *position) subject(r suite.Run) Subject {
	return p.subjects[r.Job.Env[0][len(peerVariable)+1:]]
}

// decides says whether a verdict ends the group of its run.
func (p *position) decides(r suite.Run, v record.Verdict) bool {
	s := p.subject(r)
	if s.Kind == Mutant {
		return expected(s, v)
	}
	return v.Outcome != record.Pass && judged(v)
}

// seen notes a run for the display.
func (p *position) seen(f suite.Finished) {
	p.liveRuns++
	if p.decides(f.Run, f.Result.Verdict) {
		p.live[f.Group] = true
	}
	if p.Progress == nil {
		return
	}
	decided := 0
	for _, s := range p.Subjects {
		if p.live[s.Name] {
			decided++
		}
	}
	p.Progress(Standing{Subjects: len(p.Subjects), Decided: decided, Runs: p.liveRuns, Most: p.most, Last: f})
}

// take adds the results of a block.
func (p *position) take(finished []suite.Finished) {
	for _, f := range finished {
		if f.State != suite.Ran {
			continue
		}
		s, v := p.subject(f.Run), f.Result.Verdict
		o := p.results[s.Name]
		o.Runs++
		o.CPU += f.Result.CPU.Seconds()
		o.Peaks = o.Peaks.Max(v.Peaks)
		if v.Outcome == record.Pass {
			continue
		}
		d := Death{Case: f.Case.ID(), Seed: f.Seed, Outcome: v.Outcome, Rule: v.Rule, Message: v.Message, Expected: expected(s, v),
			CPU: f.Result.CPU.Seconds(), Virtual: v.Time.Seconds(), Hash: f.Result.Hash}
		switch {
		case !judged(v):
			o.Troubles = append(o.Troubles, d)
		case d.Expected || s.Kind != Mutant:
			o.Kills = append(o.Kills, d)
			p.closed[f.Group] = true
		default:
			o.Others = append(o.Others, d)
		}
	}
}

// outcomes draws the conclusions.
func (p *position) outcomes(interrupted bool) []Outcome {
	var out []Outcome
	for _, s := range p.Subjects {
		o := *p.results[s.Name]
		switch {
		case s.Kind == Mutant && len(o.Kills) > 0:
			o.Status = Killed
		case s.Kind != Mutant && len(o.Kills) > 0:
			o.Status = Failed
		case interrupted:
			o.Status = Unfinished
		case len(o.Troubles) > 0:
			o.Status = Undecided
		case s.Kind == Mutant:
			o.Status = Survived
		default:
			o.Status = Passed
		}
		out = append(out, o)
	}
	return out
}
