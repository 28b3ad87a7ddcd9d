package mutation

import (
	"cmp"
	"slices"

	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// plan makes the runs for some subjects, in the order in which they start.
//
// A mutant that is hunted for its first expected death gets the cases of its parts, cheap runs and
// low seeds first: the key is cost times position of the seed, so that one that needs the seventh
// seed of a cheap case does not cost all seeds of an expensive one, nor the other way round.
// Subjects take turns: the second run of one begins when all others have begun their first, as that
// may make it superfluous.
//
// Where every case counts (a matrix, or variants) each case is a group of its own and goes through
// its seeds until one decides it.
func (h *Hunt) plan(subjects []Subject, seeds []uint64) []suite.Run {
	type placed struct {
		suite.Run
		key  float64
		turn int
	}
	var all []placed
	for _, s := range subjects {
		var own []placed
		for _, c := range h.casesFor(s) {
			for i, seed := range seeds {
				group := s.Name
				if h.everyCase(s) {
					group += " " + c.ID()
				}
				cost := h.Costs.Of(c)
				own = append(own, placed{
					Run: suite.Run{Case: c, Seed: seed, Group: group, Job: h.Job(s, c, seed), Cost: cost},
					key: (cost + startCost) * float64(i+1),
				})
			}
		}
		slices.SortStableFunc(own, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
		for i := range own {
			own[i].turn = i
		}
		all = append(all, own...)
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.turn, b.turn) })
	runs := make([]suite.Run, len(all))
	for i, p := range all {
		runs[i] = p.Run
	}
	return runs
}

// startCost is what any run costs, in CPU seconds, however short its case.
const startCost = 0.03

// everyCase says whether all cases are wanted, not the first that kills.
func (h *Hunt) everyCase(s Subject) bool { return h.Matrix || s.Kind != Mutant }

// Concerns says whether s runs on any of the cases. Nothing can be said of one that does not: that
// it passed, for example.
func (h *Hunt) Concerns(s Subject) bool { return len(h.casesFor(s)) > 0 }

// casesFor returns the cases that s runs on: those selected, or those of the parts that its header
// names. Cases of a lab that runs on request only have to be asked for: by the user, or by a
// mutant.
func (h *Hunt) casesFor(s Subject) []suite.Case {
	var cases []suite.Case
	for _, c := range h.Cases {
		wanted := h.Selected || h.everyCase(s) && !c.OnRequest
		if s.Kind == Mutant && slices.Contains(s.Patch.Header.Parts, c.Part) {
			wanted = true
		}
		if s.Kind == Variant && !claims(s.Patch.Header, c) {
			wanted = false
		}
		elsewhere := c.Package != "" && s.Package() != "" && c.Package != s.Package()
		if wanted && !elsewhere {
			cases = append(cases, c)
		}
	}
	return cases
}

// claims says whether a variant promises what a case asks for.
func claims(h patch.Header, c suite.Case) bool {
	if slices.Contains(h.Except, c.ID()) {
		return false
	}
	return len(h.Parts) == 0 || slices.Contains(h.Parts, c.Part)
}

// Job is the run of a subject on a case with a seed.
func (h *Hunt) Job(s Subject, c suite.Case, seed uint64) sim.Job {
	return sim.Job{
		Binary: h.Binaries[c.Package],
		Test:   c.Test,
		Params: record.Params{Case: c.ID(), Seed: seed, Strict: s.Runner() == patch.Strict,
			Contract: cmp.Or(h.Contract, s.Contract())},
		Env: []string{peerVariable + "=" + s.Name},
	}
}

// SubjectRun is a run of one subject.
type SubjectRun struct {
	suite.Run
	Subject Subject
}

// All returns every run that a hunt could make, subject by subject, whatever the others come to.
func (h *Hunt) All() (runs []SubjectRun) {
	for _, s := range h.Subjects {
		for _, c := range h.casesFor(s) {
			for _, seed := range h.Seeds {
				runs = append(runs, SubjectRun{suite.Run{Case: c, Seed: seed, Group: s.Name, Job: h.Job(s, c, seed)}, s})
			}
		}
	}
	return runs
}
