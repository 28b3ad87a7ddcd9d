package grade

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// These tests grade classes with an engine of their own, which says of each run what the text of
// the submission tells it to. So what surrounds the runs is tested with many submissions; that the
// real engine fits is tested by the command's own tests.

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

// TestDamagedRecord: a record that was cut in the middle is said with what to do, and stays as it is;
// the other submissions are known.
func TestDamagedRecord(t *testing.T) {
	dir, out := people(t), t.TempDir()
	graded(t, setting(t, dir, out, &puppets{}))
	want := tree(t, out)
	file := recordFile(out, "alice")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, whole[:len(whole)/2], 0o644))

	engine := &puppets{}
	err = setting(t, dir, out, engine).Grade(t.Context(), t.Context())
	require.ErrorContains(t, err, "alice: read "+file)
	require.ErrorContains(t, err, "it is damaged")
	require.ErrorContains(t, err, "delete it, and the next `raftlab grade` grades that submission again")
	require.NotContains(t, err.Error(), "bob")
	require.Zero(t, engine.runs.Load())
	cut, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, whole[:len(whole)/2], cut)

	require.NoError(t, os.Remove(file))
	graded(t, setting(t, dir, out, engine))
	require.Equal(t, want, tree(t, out))
	require.NotZero(t, engine.runs.Load())
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

// Another command into the same directory replaces the tables of the whole class, which is said before.
func TestOtherGradesAreReplaced(t *testing.T) {
	dir, out := people(t), t.TempDir()
	c := setting(t, dir, out, &puppets{})
	assert.Empty(t, c.Plan.Other(out), "there are none yet")
	r := graded(t, c)
	assert.Empty(t, c.Plan.Other(out))
	p := *c.Plan
	p.Cases = p.Cases[:1]
	assert.Equal(t, fmt.Sprintf("%d cases with seeds 1-5", len(testCases)), p.Other(out))
	p.Cases = append(slices.Clone(c.Plan.Cases[1:]), "2A/Another")
	assert.Equal(t, "other cases", p.Other(out))
	p = *c.Plan
	p.Salt = "x"
	assert.Equal(t, fmt.Sprintf("%d cases with seeds 1-5", len(testCases)), p.Other(out))

	assert.Empty(t, r.SameCode())
	put(t, dir, "copy/lab/raft/raft.go", peer+"// 2A/ReElects 2 fail: two leaders\n")
	put(t, dir, "nobody/notes.txt", "")
	r = graded(t, setting(t, dir, out, &puppets{}))
	assert.Equal(t, [][]string{{"bob b.", "copy"}}, r.SameCode(), "those who handed in nothing are no copies")
}

// What cannot be read today cannot be read tomorrow; a disk that failed may not fail again.
func TestWhoIsGradedAgain(t *testing.T) {
	dir, out := people(t), t.TempDir()
	put(t, dir, "disk/raft.go", peer)
	var done []string
	change := func(c *Class) {
		open := c.Open
		c.Open = func(ctx context.Context, from From, packages []string) (Tree, error) {
			if filepath.Base(from.Path) == "disk" {
				return Tree{}, fmt.Errorf("reading it: %w", &fs.PathError{Op: "read", Path: from.Path, Err: syscall.EIO})
			}
			return open(ctx, from, packages)
		}
		c.Progress = func(e Event) {
			if e.What == "done" {
				done = append(done, e.Student)
			}
		}
	}
	r := graded(t, setting(t, dir, out, &puppets{}, change))
	assert.Contains(t, r.of(t, "disk").Why[0], "the submission")
	assert.Len(t, done, len(r.Students))
	done = nil
	graded(t, setting(t, dir, out, &puppets{}, change))
	slices.Sort(done)
	assert.Equal(t, []string{"disk", "unlucky"}, done, "and nobody else")

	// What was handed in is another, although there still is no code.
	put(t, dir, "empty/raft.go.txt", peer)
	r = graded(t, setting(t, dir, out, &puppets{}, change))
	assert.Equal(t, NeedsPerson, r.of(t, "empty").Status)
	assert.Contains(t, r.of(t, "empty").Why[0], "raft.go.txt is code under another name")
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
	assert.Contains(t, strings.Join(s.Why, "\n"), "did not run, because 3 runs before them had no end")
	assert.Less(t, len(s.Why), len(testCases), "cases with one reason are told together")
	graded(t, setting(t, dir, out, engine))
	assert.EqualValues(t, 3, engine.runs.Load(), "a person decides, not a second try")
}

// What the machine did is tried again: a run that was ended by the wall clock of a busy machine, or
// killed by the system. What used up its processor time is not.
func TestTheMachinesEnds(t *testing.T) {
	for rule, runs := range map[string]int64{sim.OutOfTime: 1, sim.KilledBySystem: 1, "processor time": 0} {
		dir, out := t.TempDir(), t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "slow"), 0o755))
		text := peer + "// " + testCases[0].ID() + " 2 ungraded: " + rule + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "slow", "raft.go"), []byte(text), 0o644))
		r := graded(t, setting(t, dir, out, &puppets{}))
		assert.Equal(t, NeedsPerson, r.of(t, "slow").Status, rule)
		engine := &puppets{quiet: true}
		r = graded(t, setting(t, dir, out, engine))
		if runs == 0 {
			assert.Zero(t, engine.runs.Load(), rule)
			assert.Equal(t, NeedsPerson, r.of(t, "slow").Status, rule)
			continue
		}
		assert.Equal(t, Graded, r.of(t, "slow").Status, rule)
		assert.LessOrEqual(t, engine.runs.Load(), int64(4), "%s: seed 2 to 5 of one case", rule)
	}
}
