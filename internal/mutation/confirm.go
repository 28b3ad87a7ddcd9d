package mutation

import (
	"context"
	"fmt"
	"time"

	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Confirm repeats the kills in outcomes with other binaries, by the package of the cases, on
// engine: a hunt in the native engine is confirmed in the wasm engine. A run is a function of
// source, case and seed, so each has to end with the same verdict and the same trace hash; a
// subject with one that does not becomes [Undecided]. Deaths under the race detector are left out,
// because only the native engine has it. Confirm returns how many kills it has repeated.
func (h *Hunt) Confirm(ctx context.Context, outcomes []Outcome, binaries map[string]*sim.Binary, engine suite.Engine) (repeated int) {
	again := *h
	again.Binaries = binaries
	subjects, cases := map[string]Subject{}, map[string]suite.Case{}
	for _, s := range h.Subjects {
		subjects[s.Name] = s
	}
	for _, c := range h.Cases {
		cases[c.ID()] = c
	}
	var runs []suite.Run
	var about []*Outcome
	var deaths []Death
	for i := range outcomes {
		o := &outcomes[i]
		s := subjects[o.Name]
		if s.Runner() == patch.Race {
			continue
		}
		for _, d := range o.Kills {
			c := cases[d.Case]
			group := fmt.Sprintf("%s %s %d", o.Name, d.Case, d.Seed)
			job := again.Job(s, c, d.Seed)
			job.CPU = sim.AgainCPU(time.Duration(d.CPU * float64(time.Second)))
			runs = append(runs, suite.Run{Case: c, Seed: d.Seed, Group: group, Job: job, Cost: d.CPU})
			about, deaths = append(about, o), append(deaths, d)
		}
	}
	for i, f := range suite.Execute(ctx, engine, h.Workers, runs, suite.Hooks{}) {
		if f.State != suite.Ran {
			continue
		}
		repeated++
		about[i].compare(deaths[i], f.Result)
	}
	return repeated
}

// compare holds a repeated run against the first.
func (o *Outcome) compare(d Death, r sim.Result) {
	v := r.Verdict
	if v.Outcome == d.Outcome && v.Rule == d.Rule && r.Hash == d.Hash {
		return
	}
	o.Status = Undecided
	o.Troubles = append([]Death{{Case: d.Case, Seed: d.Seed, Outcome: record.FrameworkError, Hash: r.Hash,
		Message: fmt.Sprintf("two engines, two runs: native ended with %s %q, hash %.12s; wasm with %s %q, hash %.12s. %s",
			d.Outcome, d.Rule, d.Hash, v.Outcome, v.Rule, r.Hash, v.Message)}}, o.Troubles...)
}
