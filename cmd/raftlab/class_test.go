package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

var (
	classSelection = flag.String("class-parts", "2A/InitialElection 2A/ReElection 2A/EvenHalves 2A/DeposedHeartbeats", "what the class of 30 is graded on, such as 2A-2D")
	classSeeds     = flag.String("class-seeds", "1", "with which seeds")
)

// classroom is the folder of a class.
type classroom struct {
	t   *testing.T
	dir string
}

func (c classroom) put(name, text string) { put(c.t, c.dir, name, text) }

// peer writes one of the collections of wrong and of right peers.
func (c classroom) peer(at string, flags ...string) {
	c.t.Helper()
	to := filepath.Join(c.dir, filepath.FromSlash(at))
	require.NoError(c.t, os.MkdirAll(filepath.Dir(to), 0o755))
	res := raftlab(c.t, checkout, slices.Concat([]string{"mutants"}, flags, []string{"--write", to})...)
	require.Equal(c.t, suite.ExitPassed, res.code, "%+v", res)
}

// right writes the reference.
func (c classroom) right(at string) {
	names, err := filepath.Glob(filepath.Join(checkout, "raft", "*.go"))
	require.NoError(c.t, err)
	for _, name := range names {
		c.put(at+"/"+filepath.Base(name), readText(c.t, name))
	}
}

// dozen makes a class of all kinds of which few have to be compiled: what CI grades.
func (c classroom) dozen() {
	for _, at := range []string{"right 2/raft", "nested/hand in/lab/raft", "李雷"} {
		c.right(at)
	}
	zipped(c.t, "raft", filepath.Join(c.dir, "Zoë B..ZIP"))
	tarred(c.t, filepath.Join(c.dir, "right 2"), filepath.Join(c.dir, "tar.tar.gz"))
	c.peer("wrong 0/raft", "half-elects")
	c.inForm("2021")
	liar := readText(c.t, filepath.Join("testdata", "liar", "raft.go"))
	c.put("typo/raft.go", readText(c.t, filepath.Join("testdata", "typo", "raft.go")))
	c.put("forged/raft.go", readText(c.t, filepath.Join("testdata", "refused", "raft.go")))
	c.put("loops/raft.go", strings.Replace(liar, "	go rf.run()\n", "	for {\n	}\n", 1))
	c.put("two/a/raft/raft.go", liar)
	c.put("two/b/raft/raft.go", liar+"\nvar another int\n") // the same code twice would be one
	c.put("other course/main.go", "package main\n\nfunc main() {}\n")
	c.put("damaged.zip", "PK\x03\x04 no more")
	c.put("late.rar", "Rar!")
	c.put("roster.csv", "name\n")
	require.NoError(c.t, os.MkdirAll(filepath.Join(c.dir, "empty"), 0o755))
}

// thirty makes a class of 30: the dozen, and more right and wrong peers, each of its own.
func (c classroom) thirty() {
	c.dozen()
	for _, at := range []string{"Ana María Núñez", "=SUM(1)", "Ωmega (late)"} {
		c.right(at)
	}
	zipped(c.t, "raft", filepath.Join(c.dir, "zip.zip"))
	c.inForm("2025")
	liar := readText(c.t, filepath.Join("testdata", "liar", "raft.go"))
	c.put("liar/raft.go", liar)
	c.put("says pass/raft.go", strings.Replace(liar, "	go rf.run()\n", "	fmt.Println(\"PASS\\nok\")\n	os.Exit(0)\n", 1))
	variants, err := filepath.Glob(filepath.Join(checkout, "variants", "*.patch"))
	require.NoError(c.t, err)
	c.peer("another style/raft", "--variants", strings.TrimSuffix(filepath.Base(variants[0]), ".patch"))
	for i, name := range []string{"votes-twice", "forgets-vote", "keeps-leading-in-newer-term", "counts-repeated-votes", "any-rpc-resets-timer"} {
		c.peer(fmt.Sprintf("wrong %d/raft", i+1), name)
	}
	mutants, err := filepath.Glob(filepath.Join(checkout, "mutants", "*.patch"))
	require.NoError(c.t, err)
	for i := 0; entriesIn(c.t, c.dir) < 31; i++ { // and the list of names
		if name := strings.TrimSuffix(filepath.Base(mutants[i*5%len(mutants)]), ".patch"); !strings.Contains("kv- ctrl- shard-", name[:3]) {
			c.peer(fmt.Sprintf("other %02d/raft", i), name)
		}
	}
}

// inForm writes a small solution in the form of the course of a year, which the student is called
// by.
func (c classroom) inForm(year string) {
	at := courseSolution(c.t)
	raft := readText(c.t, filepath.Join(at, "src", "raft", "raft.go"))
	change := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			require.Contains(c.t, raft, pairs[i])
			raft = strings.ReplaceAll(raft, pairs[i], pairs[i+1])
		}
	}
	change("half(len(rf.peers))", "len(rf.peers)/2", "tick * time", "10 * time", "\t\"6.5840/utils\"\n", "", "\tutils.Log(", "\t_ = fmt.Sprintf(", `"bytes"`, "\"bytes\"\n\t\"fmt\"")
	switch year {
	case "2021":
		change("6.5840", "6.824", "rf.persister.Save(", "rf.persister.SaveStateAndSnapshot(",
			"\nfunc Make(", "\nfunc (rf *Raft) CondInstallSnapshot(term int, index int, snapshot []byte) bool { return true }\n\nfunc Make(")
		c.put(year+"/src/raft/config.go", "package raft\n\nimport \"testing\"\n\ntype config struct{ t *testing.T }\n")
		c.put(year+"/src/raft/persister.go", "package raft\n\ntype Persister struct{ raftstate, snapshot []byte }\n\nfunc MakePersister() *Persister { return &Persister{} }\n")
		c.put(year+"/src/raft/raft.go", raft)
	case "2025":
		from, to := strings.Index(raft, "type ApplyMsg struct"), strings.Index(raft, "type Entry struct")
		raft = raft[:from] + raft[to:]
		change("*Persister, applyCh chan ApplyMsg) *Raft", "*tester.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft", "persister *Persister\n", "persister *tester.Persister\n",
			"chan ApplyMsg", "chan raftapi.ApplyMsg", "ApplyMsg{", "raftapi.ApplyMsg{", "var msg ApplyMsg", "var msg raftapi.ApplyMsg",
			`"6.5840/labrpc"`, "\"6.5840/labrpc\"\n\t\"6.5840/raftapi\"\n\ttester \"6.5840/tester1\"")
		c.put(year+"/src/raft1/server.go", "package raft\n\ntype rfsrv struct{}\n")
		c.put(year+"/src/raft1/raft.go", raft)
	}
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

// grading is a class that is graded in several ways, each of which is told on the way.
type grading struct {
	t       *testing.T
	class   string
	options []string
	want    map[string]string // what the first way wrote
}

func (g *grading) tell(format string, args ...any) { fmt.Fprintf(g.t.Output(), format+"\n", args...) }

func (g *grading) args(out string, more ...string) []string {
	return slices.Concat([]string{"grade", g.class, "--out", out, "--format", "gradescope,canvas"}, g.options, more)
}

// run runs a command, and shows how it gets on if the class is a large one.
func (g *grading) run(args ...string) result {
	var out, errOut strings.Builder
	c := exec.Command(executable, args...)
	c.Dir, c.Stdout, c.Stderr = checkout, &out, &errOut
	if *classFlag {
		c.Stderr = io.MultiWriter(&errOut, g.t.Output())
	}
	var exit *exec.ExitError
	if err := c.Run(); !errors.As(err, &exit) {
		require.NoError(g.t, err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// killed starts a grading and kills it without a warning when so many submissions are done. It
// returns how many are.
func (g *grading) killed(after int, out string) (done int) {
	c := exec.Command(executable, g.args(out, "-j", "2")...)
	c.Dir = checkout
	require.NoError(g.t, c.Start())
	records := func() int {
		found, err := filepath.Glob(filepath.Join(out, "students", "*", "record.json"))
		require.NoError(g.t, err)
		return len(found)
	}
	for records() < after {
		time.Sleep(20 * time.Millisecond)
	}
	require.NoError(g.t, c.Process.Kill())
	require.Error(g.t, c.Wait(), "it was killed before it was done")
	done = records()
	g.tell("killed when %d were graded", done)
	return done
}

// same compares what is in a folder with what the first way wrote.
func (g *grading) same(what, out string, began time.Time) {
	files := allFiles(g.t, out)
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %q\n", name, files[name])
	}
	verdict := "the same bytes as in one go"
	if g.want == nil {
		g.want, verdict = files, "with which the others are compared"
	} else if !assert.Equal(g.t, g.want, files, what) {
		verdict = "OTHER BYTES"
	}
	g.tell("== %s: %d files, %x, %s; %v\n", what, len(files), sum.Sum(nil)[:8], verdict, time.Since(began).Round(time.Second))
}

// A class of all kinds: graded, killed twice and resumed, and in three shards that are merged. The
// bytes are the same. CI grades a dozen, `make class` 30.
func TestClassOf30(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names of this class are no names of files there")
	}
	dir := t.TempDir()
	class := filepath.Join(dir, "class")
	require.NoError(t, os.MkdirAll(class, 0o755))
	selection, killedAfter := "2A/InitialElection", []int{2, 8}
	graded := []string{"typo,graded,0,", "forged,graded,0,", "empty,graded,0,", "loops,graded,0,"}
	if *classFlag {
		classroom{t, class}.thirty()
		selection, killedAfter = *classSelection, []int{4, 15}
		graded = []string{"'=SUM(1),graded,", "李雷,graded,", "typo,graded,0,", "forged,graded,0,", "empty,graded,0,", "loops,graded,0,", "says pass,graded,0,", "2021,graded,", "2025,graded,"}
	} else {
		classroom{t, class}.dozen()
	}
	size := entriesIn(t, class) - 1                                                                                      // without the list of names
	g := &grading{t: t, class: class, options: append(strings.Fields(selection), "--seeds", *classSeeds, "--cpu", "3s")} // a right run of 2A takes less than a second
	g.tell("== %d submissions, graded on %s with seeds %s", size, selection, *classSeeds)

	whole, began := filepath.Join(dir, "whole"), time.Now()
	res := g.run(g.args(whole)...)
	require.Equal(t, suite.ExitFramework, res.code, "some need a person: %+v", res)
	g.tell("%s", res.out)
	assert.Regexp(t, "the same code, byte for byte: .*right 2.*李雷", res.out)
	g.same("graded in one go", whole, began)
	assert.Contains(t, g.want["students/2021/record.json"], `"contract": "2021"`)
	for _, name := range []string{"two", "other course", "damaged", "late.rar"} {
		assert.Contains(t, g.want["needs-a-person.csv"], "\n"+name+",needs a person", name)
	}
	for _, line := range graded {
		assert.Contains(t, g.want["grades.csv"], "\n"+line)
	}
	for _, name := range []string{"李雷", "2021"} { // all points, however many a case is worth
		line := regexp.MustCompile(`\n` + name + `,graded,(\d+),(\d+),`).FindStringSubmatch(g.want["grades.csv"])
		if assert.NotNil(t, line, name) && !*classFlag {
			assert.Equal(t, line[2], line[1], name)
		}
	}

	out, began, done := filepath.Join(dir, "killed"), time.Now(), 0
	for _, after := range killedAfter {
		done = g.killed(after, out)
	}
	res = g.run(g.args(out, "-j", "1")...)
	require.Equal(t, suite.ExitFramework, res.code, "%+v", res)
	assert.Equal(t, size-done, strings.Count(res.errOut, fmt.Sprintf(" of %d: ", size)), "only the remainder is graded: %s", res.errOut)
	g.same("killed twice and resumed", out, began)

	out, began = filepath.Join(dir, "sharded"), time.Now()
	for i := range 3 {
		shard := fmt.Sprintf("%d/3", i+1)
		g.tell("shard %s", shard)
		g.run(g.args(out, "--shard", shard)...)
	}
	res = g.run("merge", out, "--format", "gradescope,canvas") // into the directory that they are in
	require.Equal(t, suite.ExitFramework, res.code, "%+v", res)
	g.same("in three shards and merged", out, began)
}
