package suite

import (
	"cmp"
	"slices"

	"raftlab/internal/sim"
)

// Run is one case with one seed, ready to be executed.
type Run struct {
	Case Case
	Seed uint64
	// Group names the runs that end together: after the first of them that stops, in the order
	// of the plan, the others are dropped.
	Group string
	Job   sim.Job
	// Cost is how many seconds of CPU the run is expected to take.
	Cost float64
}

// Item is a case and the seeds to run it with.
type Item struct {
	Case  Case
	Seeds []uint64
}

// Plan makes one run of each case and seed, grouped by case, and puts them in the order in which
// they start. job fills in how to run them; costs says what earlier runs took.
//
// The first seed of every case comes before the second of any, so that the first failures are seen
// early. Among equals the most expensive comes first: what is started last is short then, and no
// worker is left alone with a long run at the end.
func Plan(items []Item, job func(Case, uint64) sim.Job, costs Costs) []Run {
	type placed struct {
		Run
		position int
	}
	var all []placed
	for _, item := range items {
		for i, seed := range item.Seeds {
			r := Run{Case: item.Case, Seed: seed, Group: item.Case.ID(), Job: job(item.Case, seed), Cost: costs.Of(item.Case)}
			all = append(all, placed{r, i})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(b.Cost, a.Cost))
	})
	runs := make([]Run, len(all))
	for i, p := range all {
		runs[i] = p.Run
	}
	return runs
}

// ByCase orders runs so that the seeds of a case come together, and cheap cases first: where time
// may be over before all have run, as many cases as possible have a verdict then.
func ByCase(runs []Run) []Run {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b Run) int { return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.Case.ID(), b.Case.ID())) })
	return runs
}

// Costs remembers the CPU seconds that a run of each case took, by its ID.
type Costs map[string]float64

// unknownCost is what a case that never ran is taken to cost: more than most, so that it starts
// early.
const unknownCost = 3

// Of returns the expected cost of a run of c.
func (c Costs) Of(k Case) float64 {
	if cost, ok := c[k.ID()]; ok {
		return cost
	}
	return unknownCost
}

// Learn updates the costs with what finished runs took, newer runs counting half.
func (c Costs) Learn(finished []Finished) {
	for _, f := range finished {
		if f.State != Ran {
			continue
		}
		seconds, id := f.Result.CPU.Seconds(), f.Case.ID()
		if old, ok := c[id]; ok {
			seconds = (old + seconds) / 2
		}
		c[id] = seconds
	}
}
