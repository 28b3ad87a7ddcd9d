package grade

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

func TestRegrade(t *testing.T) {
	dir, out := people(t), t.TempDir()
	c := setting(t, dir, out, &puppets{})
	graded(t, c)
	repeat := func(name string, change ...func(*Class)) Repeated {
		plan, err := ReadPlan(out, testCases)
		require.NoError(t, err)
		for _, l := range plan.Students {
			if l.Name != name {
				continue
			}
			now := setting(t, dir, out, &puppets{}, change...)
			rec, err := plan.Load(out, now.Framework, now.Packages, l)
			require.NoError(t, err)
			again, err := rec.Repeat(t.Context(), now, testCases)
			require.NoError(t, err)
			return again
		}
		t.Fatal(name)
		return Repeated{}
	}
	for name, runs := range map[string]int{"alice": 25, "bob b.": 22, "broken": 1, "forged": 1, "empty": 1, "dora": 24} {
		r := repeat(name)
		assert.True(t, r.Identical(), "%s: %+v", name, r)
		assert.Empty(t, r.Because, name)
		assert.Equal(t, runs, r.Compared, name)
	}
	r := repeat("Zoë Ångström 界")
	assert.True(t, r.Identical())
	assert.Equal(t, 1, r.Skipped, "without a verdict there is nothing to compare")

	record := recordFile(out, "alice")
	_, err := os.Stat(record)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(codeDir(out, "alice"), "raft.go"), []byte(peer+"// 2A/Elects 2 fail: late\n"), 0o644))
	r = repeat("alice")
	assert.Contains(t, r.Because, "the code is not what ran then")
	assert.Contains(t, r.Because[1], "build raft: ")
	assert.Contains(t, r.Differ, "2A/Elects seed 1: pass, at 1.000 s both times, but not the same run")
	assert.Contains(t, r.Differ, "2A/Elects seed 2: pass, at 1.000 s then, late (§5.2), at 2.000 s now")
}

func TestRegradeNamesWhatChanged(t *testing.T) {
	dir, out := people(t), t.TempDir()
	graded(t, setting(t, dir, out, &puppets{}))
	plan, err := ReadPlan(out, testCases)
	require.NoError(t, err)
	now := setting(t, dir, out, &puppets{})
	now.Identity = sim.Identity{GoVersion: "go1.99", Engine: "other", Framework: "f"}
	rec, err := plan.Load(out, now.Framework, now.Packages, plan.Students[2])
	require.NoError(t, err)
	r, err := rec.Repeat(t.Context(), now, testCases)
	require.NoError(t, err)
	assert.Equal(t, []string{"the Go release: go1.26.8 then, go1.99 now", "the engine: e then, other now"}, r.Because)
}

func TestRegradeOfATest(t *testing.T) {
	code := suite.Code{Impl: map[string]string{"raft": filepath.Join(people(t), "alice")}}
	report := &suite.Report{Impl: "alice", Cases: []suite.CaseResult{{Case: "2A/Elects", Outcome: "fail",
		Runs: []suite.RunResult{{Seed: 1, Outcome: "fail", Rule: "late", Hash: "x"}}}}}
	r, err := FromReport(report, code).Repeat(t.Context(), setting(t, people(t), t.TempDir(), &puppets{}), testCases)
	require.NoError(t, err)
	require.Len(t, r.Differ, 1)
	assert.Contains(t, r.Differ[0], "late, at 0.000 s then, pass, at 1.000 s now")
}
