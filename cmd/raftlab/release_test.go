package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/release"
	"raftlab/internal/suite"
)

// put writes a file below dir.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// ofRelease is a tree that says of itself that it is of a release.
func ofRelease(t *testing.T, dir, version string) {
	put(t, dir, "go.mod", "module raftlab\n\ngo 1.26\n")
	put(t, dir, "internal/release/release.go", fmt.Sprintf("package release\n\nconst Version = %q\n", version))
}

// A tree of another release is told from this program's, with what to do.
func TestTreeOfAnotherRelease(t *testing.T) {
	dir := t.TempDir()
	ofRelease(t, dir, release.Version)
	assert.NotContains(t, raftlab(t, dir, "list", "1A").errOut, "WARNING")
	ofRelease(t, dir, "0.0.1")
	res := raftlab(t, dir, "list", "1A")
	assert.Contains(t, res.errOut, "is of raftlab 0.0.1, and this program is raftlab "+release.Version)
	assert.Contains(t, res.errOut, "go run ./cmd/raftlab in it")
	assert.Equal(t, suite.ExitPassed, res.code, "it is said, and goes on")
}

// Runs of another release are repeated with that one, if there is a tag that leads to it.
func TestRegradeByItsRelease(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org"}, args...)...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	ofRelease(t, dir, "0.0.1")
	put(t, dir, "cmd/raftlab/main.go", "package main\n\nimport \"os\"\n\nfunc main() {\n\treport, _ := os.ReadFile(os.Args[2])\n\t"+
		"os.Stdout.WriteString(\"0.0.1 is asked to \" + os.Args[1] + \" \" + string(report) + \"\\n\")\n\tos.Exit(1)\n}\n")
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "release 0.0.1")
	git("tag", "v0.0.1")
	ofRelease(t, dir, release.Version)
	git("commit", "-q", "-a", "-m", "after 0.0.1")
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	report := filepath.Join(t.TempDir(), "r.json")
	write := func(version string) {
		put(t, filepath.Dir(report), "r.json", fmt.Sprintf(`{"schema": %q, "raftlab": %q}`, suite.Schema, version))
	}
	write("0.0.1")
	res := raftlab(t, dir, "regrade", report)
	assert.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	assert.Equal(t, "0.0.1 is asked to regrade "+readText(t, report)+"\n", res.out)
	assert.Contains(t, res.errOut, "its runs are repeated with that release")
	assert.Equal(t, res.out, raftlab(t, dir, "regrade", piped(t, readText(t, report))).out, "a pipe is empty the second time")

	// The tag leads elsewhere now: what is in the cache is not that release.
	git("checkout", "-q", "v0.0.1")
	put(t, dir, "cmd/raftlab/main.go", "package main\n\nfunc main() { println(\"another one\") }\n")
	git("commit", "-q", "-a", "-m", "another release 0.0.1")
	git("tag", "-f", "v0.0.1")
	git("checkout", "-q", "-")
	assert.Contains(t, raftlab(t, dir, "regrade", report).errOut, "another one")

	for version, why := range map[string]string{"0.0.2": "no tag v0.0.2", "0.0.2-dev": "no release"} {
		write(version)
		res = raftlab(t, dir, "regrade", report)
		assert.Contains(t, res.errOut, "was made by raftlab "+version)
		assert.Contains(t, res.errOut, why)
	}
	assert.Contains(t, release.HowToGet("0.0.2"), "git worktree add")
}

// A policy that is for another release grades nothing.
func TestPolicyOfAnotherRelease(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "class/ana/raft.go", "package raft\n")
	for version, want := range map[string]string{
		"0.0.1":  "git worktree add ../raftlab-0.0.1 v0.0.1",
		"latest": `"latest" is no release`,
	} {
		put(t, dir, "policy.yaml", "raftlab: "+version+"\n")
		res := raftlab(t, checkout, "grade", filepath.Join(dir, "class"), "2A", "--policy", filepath.Join(dir, "policy.yaml"), "--out", filepath.Join(dir, "grades"))
		assert.Equal(t, suite.ExitUsage, res.code, "%+v", res)
		assert.Contains(t, res.errOut, want)
		assert.NoDirExists(t, filepath.Join(dir, "grades"))
	}
}
