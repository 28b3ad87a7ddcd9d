package main

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/adopt"
	"raftlab/internal/grade"
	"raftlab/internal/record"
	"raftlab/internal/suite"
	"raftlab/labs"
)

// courseSolution is a small solution of our own in the layout of the course.
func courseSolution(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(checkout, "internal", "adopt", "testdata", "course"))
	require.NoError(t, err)
	return dir
}

// What a solution does not have is not graded, whatever was selected, and a sentence says so.
func TestLabsThatASolutionHasNot(t *testing.T) {
	r, res := testJSON(t, "2A/InitialElection", "2E", "lab4", "--seeds", "1", "--impl", courseSolution(t))
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Len(t, r.Cases, 1)
	assert.Contains(t, r.Notes, "no shardkv here: lab 4 is not graded")
	assert.Contains(t, res.out, "2E to 2G are not graded")
	res = raftlab(t, checkout, "test", "lab4", "--impl", courseSolution(t))
	assert.Equal(t, suite.ExitPassed, res.code)
	assert.Contains(t, res.out, "nothing to run: no shardctrler here: part 4A is not graded; no shardkv here: lab 4 is not graded")
}

// Every part is either graded or said not to be: a new one must not fail everybody who hands in a
// solution of the course.
func TestEveryPartOfASolution(t *testing.T) {
	a, err := adopt.Read(t.Context(), courseSolution(t), adopt.Auto)
	require.NoError(t, err)
	for _, k := range suite.Cases(labs.All()) {
		if strings.HasPrefix(k.Lab, "lab") {
			assert.True(t, a.Lacks[k.Part] != "" || slices.Contains(a.Graded(), k.Part), "part %s is neither graded nor said not to be", k.Part)
		}
	}
	assert.NotContains(t, a.Graded(), "2G")
}

// A service that does not compile hinders its own cases, and no others.
func TestPartlyBuilt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(courseSolution(t))))
	server := filepath.Join(dir, "src", "kvraft", "server.go")
	require.NoError(t, os.WriteFile(server, []byte(readText(t, server)+"\nvar half unfinished\n"), 0o644))
	report := filepath.Join(t.TempDir(), "report.json")
	r, res := testJSON(t, "2A/InitialElection", "3A/ManyClients", "--seeds", "1", "--impl", dir)
	require.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	require.Len(t, r.Cases, 2)
	assert.Equal(t, record.Pass, r.Cases[0].Outcome)
	assert.Equal(t, suite.NotBuilt, r.Cases[1].Outcome)
	assert.Equal(t, []string{"kvraft"}, r.Unbuilt)
	assert.Contains(t, res.out, "undefined: unfinished")

	res = raftlab(t, checkout, "test", "2A/InitialElection", "3A/ManyClients", "--seeds", "1", "--impl", dir, "--json", report)
	require.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	for _, from := range []string{report, piped(t, readText(t, report))} {
		res = raftlab(t, checkout, "regrade", from)
		assert.Equal(t, suite.ExitPassed, res.code, "%+v", res)
		assert.Contains(t, res.out, "identical (2 compared)")
	}
}

// A solution in the course's layout is tested and graded as it is, and what is said names its own
// files.
func TestSolutionsOfTheCourse(t *testing.T) {
	const id = "2A/InitialElection"
	r, res := testJSON(t, id, "--seeds", "1", "--impl", filepath.Join(courseSolution(t), "src", "raft"))
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Equal(t, "2023", r.Options.Contract)
	assert.Contains(t, res.errOut, "adopted a solution of 2023")

	class, out := filepath.Join(t.TempDir(), "class"), filepath.Join(t.TempDir(), "grades")
	require.NoError(t, os.MkdirAll(class, 0o755))
	f, err := os.Create(filepath.Join(class, "ann.zip"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	handIn := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(handIn, "course"), os.DirFS(courseSolution(t))))
	require.NoError(t, z.AddFS(os.DirFS(handIn)))
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	res = raftlab(t, checkout, "grade", class, id, "--seeds", "1", "--out", out, "-j", "1")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Regexp(t, `ann +\| [1-9]\d*/`, res.out, "points, however many the case is worth")
	assert.Contains(t, res.out, "1/1", "of the course's cases")
	page, err := os.ReadFile(filepath.Join(out, "feedback", "ann.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "course/src/raft/persister.go:17")
	res = raftlab(t, checkout, "regrade", out)
	assert.Contains(t, res.out, "identical", "%+v", res)
}

func TestAdoptWrites(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	res := raftlab(t, checkout, "adopt", courseSolution(t), "--out", out)
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, res.out, "missing    no shardkv here: lab 4 is not graded")
	assert.FileExists(t, filepath.Join(out, "raft", "raft.go"))
	page, err := os.ReadFile(filepath.Join(out, "ADOPTED.md"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "src/utils/log.go:16: os.OpenFile")

	res = raftlab(t, checkout, "adopt", courseSolution(t), "--out", out)
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "not empty")
	res = raftlab(t, checkout, "test", "2A", "--year", "2021", "--impl", "etcdraft")
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "--year 2021")
}

// Code in raftlab's own layout is found in an archive, and below folders, as it is by grade; places
// are those of what was handed in.
func TestImplInAnArchive(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "ann/hand in/raft/raft.go", readText(t, filepath.Join("testdata", "typo", "raft.go")))
	f, err := os.Create(filepath.Join(dir, "ann.zip"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	require.NoError(t, z.AddFS(os.DirFS(filepath.Join(dir, "ann"))))
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	for _, name := range []string{"ann", "ann.zip"} {
		res := raftlab(t, checkout, "test", "2A/InitialElection", "--seeds", "1", "--impl", filepath.Join(dir, name))
		assert.Equal(t, suite.ExitFailed, res.code, "%+v", res)
		assert.Contains(t, res.out, name+"/hand in/raft/raft.go:")
	}
	put(t, dir, "notes.txt", "")
	res := raftlab(t, checkout, "test", "2A", "--impl", filepath.Join(dir, "notes.txt"))
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "it is a file")
}

// What is in the course's layout, and has nothing that can be entered, is for a person. The rest of
// the class is graded.
func TestGradeNothingToTest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"src/go.mod":           "module 6.5840\n\ngo 1.22\n",
		"src/kvraft/client.go": "package kvraft\n\nimport \"6.5840/labrpc\"\n\ntype Clerk struct{ servers []*labrpc.ClientEnd }\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	_, err := openAny(adopt.Auto)(t.Context(), grade.From{Path: dir}, packages())
	require.ErrorContains(t, err, "nothing in it can be tested: no raft here: lab 2 is not graded; ")
	assert.ErrorContains(t, err, "it has no function StartKVServer")
}

// A repository whose code is where nobody looked: where it is, and what to do, is said.
func TestCodeInAnotherBranch(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.org"}, args...)...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "empty")
	git("checkout", "-q", "-b", "lab2")
	require.NoError(t, os.CopyFS(dir, os.DirFS(courseSolution(t))))
	git("add", ".")
	git("commit", "-q", "-m", "all")
	for _, args := range [][]string{{"adopt", dir, "--out", filepath.Join(t.TempDir(), "out")}, {"test", "2A", "--impl", dir}} {
		git("checkout", "-q", "main")
		res := raftlab(t, checkout, args...)
		require.Equal(t, suite.ExitUsage, res.code)
		assert.Contains(t, res.errOut, `other branches have code ("lab2")`)
		assert.Contains(t, res.errOut, "git -C "+dir+" switch BRANCH")
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	git("clone", "-q", "--bare", dir, bare)
	res := raftlab(t, checkout, "adopt", bare, "--out", filepath.Join(t.TempDir(), "out"))
	assert.Contains(t, res.errOut, "git clone "+bare)
	res = raftlab(t, checkout, "test", "2A", "--impl", t.TempDir())
	assert.NotContains(t, res.errOut, "git repository")
}
