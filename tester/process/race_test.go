//go:build race && !wasip1

package process_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/tester"
	"raftlab/tester/process"
	"raftlab/tester/rules"
)

func init() {
	specimens.Cases = append(specimens.Cases, tester.Case{Part: "X", Name: "Races", Run: func(e *tester.Env) {
		n := 0
		e.Go(func() { n++ })
		n++ // at once: starting another goroutine would lock what one that has ended has unlocked
	}})
}

func TestDataRaceInAChild(t *testing.T) {
	v, _ := process.RunInChild(t, "TestSpecimens", listed(specimens), "X/Races")
	require.Equal(t, record.Fail, v.Outcome)
	require.Equal(t, string(rules.DataRace), v.Rule)
	require.Contains(t, v.Stack, "race_test.go")
}
