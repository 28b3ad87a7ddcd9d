package labs

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvraft"
	"raftlab/kvsrv"
	"raftlab/raft"
	"raftlab/shardkv"
	"raftlab/shardkv/shardctrler"
	"raftlab/tester"
)

// graded are the labs whose parts are worth a hundred points each.
func graded() map[string]tester.Lab {
	all := map[string]tester.Lab{}
	for _, lab := range All() {
		if !lab.OnRequest {
			all[lab.Name] = lab
		}
	}
	return all
}

// The tables are read by the grader, the command line and the docs, so their rows have to be in
// order.
func TestTables(t *testing.T) {
	parts := map[string]string{"lab1": "1A 1B 1C 1D", "lab2": "2A 2B 2C 2D 2E 2F 2G", "lab3": "3A 3B 3C 3D 3E", "lab4": "4A 4B 4C"}
	require.ElementsMatch(t, slices.Collect(maps.Keys(parts)), slices.Collect(maps.Keys(graded())), "labs, and the parts that this test knows")
	for name, lab := range graded() {
		points, last := map[string]int{}, ""
		for _, c := range lab.Cases {
			require.Contains(t, strings.Fields(parts[name]), c.Part, c.ID())
			require.LessOrEqual(t, last, c.Part, "%s: parts stand in the order in which students do them", c.ID())
			last = c.Part
			points[c.Part] += c.Points
			if name == "lab2" || name == "lab3" { // the paper is about nothing else
				require.NotEmpty(t, c.Section, c.ID())
			}
		}
		require.Equal(t, strings.Fields(parts[name]), slices.Sorted(maps.Keys(points)))
		for part, sum := range points {
			require.Equal(t, 100, sum, "points of part %s", part)
		}
	}
}

func TestRows(t *testing.T) {
	for _, lab := range All() {
		seen := map[string]bool{}
		for _, c := range lab.Cases {
			require.Regexp(t, `^[A-Z][A-Za-z0-9]+$`, c.Name, c.ID())
			require.False(t, seen[c.ID()], "two cases are called %s", c.ID())
			seen[c.ID()] = true
			require.Positive(t, c.Points, "%s weighs nothing", c.ID())
			require.NotNil(t, c.Run, c.ID())
			require.Regexp(t, `^((§\d+(\.\d+)*(, §\d+(\.\d+)*)*)|Figure \d+)?$`, c.Section, c.ID())
			require.NotEmpty(t, c.Checks, c.ID())
			require.NotContains(t, c.Checks, "\n", c.ID())
			if !lab.OnRequest {
				require.LessOrEqual(t, len([]rune(c.Checks)), 120, "%s: what a case checks is one line", c.ID())
			}
			require.False(t, strings.HasSuffix(c.Checks, "."), "%s: no full stop, like all other lines", c.ID())
		}
	}
}

// Every situation that a case exists for is one that the reference can report.
func TestSituations(t *testing.T) {
	known := map[string]bool{}
	for _, s := range raft.Situations {
		known[s.Name] = true
	}
	for _, s := range kvsrv.Situations {
		known[s.Name] = true
	}
	for _, s := range slices.Concat(kvraft.Situations, shardkv.Situations, shardctrler.Situations) {
		known[s.Name] = true
	}
	for _, lab := range All() {
		for _, c := range lab.Cases {
			for _, s := range c.Reaches {
				require.True(t, known[s], "%s wants to reach %q, which no list of situations has", c.ID(), s)
			}
		}
	}
}
