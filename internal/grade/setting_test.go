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

	"github.com/stretchr/testify/require"

	"raftlab/internal/hidden"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/tester"
)

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
	quiet  bool           // the machine is: no run is without a verdict
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
		if p.quiet && outcome == string(record.Ungraded) {
			continue
		}
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
	case pkg == "./kvraft" && strings.Contains(text, "service is half"):
		return nil, &sim.CompileError{Output: "# raftlab/kvraft\nkvraft/server.go:7:3: undefined: y"}
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
	put("two/b/raft/raft.go", peer+"// another\n")
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
