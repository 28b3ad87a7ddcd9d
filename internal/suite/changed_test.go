package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

func TestChanged(t *testing.T) {
	run := func(seed uint64, o record.Outcome, rule string) RunResult {
		return RunResult{Seed: seed, Outcome: o, Rule: rule}
	}
	then := &Report{Status: Complete, Cases: []CaseResult{
		{Case: "2A/Same", Runs: []RunResult{run(1, record.Pass, ""), run(2, record.Fail, "two leaders in a term")}},
		{Case: "2A/Worse", Runs: []RunResult{run(1, record.Pass, ""), run(2, record.Pass, "")}},
		{Case: "2A/Gone", Runs: []RunResult{run(1, record.Pass, "")}},
	}}
	now := &Report{Status: Complete, Cases: []CaseResult{
		{Case: "2A/Same", Runs: then.Cases[0].Runs},
		{Case: "2A/Worse", Runs: []RunResult{run(1, record.Pass, ""), run(2, record.Fail, "no progress")}},
		{Case: "2A/New", Outcome: record.Pass, Runs: []RunResult{run(1, record.Pass, "")}},
	}}
	lines, compared := Changed(then, now)
	assert.Equal(t, 4, compared)
	assert.Equal(t, []string{"2A/Worse seed 2: pass then, fail (no progress) now", "2A/Gone is no case any more", "2A/New is new: pass"}, lines)
	lines, _ = Changed(then, &Report{Status: Unbuilt, Faults: []Fault{{Text: "undefined: x"}}})
	assert.Contains(t, lines[0], "complete then, not built now (undefined: x)")
	lines, _ = Changed(then, then)
	assert.Empty(t, lines)
}
