package grade

import (
	"archive/zip"
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/hidden"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/tester"
)

// These tests grade classes with an engine of their own, which says of each run what the text of
// the submission tells it to. So what surrounds the runs is tested with many submissions; that the
// real engine fits is tested by the command's own tests.

var testCases = []suite.Case{
	{Case: tester.Case{Part: "2A", Name: "Elects", Points: 10}, Lab: "lab2", Package: "./raft", Test: "TestLab2"},
	{Case: tester.Case{Part: "2A", Name: "ReElects", Points: 20}, Lab: "lab2", Package: "./raft", Test: "TestLab2"},
	{Case: tester.Case{Part: "2B", Name: "Agrees", Points: 30}, Lab: "lab2", Package: "./raft", Test: "TestLab2"},
	{Case: tester.Case{Part: "2B", Name: "Backs", Points: 5}, Lab: "lab2", Package: "./raft", Test: "TestLab2"},
	{Case: tester.Case{Part: "2E", Name: "Asks", Points: 7}, Lab: "lab2", Package: "./raft", Test: "TestLab2"},
}

// puppets is an engine: a submission with a line "// 2B/Agrees 3 fail: some rule" fails that run.
type puppets struct {
	runs   atomic.Int64
	before func(n int64) // called before the n-th run
	mu     sync.Mutex
	ran    map[string]int // binary, case and seed -> how often
}

func (p *puppets) Run(ctx context.Context, j sim.Job) sim.Result {
	n := p.runs.Add(1)
	if p.before != nil {
		p.before(n)
	}
	if ctx.Err() != nil {
		return sim.Result{Verdict: record.Verdict{Outcome: record.Inconclusive}}
	}
	p.mu.Lock()
	if p.ran == nil {
		p.ran = map[string]int{}
	}
	if j.Trace == "" {
		p.ran[fmt.Sprint(j.Binary.ID, j.Params.Case, j.Params.Seed)]++
	}
	p.mu.Unlock()
	if j.Trace != "" {
		os.WriteFile(j.Trace, []byte(`{"t":5,"kind":"crash","peer":1}`+"\n"), 0o644)
	}
	h := fnv.New64a()
	fmt.Fprint(h, j.Binary.ID, j.Params.Case, j.Params.Seed)
	r := sim.Result{Hash: fmt.Sprintf("%x", h.Sum64()), CPU: time.Duration(n) * time.Millisecond, Virtual: time.Second,
		Verdict: record.Verdict{Outcome: record.Pass, Time: time.Second}}
	for line := range strings.Lines(j.Binary.Path) { // holds the text of the submission
		var id string
		var seed uint64
		if _, err := fmt.Sscanf(line, "// %s %d", &id, &seed); err != nil || id != j.Params.Case || seed != 0 && seed != j.Params.Seed {
			continue
		}
		_, what, _ := strings.Cut(line, fmt.Sprintf(" %d ", seed))
		outcome, rule, _ := strings.Cut(strings.TrimSpace(what), ":")
		r.Verdict = record.Verdict{Outcome: record.Outcome(strings.ReplaceAll(outcome, "_", " ")), Rule: strings.TrimSpace(rule), Section: "§5.2",
			Message: fmt.Sprintf("peer %d did it in term %d", j.Params.Seed%3, len(j.Binary.ID)), Time: 2 * time.Second}
	}
	return r
}

// compile reads the submission; a text with "does not compile" does not.
func compile(_ context.Context, code suite.Code, pkg string) (*sim.Binary, error) {
	text := ""
	files, err := filepath.Glob(filepath.Join(code.Impl["raft"], "*.go"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		t, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		text += string(t)
	}
	switch {
	case strings.Contains(text, "does not compile"):
		return nil, &sim.CompileError{Output: "# raftlab/raft\nraft/raft.go:2:3: undefined: x"}
	case strings.Contains(text, "refuse me"):
		return nil, &sim.RefusedError{Refusals: []sim.Refusal{{File: "raft/raft.go", Line: 2, What: "imports unsafe", Why: "it could do anything"}}}
	case strings.Contains(text, "break the framework"):
		return nil, fmt.Errorf("the disk is full")
	}
	h := fnv.New64a()
	fmt.Fprint(h, text)
	return &sim.Binary{ID: fmt.Sprintf("%016x", h.Sum64()), Path: text, GoVersion: "go1.26.8"}, nil
}

const peer = "package raft\n"

// put writes a file below dir.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// people is a class of all kinds.
func people(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) { put(t, dir, name, text) }
	put("alice/raft.go", peer)
	put("bob b./raft/raft.go", peer+"// 2A/ReElects 2 fail: two leaders\n")
	put("=cmd|' -x/home/bob/lab/raft/raft.go", peer+"// 2A/ReElects 2 fail: two leaders\n// 2B/Agrees 0 crash: crash\n")
	put("Zoë Ångström 界/raft/raft.go", peer+"// 2B/Backs 3 ungraded: \n// 2B/Agrees 1 fail: lost entry\n")
	put("broken/raft.go", peer+"// does not compile\n")
	put("forged/raft.go", peer+"// refuse me\n")
	put("unlucky/raft.go", peer+"// break the framework\n")
	put("two/a/raft/raft.go", peer)
	put("two/b/raft/raft.go", peer)
	put("main/main.go", "package main\n")
	put("notes.txt", "not a submission")
	put("carl.rar", "Rar!")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))
	for i := range 12 {
		put(fmt.Sprintf("student %02d/raft/raft.go", i), peer+fmt.Sprintf("// %d\n// %s %d fail: rule %d\n", i, testCases[i%4].ID(), i%5+1, i%3))
	}
	f, err := os.Create(filepath.Join(dir, "dora.zip"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	w, err := z.Create("dora/raft/raft.go")
	require.NoError(t, err)
	_, err = w.Write([]byte(peer + "// 2A/Elects 4 stuck: stuck\n"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	return dir
}

// setting makes a class from the folder of submissions, the way the command does.
func setting(t *testing.T, dir, out string, engine suite.Engine, change ...func(*Class)) *Class {
	t.Helper()
	roster, _, err := FindRoster(dir)
	require.NoError(t, err)
	seeds := hidden.Given([]uint64{1, 2, 3, 4, 5})
	c := &Class{Roster: roster, Out: out, Seeds: seeds, Framework: t.TempDir(), Packages: []string{"./raft"}, Open: Open, Engine: engine,
		Compile: compile, Workers: 3, Costs: suite.Costs{}}
	c.Plan = &Plan{Policy: DefaultPolicy()}
	for _, f := range change {
		f(c)
	}
	shard := c.Shard
	c.Plan, err = NewPlan(testCases, c.Seeds, suite.Options{}, c.Policy, sim.Identity{GoVersion: "go1.26.8", Engine: "e", Framework: "f"}, roster)
	require.NoError(t, err)
	c.Shard = shard
	c.Out = ShardDir(out, shard)
	return c
}

// graded grades a class, renders it, and returns its results.
func graded(t *testing.T, c *Class) *Results {
	t.Helper()
	require.NoError(t, c.Grade(t.Context(), t.Context()))
	return rendered(t, c.Plan, c.Out)
}

func rendered(t *testing.T, p *Plan, out string) *Results {
	t.Helper()
	r, err := p.Collect(out)
	require.NoError(t, err)
	require.NoError(t, r.Render(out))
	return r
}

// tree is the content of all files below dir, by name.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if err == nil && name != dir && strings.HasPrefix(e.Name(), "shard-") {
				return fs.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = string(text)
		return err
	}))
	return all
}

func (r *Results) of(t *testing.T, name string) Student {
	t.Helper()
	for _, s := range r.Students {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no student %q", name)
	return Student{}
}

func TestClass(t *testing.T) {
	out := t.TempDir()
	r := graded(t, setting(t, people(t), out, &puppets{}))

	s := r.of(t, "alice")
	assert.Equal(t, Graded, s.Status)
	assert.Equal(t, "72", s.Score.String())
	s = r.of(t, "bob b.")
	assert.Equal(t, "52", s.Score.String())
	assert.Equal(t, "2A/ReElects", s.First().Case)
	assert.EqualValues(t, 2, s.First().Failing.Seed)
	s = r.of(t, "=cmd|' -x")
	assert.Equal(t, "22", s.Score.String())
	assert.Contains(t, s.Notes, "the code is in the folder home/bob/lab")

	s = r.of(t, "broken")
	assert.Equal(t, "0", s.Score.String())
	assert.Equal(t, suite.NotBuilt, s.Outcome)
	assert.Contains(t, string(tree(t, out)["feedback/broken.txt"]), "undefined: x")
	s = r.of(t, "empty")
	assert.Equal(t, "0", s.Score.String())
	assert.Equal(t, NotHandedIn, s.Outcome)
	s = r.of(t, "forged")
	assert.Equal(t, "0", s.Score.String())
	assert.Contains(t, s.Why[0], "look at it", "an accusation is for a person to read")

	for name, why := range map[string]string{"Zoë Ångström 界": "2B/Backs", "unlucky": "the disk is full", "two": "more than one folder",
		"main": "no package raft", "carl.rar": "neither a folder nor a zip"} {
		s := r.of(t, name)
		assert.Equal(t, NeedsPerson, s.Status, name)
		assert.Nil(t, s.Score, name)
		require.NotEmpty(t, s.Why, name)
		assert.Contains(t, s.Why[0], why, name)
	}
	s = r.of(t, "Zoë Ångström 界")
	assert.Equal(t, "37", s.Least.String(), "what failed is decided")
	assert.Equal(t, "42", s.Most.String(), "and what has no verdict is open")

	files := tree(t, out)
	assert.Contains(t, files["grades.csv"], "'=cmd", "no formula")
	assert.Contains(t, files["needs-a-person.csv"], "unlucky")
	assert.NotContains(t, files["needs-a-person.csv"], "alice")
	for _, name := range []string{"class.html", "failures.csv", "grades.json", "feedback/alice.html"} {
		assert.NotEmpty(t, files[name], name)
	}
	for _, g := range r.Groups {
		if g.Rule == "two leaders" {
			assert.Equal(t, []string{"=cmd|' -x", "bob b."}, g.Students)
			assert.Equal(t, "peer N did it in term N", g.What)
		}
	}
	assert.NotContains(t, strings.Join(keys(files), " "), "runs.jsonl", "records have taken the place of journals")
}

func keys(m map[string]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// The same submissions give the same bytes: with any number of workers, interrupted any number of
// times at any run, in shards, and when they are graded again.
func TestSameBytes(t *testing.T) {
	dir := people(t)
	out := t.TempDir()
	graded(t, setting(t, dir, out, &puppets{}))
	want := tree(t, out)

	t.Run("other workers", func(t *testing.T) {
		for _, n := range []int{8} {
			out := t.TempDir()
			graded(t, setting(t, dir, out, &puppets{}, func(c *Class) { c.Workers = n }))
			assert.Equal(t, want, tree(t, out))
		}
	})
	t.Run("again", func(t *testing.T) {
		engine := &puppets{}
		graded(t, setting(t, dir, out, engine))
		assert.Equal(t, want, tree(t, out))
		assert.Zero(t, engine.runs.Load(), "nothing was left to do")
		graded(t, setting(t, dir, out, engine, func(c *Class) { c.Afresh = true }))
		assert.Equal(t, want, tree(t, out))
		assert.NotZero(t, engine.runs.Load())
	})
	t.Run("interrupted", func(t *testing.T) {
		out := t.TempDir()
		engine := &puppets{}
		for stop := int64(7); ; stop += 120 {
			ctx, cancel := context.WithCancel(t.Context())
			engine.before = func(n int64) {
				if n == stop {
					cancel()
				}
			}
			c := setting(t, dir, out, engine, func(c *Class) { c.Workers = 2 })
			require.NoError(t, c.Grade(ctx, ctx))
			rendered(t, c.Plan, out)
			over := ctx.Err() == nil
			cancel()
			if over {
				break
			}
			tear(t, out)
		}
		assert.Equal(t, want, tree(t, out))
	})
	t.Run("shards", func(t *testing.T) {
		out := t.TempDir()
		for i := range 3 {
			graded(t, setting(t, dir, out, &puppets{}, func(c *Class) { c.Shard = &Shard{i + 1, 3} }))
		}
		dirs, err := ShardsIn([]string{out})
		require.NoError(t, err)
		require.Len(t, dirs, 3)
		for range 2 { // it can be repeated
			plan, err := Merge(out, dirs, testCases)
			require.NoError(t, err)
			rendered(t, plan, out)
			assert.Equal(t, want, tree(t, out))
		}
	})
}

// tear cuts the last lines of journals, as a kill does.
func tear(t *testing.T, out string) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(out, "students", "*", "runs.jsonl"))
	require.NoError(t, err)
	for _, name := range journals {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, text[:len(text)-len(text)/20], 0o644))
	}
}

// An interruption costs the runs that were going on, and no more.
func TestOnlyTheRemainderRuns(t *testing.T) {
	dir, out := people(t), t.TempDir()
	engine := &puppets{}
	ctx, cancel := context.WithCancel(t.Context())
	engine.before = func(n int64) {
		if n == 100 {
			cancel()
		}
	}
	c := setting(t, dir, out, engine, func(c *Class) { c.Workers = 1 })
	require.NoError(t, c.Grade(ctx, ctx))
	r := rendered(t, c.Plan, out)
	assert.Equal(t, NotYet, r.of(t, "student 11").Status)
	assert.Contains(t, tree(t, out)["needs-a-person.csv"], "student 11")
	engine.before = nil
	graded(t, setting(t, dir, out, engine, func(c *Class) { c.Workers = 1 }))
	for run, n := range engine.ran {
		assert.Equal(t, 1, n, run)
	}
}

func TestOnlyAndChanged(t *testing.T) {
	dir, out := people(t), t.TempDir()
	graded(t, setting(t, dir, out, &puppets{}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "alice", "raft.go"), []byte(peer+"// 2A/Elects 1 fail: late\n"), 0o644))
	engine := &puppets{}
	only := func(c *Class) { c.Only = func(e Entry) bool { return e.Name == "bob b." } }
	r := graded(t, setting(t, dir, out, engine, only))
	assert.Equal(t, "72", r.of(t, "alice").Score.String(), "she is not graded now")
	assert.Zero(t, engine.runs.Load())
	r = graded(t, setting(t, dir, out, engine))
	assert.Equal(t, "62", r.of(t, "alice").Score.String(), "what was handed in has changed")
	assert.LessOrEqual(t, engine.runs.Load(), int64(26), "and nobody else runs")
}

// A limit on the time leaves a valid result, and what did not run has no verdict.
func TestLimit(t *testing.T) {
	dir, out := people(t), t.TempDir()
	limit, cancel := context.WithCancel(t.Context())
	engine := &puppets{before: func(n int64) {
		if n == 40 {
			cancel()
		}
	}}
	c := setting(t, dir, out, engine, func(c *Class) { c.Workers = 1 })
	require.NoError(t, c.Grade(t.Context(), limit))
	r := rendered(t, c.Plan, out)
	last := r.of(t, "student 11")
	assert.Equal(t, NeedsPerson, last.Status)
	assert.Equal(t, "72", last.Most.String())
	engine.before = nil
	r = graded(t, setting(t, dir, out, engine))
	assert.Equal(t, Graded, r.of(t, "student 11").Status, "the next grading tries again")
}

// Floods end a submission: after three runs without a verdict no other starts.
func TestFloods(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "flood"), 0o755))
	text := peer
	for _, c := range testCases {
		text += "// " + c.ID() + " 0 ungraded: \n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "flood", "raft.go"), []byte(text), 0o644))
	engine := &puppets{}
	r := graded(t, setting(t, dir, out, engine, func(c *Class) { c.Workers = 1 }))
	assert.EqualValues(t, 3, engine.runs.Load())
	s := r.of(t, "flood")
	assert.Equal(t, NeedsPerson, s.Status)
	assert.Equal(t, "0", s.Least.String())
	assert.Len(t, s.Why, len(testCases))
	graded(t, setting(t, dir, out, engine))
	assert.EqualValues(t, 3, engine.runs.Load(), "a person decides, not a second try")
}
