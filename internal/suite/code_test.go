package suite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestFindCode(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	write(t, "tree/raft/raft.go", "package raft\n")
	write(t, "tree/raft/lab_test.go", "package raft\n")
	write(t, "single/a.go", "package raft\n")
	write(t, "other/a.go", "package main\n")
	write(t, "tests/a_test.go", "package raft\n")
	pkgs := []string{"./raft", "./kvraft"}

	c, err := FindCode("/framework", false, "", pkgs)
	require.NoError(t, err)
	assert.Equal(t, Reference, c.Given)
	assert.Nil(t, c.Impl)
	assert.NoError(t, c.Has([]string{"./kvraft"}))

	c, err = FindCode("/framework", false, "tree", pkgs)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(c.Key, "raft")}, c.Impl)
	assert.Equal(t, "tree/raft/raft.go:3", c.Show("raftlab/raft/raft.go:3"))
	assert.Equal(t, "tester/env.go:3", c.Show("raftlab/tester/env.go:3"))
	assert.ErrorContains(t, c.Has([]string{"./kvraft"}), "no package kvraft")

	c, err = FindCode("/framework", false, "single", pkgs)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": c.Key}, c.Impl)
	assert.Equal(t, "single/a.go:3", c.Show("raftlab/raft/a.go:3"))

	write(t, "framework/etcdraft/raft/raft.go", "package raft\n")
	c, err = FindCode(filepath.Join(base, "framework"), false, EtcdRaft, []string{"./kvraft"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(base, "framework", "etcdraft", "raft")}, c.Impl)
	assert.NoError(t, c.Has([]string{"./kvraft"}), "that is the framework's own")

	c, err = FindCode(filepath.Join(base, "tree"), true, "", pkgs) // in a course tree, without --impl
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(base, "tree", "raft")}, c.Impl)
	assert.Equal(t, "tree/raft/raft.go:3", c.Show("raftlab/raft/raft.go:3"))

	for impl, why := range map[string]string{
		"nowhere": "no such directory", "other": "package raft", "tests": "package raft", "single/a.go": "no such directory",
	} {
		_, err = FindCode("/framework", false, impl, pkgs)
		assert.ErrorContains(t, err, why, impl)
		assert.ErrorContains(t, err, "give a course tree", "it says what to do")
	}
	_, err = FindCode(base, true, Reference, pkgs)
	assert.ErrorContains(t, err, "no reference")
}

func TestFaults(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sol/raft.go", "package raft\n")
	c, err := FindCode("/framework", false, "sol", []string{"./raft"})
	require.NoError(t, err)

	faults, outcome := c.Faults(&sim.CompileError{Output: "# raftlab/raft\n" + filepath.Join(c.Key, "raft.go") + ":12:3: undefined: foo\nraft/x.go:4:1: syntax error\n"})
	assert.Equal(t, NotBuilt, outcome)
	require.Len(t, faults, 3)
	assert.Equal(t, "sol/raft.go:12: undefined: foo", faults[1].String())
	assert.Equal(t, "sol/x.go:4: syntax error", faults[2].String())

	faults, outcome = c.Faults(&sim.RefusedError{Refusals: []sim.Refusal{{File: filepath.Join(c.Key, "raft.go"), Line: 3, What: "imports unsafe", Why: "because"}}})
	assert.Equal(t, record.Tampering, outcome)
	assert.Equal(t, "sol/raft.go:3: imports unsafe: because", faults[0].String())

	_, outcome = c.Faults(os.ErrPermission)
	assert.Equal(t, record.FrameworkError, outcome)

	many := make([]Fault, 100)
	assert.LessOrEqual(t, len(FaultLines(many, NotBuilt)), 15)
}

func TestToDos(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "raft.go"), "package raft\n\n// TODO(2A): write RequestVote\n\t// TODO(2B): the log\n// TODO: nothing\n")
	write(t, filepath.Join(dir, "raft_test.go"), "package raft\n// TODO(2A): not this one\n")
	all := FindToDos(dir, "raft")
	require.Len(t, all, 2)
	assert.Equal(t, "raft/raft.go:3: write RequestVote", all[0].String())
	assert.Len(t, ToDosOf(all, "2A"), 1)
	assert.Len(t, ToDosOf(all, "2C"), 2)
	assert.Empty(t, ToDosOf(all, "3A"))
}

func TestState(t *testing.T) {
	root := t.TempDir()
	s, err := OpenState(root)
	require.NoError(t, err)
	last, err := s.Last("k")
	require.NoError(t, err)
	assert.Empty(t, last)

	r := sample()
	require.NoError(t, s.Remember("k", r))
	last, err = s.Last("k")
	require.NoError(t, err)
	assert.Len(t, last, 3)
	found := s.Find("k", "2A/ReElection", 1)
	require.NotNil(t, found)
	assert.Equal(t, "abc", found.Build)
	assert.Equal(t, "go1.26.8", found.GoVersion)
	assert.Nil(t, s.Find("k", "2A/ReElection", 2))
	assert.Nil(t, s.Find("other", "2A/ReElection", 1))

	// A case that passes is forgotten, one that did not run is not.
	again := &Report{Builds: r.Builds}
	pass := Finished{Run: Run{Case: sampleCases()[1], Seed: 1}, State: Ran, Result: sim.Result{Verdict: record.Verdict{Outcome: record.Pass}}}
	again.AddCases([]Item{{sampleCases()[1], []uint64{1}}, {sampleCases()[2], []uint64{1}}}, []Finished{pass}, noReplay)
	require.NoError(t, s.Remember("k", again))
	assert.Nil(t, s.Find("k", "2A/ReElection", 1))
	assert.NotNil(t, s.Find("k", "2B/Rejoin", 1))

	require.NoError(t, s.SaveCosts(Costs{"2A/ReElection": 2}))
	assert.Equal(t, Costs{"2A/ReElection": 2}, s.Costs())

	write(t, filepath.Join(s.Dir(), "last.json"), "{")
	_, err = s.Last("k")
	assert.ErrorContains(t, err, "last.json")
	require.NoError(t, s.Remember("k", r), "a broken memory is replaced")
}

func TestWriteFileKeepsLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	write(t, target, "old")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	require.NoError(t, WriteFile(link, []byte("new")))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still a link")
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))

	require.NoError(t, WriteFile(target, []byte("newer")))
	data, err = os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "newer", string(data))
}

func TestStateTrim(t *testing.T) {
	f := lastFile{Impls: map[string][]LastRun{}}
	for i := range maxImpls + 3 {
		f.Impls[string(rune('0'+i))] = []LastRun{{When: time.Unix(int64(i), 0)}}
	}
	f.trim()
	assert.Len(t, f.Impls, maxImpls)
	assert.NotContains(t, f.Impls, "0")
}
