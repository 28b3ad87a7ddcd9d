package mutation

import (
	"slices"

	"raftlab/internal/record"
)

// Status is what became of a subject.
type Status string

const (
	Killed     Status = "killed"     // a mutant: some case failed it for an expected reason
	Survived   Status = "survived"   // a mutant: no case did; the suite lacks something, or the mutant is none
	Passed     Status = "passed"     // a variant: all cases passed it
	Failed     Status = "failed"     // a variant: some case did not
	Unfinished Status = "unfinished" // interrupted before it was decided
	Undecided  Status = "undecided"  // the framework failed, or a run was ungraded or inconclusive
)

// Death is one failing run.
type Death struct {
	Case    string         `json:"case"`
	Seed    uint64         `json:"seed"`
	Outcome record.Outcome `json:"outcome"`
	Rule    string         `json:"rule,omitempty"`
	Message string         `json:"message,omitempty"`
	// Expected says that the mutant's header names this reason.
	Expected bool    `json:"expected"`
	CPU      float64 `json:"cpuSeconds"`
	Virtual  float64 `json:"virtualSeconds"`
	Hash     string  `json:"hash,omitempty"`
}

// Reason is the rule, or the outcome where no rule was named.
func (d Death) Reason() string {
	if d.Rule == "" || d.Outcome != record.Fail {
		return string(d.Outcome)
	}
	return d.Rule
}

// Outcome is what became of a subject, and what that took.
type Outcome struct {
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	About  string `json:"about"`
	Status Status `json:"status"`
	// Runner is "engine", "race" or "strict".
	Runner string `json:"runner"`
	// Kills are the expected deaths: the first one, or in a matrix the first of each case. For a
	// variant, all failures.
	Kills []Death `json:"kills,omitempty"`
	// Others are deaths for reasons that the header does not name.
	Others []Death `json:"others,omitempty"`
	// Troubles are runs without a judgement.
	Troubles []Death `json:"troubles,omitempty"`
	Runs     int     `json:"runs"`
	CPU      float64 `json:"cpuSeconds"` // of all runs
	// Peaks is the most of each thing that there was in any run.
	Peaks record.Peaks `json:"peaks"`
}

// expected says whether a verdict is one that the mutant is to die of.
func expected(s Subject, v record.Verdict) bool {
	if s.Kind != Mutant || v.Outcome == record.Pass || v.Outcome == record.NotChecked {
		return false
	}
	dies := s.Patch.Header.Dies
	return slices.Contains(dies, string(v.Outcome)) || v.Rule != "" && slices.Contains(dies, v.Rule)
}

// judged says whether a verdict is about the subject, and not about the engine.
func judged(v record.Verdict) bool {
	return v.Outcome.Decided()
}
