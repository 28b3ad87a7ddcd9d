package main

import (
	"archive/tar"
	"compress/gzip"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

var (
	classSelection = flag.String("class-parts", "2A", "what the class of 30 is graded on, such as 2A-2D")
	classSeeds     = flag.String("class-seeds", "1", "with which seeds")
)

// makeClass makes a class of 30 of all kinds.
func makeClass(t *testing.T, dir string) {
	t.Helper()
	put := func(name, text string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	peer := func(at, kind string) { // a peer of the collections of wrong and of right ones
		args := []string{"mutants", kind, "--write", filepath.Join(dir, filepath.FromSlash(at))}
		if strings.HasPrefix(kind, "variant ") {
			args = []string{"mutants", "--variants", strings.TrimPrefix(kind, "variant "), "--write", filepath.Join(dir, filepath.FromSlash(at))}
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, filepath.FromSlash(at))), 0o755))
		res := raftlab(t, checkout, args...)
		require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	}
	right := func(at string) {
		names, err := filepath.Glob(filepath.Join(checkout, "raft", "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			put(at+"/"+filepath.Base(name), readText(t, name))
		}
	}
	for _, at := range []string{"Ana María Núñez", "right 2/raft", "nested/hand in/lab/raft", "=SUM(1)", "李雷", "Ωmega (late)"} {
		right(at)
	}
	zipped(t, "raft", filepath.Join(dir, "zip.zip"))
	zipped(t, "raft", filepath.Join(dir, "Zoë B..ZIP"))
	tarred(t, filepath.Join(dir, "right 2"), filepath.Join(dir, "tar.tar.gz"))
	for i, name := range []string{"votes-twice", "half-elects", "forgets-vote", "keeps-leading-in-newer-term", "counts-repeated-votes", "any-rpc-resets-timer"} {
		peer(fmt.Sprintf("wrong %d/raft", i), name)
	}
	mutants, err := filepath.Glob(filepath.Join(checkout, "mutants", "*.patch"))
	require.NoError(t, err)
	for i := 0; entriesIn(t, dir) < 19; i++ {
		if name := strings.TrimSuffix(filepath.Base(mutants[i*5%len(mutants)]), ".patch"); !strings.Contains("kv- ctrl- shard-", name[:3]) {
			peer(fmt.Sprintf("other %02d/raft", i), name)
		}
	}
	variants, err := filepath.Glob(filepath.Join(checkout, "variants", "*.patch"))
	require.NoError(t, err)
	peer("another style/raft", "variant "+strings.TrimSuffix(filepath.Base(variants[0]), ".patch"))
	skeleton := readText(t, filepath.Join("testdata", "liar", "raft.go"))
	put("liar/raft.go", skeleton)
	put("typo/raft.go", readText(t, filepath.Join("testdata", "typo", "raft.go")))
	put("forged/raft.go", readText(t, filepath.Join("testdata", "refused", "raft.go")))
	put("says pass/raft.go", strings.Replace(skeleton, "	go rf.run()\n", "	fmt.Println(\"PASS\\nok\")\n	os.Exit(0)\n", 1))
	put("loops/raft.go", strings.Replace(skeleton, "	go rf.run()\n", "	for {\n	}\n", 1))
	put("two/a/raft/raft.go", skeleton)
	put("two/b/raft/raft.go", skeleton)
	put("other course/main.go", "package main\n\nfunc main() {}\n")
	put("damaged.zip", "PK\x03\x04 no more")
	put("late.rar", "Rar!")
	put("roster.csv", "name\n")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))
	require.GreaterOrEqual(t, entriesIn(t, dir), 31)
}

func entriesIn(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	return len(entries)
}

// tarred packs a folder.
func tarred(t *testing.T, from, file string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	require.NoError(t, w.AddFS(os.DirFS(from)))
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}

// allFiles is the content of all files below dir, by name, but for those of shards.
func allFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if err == nil && strings.HasPrefix(e.Name(), "shard-") {
				return fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = readText(t, name)
		return err
	}))
	return all
}

// killed starts a grading and kills it without a warning when so many submissions are done.
func killed(t *testing.T, after int, out string, args ...string) {
	t.Helper()
	c := exec.Command(executable, args...)
	c.Dir = checkout
	require.NoError(t, c.Start())
	for done := 0; done < after; {
		records, err := filepath.Glob(filepath.Join(out, "students", "*", "record.json"))
		require.NoError(t, err)
		done = len(records)
		time.Sleep(20 * time.Millisecond)
	}
	require.NoError(t, c.Process.Kill())
	assert.Error(t, c.Wait(), "it was killed before it was done")
}

// Data races are looked for natively in a class of two: a peer that has one keeps its cases, and
// loses what the policy says.
func TestGradeRaces(t *testing.T) {
	if !*classFlag {
		t.Skip("it compiles with the race detector, which takes a minute: make class")
	}
	dir := t.TempDir()
	require.Equal(t, suite.ExitPassed, raftlab(t, checkout, "mutants", "race-getstate", "--write", filepath.Join(dir, "class", "racer", "raft")).code)
	zipped(t, "raft", filepath.Join(dir, "class", "right.zip"))
	put(t, dir, "policy.yaml", "scale: 100\nraces: {deduct: 5}\n")
	out := filepath.Join(dir, "grades")
	res := raftlab(t, checkout, "grade", filepath.Join(dir, "class"), "2A/ReElection", "--seeds", "1", "--race", "--policy", filepath.Join(dir, "policy.yaml"), "--out", out)
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, res.errOut, "WARNING: --race runs the code of all submissions as processes of this machine")
	assert.Contains(t, readText(t, filepath.Join(out, "grades.csv")), "racer,graded,95,")
	assert.Contains(t, readText(t, filepath.Join(out, "grades.csv")), "right,graded,100,")
	assert.Regexp(t, `5 points are taken off(.|\n)*raft/raft.go:\d+`, readText(t, filepath.Join(out, "feedback", "racer.txt")))
	assert.Contains(t, readText(t, filepath.Join(out, "feedback", "right.txt")), "Data races: none was found")
}

// A class of 30: graded, killed twice and resumed, and in three shards that are merged. The bytes
// are the same.
func TestClassOf30(t *testing.T) {
	if !*classFlag {
		t.Skip("it takes minutes: make class")
	}
	if runtime.GOOS == "windows" {
		t.Skip("names of this class are no names of files there")
	}
	dir := t.TempDir()
	class := filepath.Join(dir, "class")
	require.NoError(t, os.MkdirAll(class, 0o755))
	makeClass(t, class)
	command := func(out string, more ...string) []string {
		return append(append([]string{"grade", class, "--seeds", *classSeeds, "--out", out, "--format", "gradescope,canvas",
			"--cpu", "3s"}, strings.Fields(*classSelection)...), more...) // a right run of 2A takes less than a second
	}
	whole := filepath.Join(dir, "whole")
	began := time.Now()
	step := func(what string) { t.Logf("%s: %v", what, time.Since(began).Round(time.Second)); began = time.Now() }
	res := raftlab(t, checkout, command(whole)...)
	step("graded")
	t.Log(res.out)
	require.Equal(t, suite.ExitFramework, res.code, "some need a person: %+v", res)
	want := allFiles(t, whole)
	persons := want["needs-a-person.csv"]
	for _, name := range []string{"two", "other course", "damaged", "late.rar"} {
		assert.Contains(t, persons, "\n"+name+",needs a person", name)
	}
	for _, line := range []string{"'=SUM(1),graded,", "李雷,graded,", "typo,graded,0,", "forged,graded,0,", "empty,graded,0,", "loops,graded,0,", "says pass,graded,0,"} {
		assert.Contains(t, want["grades.csv"], "\n"+line)
	}

	out := filepath.Join(dir, "killed")
	for _, after := range []int{4, 15} {
		killed(t, after, out, command(out, "-j", "2")...)
	}
	res = raftlab(t, checkout, command(out, "-j", "1")...)
	require.Equal(t, suite.ExitFramework, res.code, "%+v", res)
	assert.Equal(t, want, allFiles(t, out), "killed twice")
	step("killed twice and resumed")

	out = filepath.Join(dir, "sharded")
	for i := range 3 {
		raftlab(t, checkout, command(out, "--shard", fmt.Sprintf("%d/3", i+1))...)
	}
	res = raftlab(t, checkout, "merge", out, "--out", out, "--format", "gradescope,canvas")
	require.Equal(t, suite.ExitFramework, res.code, "%+v", res)
	assert.Equal(t, want, allFiles(t, out), "in three shards")
	step("in three shards and merged")
}
