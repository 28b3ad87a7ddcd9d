package main

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/grade"
	"raftlab/internal/hidden"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
	"raftlab/labs"
)

const checkout = "../.."

// zipped packs the Go files of a package of the checkout into an archive, below a folder.
func zipped(t *testing.T, pkg, file string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	names, err := filepath.Glob(filepath.Join(checkout, pkg, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		w, err := z.Create("hand-in/" + pkg + "/" + filepath.Base(name))
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}

// A class of four in the real engine, with hidden seeds. One of the peers prints all that it can
// find out about its run, and then crashes, so that the runtime prints the stacks of all
// goroutines: the seed is nowhere in it.
func TestGradeAndHiddenSeeds(t *testing.T) {
	dir := t.TempDir()
	class, out, salt := filepath.Join(dir, "class"), filepath.Join(dir, "grades"), filepath.Join(dir, "salt")
	for _, name := range []string{"broken", "empty", "spy"} {
		require.NoError(t, os.MkdirAll(filepath.Join(class, name), 0o755))
	}
	secret := []byte("a secret that nobody knows, as all of them")
	require.NoError(t, os.WriteFile(salt, secret, 0o600))
	zipped(t, "raft", filepath.Join(class, "Zoë B..zip"))
	require.NoError(t, os.WriteFile(filepath.Join(class, "broken", "raft.go"), []byte("package raft\n\nvar x undefined\n"), 0o644))
	spy, err := os.ReadFile(filepath.Join("testdata", "spy", "raft.go"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(class, "spy", "raft.go"), spy, 0o644))

	const id = "2A/InitialElection"
	res := raftlab(t, checkout, "grade", class, id, "--seeds", "1", "--salt", salt, "--out", out, "-j", "2")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		return string(text)
	}
	grades := read("grades.csv")
	points := pointsOf(t, id)
	assert.Contains(t, grades, "Zoë B.,graded,"+strings.Repeat(points+",", 6)+",,")
	assert.Contains(t, grades, "broken,graded,0,")
	assert.Contains(t, grades, "undefined: undefined")
	assert.Contains(t, grades, "empty,graded,0,")
	assert.Contains(t, grades, "spy,graded,0,")

	seeds, err := hidden.ReadSalt(secret, []uint64{1})
	require.NoError(t, err)
	seed := seeds.Of(id)[0]
	code := seeds.Code(id, seed)
	assert.Contains(t, grades, code)
	assert.Contains(t, read("feedback/spy.txt"), "--code "+code)

	// What the peer printed, as the instructor sees it.
	res = raftlab(t, checkout, "replay", id, "--code", code, "--salt", salt, "-v", "--impl", filepath.Join(class, "spy"))
	require.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	printed, _, ok := strings.Cut(res.out, "FAIL ")
	require.True(t, ok, res.out)
	for _, there := range []string{"clock", "random", "environment", "stack", "goroutine "} {
		assert.Contains(t, printed, there, "the peer has found out something")
	}
	for form, text := range map[string]string{"printed": printed, "feedback": read("feedback/spy.txt") + read("feedback/spy.html")} {
		for _, verb := range []string{"%d", "%x", "%X", "%o", "%b"} {
			assert.NotContains(t, text, fmt.Sprintf(verb, seed), form)
		}
	}

	// Nothing is left to do, and it is said of whom.
	res = raftlab(t, checkout, "grade", class, id, "--seeds", "1", "--salt", salt, "--out", out, "-j", "1",
		"--format", "gradescope,canvas")
	assert.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.NotContains(t, res.errOut, "of CPU")
	assert.Contains(t, res.errOut, "graded now: none, since all ")
	assert.NotContains(t, res.errOut, "NOTE: the grades in")
	assert.Equal(t, grades, read("grades.csv"))
	assert.Contains(t, read("formats/gradescope/Zoë B.json"), `"score": `+points)
	assert.Contains(t, read("formats/canvas.csv"), "spy,,,spy,,0")

	// A complaint: the runs are repeated, and what was recorded is compared with them.
	res = raftlab(t, checkout, "regrade", out, "-j", "1")
	assert.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, res.out, "spy: identical (1 compared)")
	assert.Contains(t, res.out, "broken: identical (1 compared)")
	record := filepath.Join("students", "Zoë B", "record.json")
	forged := strings.Replace(read(record), `"hash": "`, `"hash": "0`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(out, record), []byte(forged), 0o644))
	res = raftlab(t, checkout, "regrade", out, "--student", "Zoë B.", "-j", "1")
	assert.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	assert.Contains(t, res.out, "both times, but not the same run")
}

func TestGradeUsage(t *testing.T) {
	dir := t.TempDir()
	policy := filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(policy, []byte("parts: {2Z: 1}\nseeds: 4 of 6\n"), 0o644))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "class", "a"), 0o755))
	class := filepath.Join(dir, "class")
	for _, c := range []struct {
		message string
		args    []string
	}{
		{"needs the folder", nil},
		{"say what is graded", []string{class}},
		{"there is no such folder", []string{filepath.Join(dir, "nowhere"), "2A"}},
		{"there are no such parts", []string{class, "2D-2A"}},
		{"2Z is not graded", []string{class, "2A", "--policy", policy}},
		{"speaks of 6 seeds", []string{class, "2A", "--policy", policy}},
		{"--shard", []string{class, "2A", "--shard", "4/3"}},
		{"nobody is called", []string{class, "2A", "--only", "b"}},
		{"could be guessed", []string{class, "2A", "--salt", writeText(t, dir, "short")}},
	} {
		res := raftlab(t, checkout, append([]string{"grade", "--out", filepath.Join(dir, "out")}, c.args...)...)
		assert.Equal(t, suite.ExitUsage, res.code, "%v: %+v", c.args, res)
		assert.Contains(t, res.errOut, c.message)
	}
	for message, args := range map[string][]string{
		"no format is called": {"grade", class, "2A", "--format", "moodle"}, "it is for one submission": {"grade", class, "2A", "--result", "x"},
		"is no directory that": {"regrade", class}, "there is no such report": {"regrade", filepath.Join(dir, "none.json")},
		"is no directory that `raftlab": {"merge", class},
	} {
		res := raftlab(t, checkout, args...)
		assert.Equal(t, suite.ExitUsage, res.code, "%v: %+v", args, res)
		assert.Contains(t, res.errOut, message)
	}
	res := raftlab(t, checkout, "grade", "--print-policy")
	assert.Equal(t, suite.ExitPassed, res.code)
	assert.Contains(t, res.out, "raftlab/policy/v1")
}

// Who may be one student is named, and what a repository has in other branches is a person's matter.
func TestGradeOpens(t *testing.T) {
	assert.Equal(t, []string{"Alice and alice and alice.zip"}, twice([]grade.Entry{{Name: "Alice", Path: "x/Alice.tar.gz"}, {Name: "alice", Path: "x/alice"},
		{Name: "alice.zip", Path: "x/alice.zip"}, {Name: "bob", Path: "x/bob.git"}}))
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	dir := t.TempDir()
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=s", "-c", "user.email=s@example.org", "-c", "init.defaultBranch=main"}, args...)...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	open := func(before time.Time) error {
		_, err := atDeadline(openAny("auto"), before)(t.Context(), grade.From{Path: dir}, packages())
		return err
	}
	git("init", "-q")
	put(t, dir, "README.md", "labs\n")
	git("add", "-A")
	git("commit", "-qm", "readme")
	var nothing *grade.NothingError
	assert.ErrorAs(t, open(time.Time{}), &nothing)
	git("checkout", "-qb", "lab2")
	put(t, dir, "raft/raft.go", "package raft\n")
	git("add", "-A")
	git("commit", "-qm", "lab 2")
	assert.NoError(t, open(time.Time{}))
	git("checkout", "-q", "main")
	for _, before := range []time.Time{{}, time.Now().Add(time.Hour)} {
		var strange *submission.Error
		err := open(before)
		require.ErrorAs(t, err, &strange)
		assert.ErrorContains(t, err, `other branches have code ("lab2")`)
	}
	packed := filepath.Join(t.TempDir(), "alice.zip")
	git("archive", "--prefix=labs/", "--add-virtual-file=labs/.git/HEAD:ref", "-o", packed, "lab2")
	_, err := atDeadline(openAny("auto"), time.Now())(t.Context(), grade.From{Path: packed}, packages())
	assert.ErrorContains(t, err, "the archive has a git repository in it")
	_, err = atDeadline(openAny("auto"), time.Time{})(t.Context(), grade.From{Path: packed}, packages())
	assert.NoError(t, err, "without a deadline it does not matter")
	require.NoError(t, os.Rename(filepath.Join(dir, ".git"), filepath.Join(t.TempDir(), "git")))
	put(t, dir, ".git", "gitdir: elsewhere\n")
	assert.ErrorContains(t, open(time.Now()), "leads to a repository somewhere else")
}

func writeText(t *testing.T, dir, text string) string {
	t.Helper()
	name := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

// pointsOf is what a case is worth, as text.
func pointsOf(t *testing.T, id string) string {
	all := suite.Cases(labs.All())
	at := slices.IndexFunc(all, func(c suite.Case) bool { return c.ID() == id })
	require.GreaterOrEqual(t, at, 0, id)
	return strconv.Itoa(all[at].Points)
}

// A case of the instructor's own finds the mistake that it was written for, in a grading that keeps
// it: students are told no command, and the grading is repeated without being told where the case
// is.
func TestPrivateCases(t *testing.T) {
	dir := t.TempDir()
	own, class, out := filepath.Join(dir, "own"), filepath.Join(dir, "class"), filepath.Join(dir, "grades")
	require.Equal(t, suite.ExitPassed, raftlab(t, checkout, "cases", "init", own).code)
	require.Equal(t, suite.ExitPassed, raftlab(t, checkout, "mutants", "half-commits", "--write", filepath.Join(class, "half")).code)
	res := raftlab(t, checkout, "grade", class, "2X", "--cases", own, "--seeds", "1", "--out", out, "-j", "1")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	text, err := os.ReadFile(filepath.Join(out, "feedback", "half.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "2X/HalfIsNotEnough: committed by half (§5.3)")
	assert.NotContains(t, string(text), "--seed")
	assert.Contains(t, string(text), "your instructor, who can repeat it")
	res = raftlab(t, checkout, "regrade", out, "-j", "1")
	assert.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, res.out, "half: identical (1 compared)")
	typo := testdata(t, "typo")
	res = raftlab(t, checkout, "grade", typo, "2A-2D", "--one", "--cases", own, "--seeds", "1", "--out", filepath.Join(dir, "unselected"))
	assert.Contains(t, res.errOut, "these are not selected, and do not run: 2X/HalfIsNotEnough; name them")
	res = raftlab(t, checkout, "list", "2A", "--cases", own, "--course")
	assert.Contains(t, res.out, "2A/InitialElection")
	assert.NotContains(t, res.out, "2A/EvenHalves")
}

// Without a repository a deadline says nothing, and the feedback says that; times without a zone
// are this machine's.
func TestDeadlines(t *testing.T) {
	for _, good := range []string{"2026-03-01 23:59", "2026-03-01T23:59", "2026-03-01T23:59:00+01:00", "2026-03-01 23:59:59"} {
		_, err := parseDeadline(good)
		assert.NoError(t, err)
	}
	before, err := parseDeadline("2026-03-01T23:59:00+01:00")
	require.NoError(t, err)
	assert.Equal(t, "2026-03-01T22:59:00Z", before.Format("2006-01-02T15:04:05Z07:00"))
	for _, bad := range []string{"2026-03-01", "yesterday", "2026-13-01 10:00"} {
		_, err := parseDeadline(bad)
		assert.ErrorContains(t, err, "write day and time", bad)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "raft.go"), []byte("package raft\n"), 0o644))
	tree, err := atDeadline(openAny("auto"), before)(t.Context(), grade.From{Path: dir}, packages())
	require.NoError(t, err)
	assert.Contains(t, tree.Notes[0], "no git repository")
}

// What is written for Dolos and JPlag has the class, and every version of the reference that its
// lab has.
func TestSimilarity(t *testing.T) {
	dir := t.TempDir()
	class, out := filepath.Join(dir, "class"), filepath.Join(dir, "out")
	require.NoError(t, os.MkdirAll(class, 0o755))
	zipped(t, "kvsrv", filepath.Join(class, "Zoë B..zip"))
	require.NoError(t, os.MkdirAll(filepath.Join(class, "empty"), 0o755))
	res := raftlab(t, checkout, "similarity", class, "--out", out, "--labs", "lab1")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, res.errOut, "left out: empty")
	assert.FileExists(t, filepath.Join(out, "jplag", "past", "raftlab-reference", "kvsrv", "server.go"))
	assert.FileExists(t, filepath.Join(out, "jplag", "base", "kvsrv", "server.go"))
	assert.FileExists(t, out+"-key.csv")
	entries, err := os.ReadDir(filepath.Join(out, "jplag", "past"))
	require.NoError(t, err)
	assert.Greater(t, len(entries), 25, "the mutants and variants of lab 1")
	entries, err = os.ReadDir(filepath.Join(out, "jplag", "class"))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.NotContains(t, entries[0].Name(), "Zo")
}

// What is handed out by the course's numbers has them in the names of its pages and in what tests
// it, and not in its Go code.
func TestNumberedHandout(t *testing.T) {
	files := map[string][]byte{"docs/lab2a.md": []byte("Part 2A, [lab2b.md](lab2b.md)"), "docs/adopt.md": []byte("lab 3 of 2024"), "Makefile": []byte("2A:"),
		".github/workflows/labs.yml": []byte(`part: ["2A"]`), "labs/lab2/table.go": []byte(`Part: "2A"`)}
	require.NoError(t, numbered("2025")(nil, files))
	assert.Equal(t, map[string][]byte{"docs/lab3a.md": []byte("Part 3A, [lab3b.md](lab3b.md)"), "docs/adopt.md": []byte("lab 3 of 2024"), "Makefile": []byte("3A:"),
		".github/workflows/labs.yml": []byte(`part: ["3A"]`), "labs/lab2/table.go": []byte(`Part: "2A"`)}, files)
	res := raftlab(t, checkout, "list", "3A", "--numbering", "2025")
	assert.Contains(t, res.out, "3A/InitialElection")
	help := raftlab(t, checkout, "test", "--help", "--numbering", "2025").out
	assert.Contains(t, help, "SEL is a lab (lab3), a part (3A)")
	assert.Contains(t, help, "docs/lab3d.md")
	assert.Contains(t, help, "2024 or 2025: Raft is lab 3")
	assert.Equal(t, suite.ExitUsage, raftlab(t, checkout, "list", "--numbering", "2019").code)
}
