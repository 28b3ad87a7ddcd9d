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
	"raftlab/tester"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// of is a case of a part whose lab tests a package.
func of(pkg, part string) Case {
	return Case{Case: tester.Case{Part: part, Name: "Some"}, Package: pkg}
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
	assert.NoError(t, c.Has(of("./kvraft", "3A")))

	c, err = FindCode("/framework", false, "tree", pkgs)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(c.Key, "raft")}, c.Impl)
	assert.Equal(t, "tree/raft/raft.go:3", c.Show("raftlab/raft/raft.go:3"))
	assert.Equal(t, "tester/env.go:3", c.Show("raftlab/tester/env.go:3"))
	assert.ErrorContains(t, c.Has(of("./kvraft", "3A")), "no package kvraft")

	replicas := of("./kvraft", "3R")
	replicas.Field, replicas.Lab = "Replicate", "rsm"
	write(t, "plain/kvraft/a.go", "package kvraft\n\nvar s = service{Start: nil}\n")
	write(t, "built/kvraft/a.go", "package kvraft\n\nvar s = service{Replicate: nil}\n")
	for impl, says := range map[string]string{"plain": "no Replicate here: rsm is not graded", "built": ""} {
		c, err := FindCode("/framework", false, impl, pkgs)
		require.NoError(t, err)
		graded, why := c.Graded([]Case{replicas})
		if says == "" {
			assert.Len(t, graded, 1)
		} else {
			assert.Equal(t, []string{says}, why)
		}
	}

	c, err = FindCode("/framework", false, "single", pkgs)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": c.Key}, c.Impl)
	assert.Equal(t, "single/a.go:3", c.Show("raftlab/raft/a.go:3"))

	write(t, "framework/etcdraft/raft/raft.go", "package raft\n")
	c, err = FindCode(filepath.Join(base, "framework"), false, EtcdRaft, []string{"./kvraft"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(base, "framework", "etcdraft", "raft")}, c.Impl)
	assert.NoError(t, c.Has(of("./kvraft", "3A")), "that is the framework's own")

	c, err = FindCode(filepath.Join(base, "tree"), true, "", pkgs) // in a course tree, without --impl
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"raft": filepath.Join(base, "tree", "raft")}, c.Impl)
	assert.Equal(t, "tree/raft/raft.go:3", c.Show("raftlab/raft/raft.go:3"))

	write(t, "mixed/raft/debug.go", "package main\n")
	write(t, "mixed/raft/_old.go", "package old\n")
	write(t, "mixed/raft/raft.go", "package raft\n")
	c, err = FindCode("/framework", false, "mixed", pkgs)
	require.NoError(t, err, "a stray file does not hide the package; the compiler says what is wrong")
	assert.Equal(t, map[string]string{"raft": filepath.Join(base, "mixed", "raft")}, c.Impl)

	write(t, "mac/raft/raft.go", "package raft\rimport \"fmt\"\r")
	for impl, why := range map[string]string{
		"mac":     "raft/raft.go has no package clause that can be read",
		"nowhere": "no such directory", "other": "its Go files are of package main; to be tested it has to be package raft or kvraft", "tests": "package raft", "single/a.go": "no such directory",
	} {
		_, err = FindCode("/framework", false, impl, pkgs)
		assert.ErrorContains(t, err, why, impl)
		assert.ErrorContains(t, err, "give a course tree", "it says what to do")
	}
	_, err = FindCode(base, true, Reference, pkgs)
	assert.ErrorContains(t, err, "no reference")
}

// A controller by itself is enough for the part that tests nothing else.
func TestFindController(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	write(t, "whole/shardkv/server.go", "package shardkv\n")
	write(t, "whole/shardkv/shardctrler/server.go", "package shardctrler\n")
	write(t, "flat/server.go", "package shardctrler\n")
	write(t, "below/shardctrler/server.go", "package shardctrler\n")
	write(t, "tree/shardkv/shardctrler/server.go", "package shardctrler\n")
	write(t, "tree/raft/raft.go", "package raft\n")
	pkgs := []string{"./raft", "./kvraft", "./shardkv", "./kvraft"}
	framework := filepath.Join(base, "framework")
	write(t, "framework/shardkv/lab_test.go", "package shardkv_test\n")
	write(t, "framework/shardkv/server.go", "package shardkv\n")
	write(t, "framework/shardkv/shardctrler/rpc.go", "package shardctrler\n")

	c, err := FindCode(framework, false, "whole", pkgs)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"shardkv": filepath.Join(c.Key, "shardkv")}, c.Impl, "the service has its controller in it")
	assert.NoError(t, c.Has(of("./shardkv", "4A"), of("./shardkv", "4B")))
	assert.Nil(t, c.Build("./shardkv").Edits)

	for impl, dir := range map[string]string{"flat": "flat", "below": "below/shardctrler", "tree": "tree/shardkv/shardctrler"} {
		c, err = FindCode(framework, false, impl, pkgs)
		require.NoError(t, err, impl)
		assert.Equal(t, filepath.Join(base, filepath.FromSlash(dir)), c.Impl["shardkv/shardctrler"], impl)
		assert.NotContains(t, c.Impl, "shardkv", impl)
		assert.Equal(t, dir+"/server.go:3", c.Show("raftlab/shardkv/shardctrler/server.go:3"), impl)
		assert.NoError(t, c.Has(of("./shardkv", "4A")), impl)
		assert.ErrorContains(t, c.Has(of("./shardkv", "4A"), of("./shardkv", "4B")), "select 4A, or add the groups", impl)
		assert.ErrorContains(t, c.Has(of("./kvraft", "3A")), "no package kvraft", impl)

		edits := c.Build("./shardkv").Edits
		assert.Contains(t, string(edits["shardkv/service.go"]), "shardctrler.Controller()", impl)
		delete(edits, "shardkv/service.go")
		assert.Equal(t, map[string][]byte{"shardkv/server.go": nil, "shardkv/shardctrler/rpc.go": nil}, edits, "the rest of it goes, but for its entrance")
	}
	if c, err = FindCode(framework, false, "tree", pkgs); assert.NoError(t, err) {
		assert.NoError(t, c.Has(of("./raft", "2A")), "the tree has a raft, too")
		assert.Equal(t, []string{"raftlab/raft", "raftlab/shardkv", "raftlab/shardkv/shardctrler"}, c.Packages(of("./shardkv", "4A")), "stacks tell of it")
	}

	faults, outcome := c.Faults(&sim.CompileError{Output: "# raftlab/shardkv\nshardkv/service.go:10:88: undefined: shardctrler.Controller\n"})
	assert.Equal(t, NotBuilt, outcome)
	require.Len(t, faults, 1)
	assert.Equal(t, "undefined: shardctrler.Controller: the cases enter a controller through its function Controller (docs/lab4a.md)", faults[0].String())
}

func TestFaults(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sol/raft.go", "package raft\n")
	c, err := FindCode("/framework", false, "sol", []string{"./raft"})
	require.NoError(t, err)

	faults, outcome := c.Faults(&sim.CompileError{Output: "# raftlab/raft\n" + filepath.Join(c.Key, "raft.go") + ":12:3: undefined: foo\nraft/x.go:4:1: syntax error\n"})
	assert.Equal(t, NotBuilt, outcome)
	require.Len(t, faults, 2)
	assert.Equal(t, "sol/raft.go:12: undefined: foo", faults[0].String())
	assert.Equal(t, "sol/x.go:4: syntax error", faults[1].String())

	faults, _ = c.Faults(&sim.CompileError{Output: "raft/raft.go:3:2: package raftlab/raft/quorum is not in std (/go/src/raftlab/raft/quorum)"})
	assert.Equal(t, "sol/raft.go:3: there is no package raftlab/raft/quorum; it would be in sol/quorum/", faults[0].String())

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
	assert.Empty(t, ToDosOf(all, "P"))
}

// A service runs on the peer: as long as that is not written, this is what to write first.
func TestToDosInTheWay(t *testing.T) {
	all := []ToDo{
		{"4A", "b.go", 9, "b2"}, {"4A", "a.go", 30, "a3"}, {"4A", "a.go", 2, "a1"}, {"4A", "b.go", 5, "b1"}, {"4A", "a.go", 10, "a2"},
		{"2D", "r.go", 7, "r2D"}, {"2C", "r.go", 8, "r2C"}, {"2E", "r.go", 9, "r2E"}, {"3A", "k.go", 1, "k"}, {"4B", "a.go", 1, "a0"},
	}
	texts := func(part string) (of []string) {
		for _, t := range ToDosOf(all, part) {
			of = append(of, t.Text)
		}
		return of
	}
	assert.Equal(t, []string{"r2C", "a1", "b1", "a2", "b2", "a3"}, texts("4A"), "files take turns")
	assert.Equal(t, []string{"r2C", "r2D", "a1", "b1", "a2", "b2", "a3", "a0"}, texts("4B"))
	assert.Equal(t, []string{"r2C", "k"}, texts("3A"))
	assert.Equal(t, []string{"r2C", "r2D", "r2E"}, texts("2E"))
}

func TestState(t *testing.T) {
	root := t.TempDir()
	s, err := OpenState(root)
	require.NoError(t, err)
	last, _, err := s.Last("k")
	require.NoError(t, err)
	assert.Empty(t, last)

	r := sample()
	require.NoError(t, s.Remember("k", r))
	last, _, err = s.Last("k")
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
	_, _, err = s.Last("k")
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
	f.trim("")
	assert.Len(t, f.Impls, maxImpls)
	assert.NotContains(t, f.Impls, "0")
}

// A text that is told by the absolute path that it names already, since that is how the user has
// given the code, comes to an end.
func TestShowAllOfCodeByItsAbsolutePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kvraft")
	c := Code{Key: dir, Impl: map[string]string{"kvraft": dir}, shown: map[string]string{"kvraft": filepath.ToSlash(dir)}}
	text := filepath.Join(dir, "kv.go") + ":3 and " + filepath.Join(dir, "kv.go") + ":4"
	require.Equal(t, []string{filepath.ToSlash(text)}, c.ShowAll([]string{text}))
	c.shown["kvraft"] = "mine"
	require.Equal(t, []string{"mine/kv.go:3 and mine/kv.go:4"}, c.ShowAll([]string{text}))
}
