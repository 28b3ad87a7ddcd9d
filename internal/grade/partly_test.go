package grade

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/tester"
)

// A service that does not compile costs its own cases, and not those of the peer below it: in the
// points, in the feedback, when the same command is started again, and in a complaint.
func TestPartlyBuilt(t *testing.T) {
	cases := append(slices.Clone(testCases[:2]),
		suite.Case{Case: tester.Case{Part: "3A", Name: "Serves", Points: 40}, Lab: "lab3", Package: "./kvraft", Test: "TestLab3"})
	class, out := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"half/raft/raft.go": peer, "half/kvraft/server.go": "package kvraft\n",
		"none/raft/raft.go": peer + "// does not compile\n", "none/kvraft/server.go": "package kvraft\n"} {
		file := filepath.Join(class, filepath.FromSlash(name))
		if name == "half/raft/raft.go" {
			text += "// the service is half written\n"
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	engine := &puppets{}
	make := func() *Class {
		c := setting(t, class, out, engine)
		c.Packages = []string{"./raft", "./kvraft"}
		var err error
		c.Plan, err = NewPlan(cases, c.Seeds, suite.Options{}, c.Policy, sim.Identity{GoVersion: "go1.26.8", Engine: "e", Framework: "f"}, c.Roster)
		require.NoError(t, err)
		return c
	}
	r := graded(t, make())
	s := r.of(t, "half")
	assert.Equal(t, Graded, s.Status)
	assert.Equal(t, "30", s.Score.String())
	assert.Equal(t, record.Pass, s.Cases[0].Outcome)
	assert.Equal(t, suite.NotBuilt, s.Cases[2].Outcome)
	assert.Equal(t, "package kvraft does not compile", s.Cases[2].Reason)
	files := tree(t, out)
	assert.Contains(t, files["feedback/half.txt"], "A part of the code does not compile, and its cases did not run:\n  kvraft/server.go:7: undefined: y")
	assert.Contains(t, files["grades.csv"], "half,graded,30,70,30,70,30,30,0,40,not built: kvraft/server.go:7: undefined: y")
	s = r.of(t, "none")
	assert.Equal(t, "0", s.Score.String())
	assert.Equal(t, suite.NotBuilt, s.Outcome, "nothing ran")

	before := engine.runs.Load()
	graded(t, make())
	assert.Equal(t, before, engine.runs.Load(), "nothing is left to do")
	assert.Equal(t, files, tree(t, out))

	plan, err := ReadPlan(out, cases)
	require.NoError(t, err)
	now := make()
	rec, err := plan.Load(out, now.Framework, now.Packages, plan.Students[0])
	require.NoError(t, err)
	again, err := rec.Repeat(t.Context(), now, cases)
	require.NoError(t, err)
	assert.True(t, again.Identical(), "%+v", again)
	assert.Equal(t, 11, again.Compared, "ten runs, and what does not compile")
}

// A process that is killed while it replaces a file leaves a part of it beside it. The next one
// removes that, whether it has something to write or not.
func TestUnfinishedFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "record.json")
	for range 2 {
		for _, name := range []string{".record.json3279314856", ".record.json", ".record.json7a", ".other.json7", "record.json7"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
		}
		require.NoError(t, writeFile(file, []byte("text")))
		assert.NoFileExists(t, filepath.Join(dir, ".record.json3279314856"))
		for _, name := range []string{".record.json", ".record.json7a", ".other.json7", "record.json7", "record.json"} {
			assert.FileExists(t, filepath.Join(dir, name))
		}
	}
}
