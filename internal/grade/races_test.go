package grade

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// detector is an engine that finds a race in native runs of a submission that has "without a lock"
// in its text.
type detector struct {
	*puppets
	raced *atomic.Int64
}

func (d detector) Run(ctx context.Context, j sim.Job) sim.Result {
	r := d.puppets.Run(ctx, j)
	if !strings.HasPrefix(j.Binary.ID, "race ") {
		return r
	}
	d.raced.Add(1)
	if strings.Contains(j.Binary.Path, "without a lock") {
		r.Verdict = record.Verdict{Outcome: record.Fail, Rule: sim.RaceRule, Message: "read at raft/raft.go:3, write at raft/raft.go:4"}
	}
	return r
}

func compileRaced(ctx context.Context, code suite.Code, pkg string) (*sim.Binary, error) {
	b, err := compile(ctx, code, pkg)
	if b != nil {
		b.ID = "race " + b.ID
	}
	return b, err
}

// A race is a note, or a deduction; it fails no case, and is looked for once.
func TestRaces(t *testing.T) {
	dir, out := people(t), t.TempDir()
	put(t, dir, "racer/raft.go", "package raft\n// without a lock\n")
	grade := func(deduct int, look bool) (*Results, int) {
		engine := detector{&puppets{}, &atomic.Int64{}}
		c := setting(t, dir, out, engine, func(c *Class) { c.Policy.Races.Deduct = Int(deduct) })
		if c.Race = look; look {
			c.CompileRace = compileRaced
		}
		r := graded(t, c)
		return r, int(engine.raced.Load())
	}
	find := func(r *Results, name string) Student {
		for _, s := range r.Students {
			if s.Name == name {
				return s
			}
		}
		t.Fatalf("there is no %s", name)
		return Student{}
	}
	r, _ := grade(0, false)
	full := find(r, "racer")
	require.Nil(t, full.Raced)
	assert.Empty(t, full.races())

	r, runs := grade(0, true)
	s := find(r, "racer")
	assert.Equal(t, len(testCases)*raced(r), runs, "each case is looked through once")
	assert.Equal(t, full.Least, s.Least)
	assert.Equal(t, len(testCases), s.Raced.Runs)
	require.Len(t, s.Raced.Found, 1, "the same race in five cases is one")
	assert.Contains(t, strings.Join(s.races(), "\n"), "which cost nothing")
	assert.Contains(t, tree(t, out)["feedback/racer.txt"], "2A/Elects, seed 1: read at raft.go:3, write at raft.go:4")

	r, runs = grade(7, true)
	assert.Zero(t, runs, "what is known is not looked for again")
	s = find(r, "racer")
	assert.Equal(t, full.Least.less(Int(7)), s.Least)
	assert.Equal(t, full.Raw, s.Raw)
	assert.Contains(t, strings.Join(s.races(), "\n"), "7 points are taken off")
	r, _ = grade(1000, true)
	assert.True(t, find(r, "racer").Score.IsZero(), "no score is below 0")
	r, _ = grade(7, false)
	assert.Equal(t, full.Least, find(r, "racer").Least, "without --race nothing is taken off")
}

// raced counts the students whose code was looked through.
func raced(r *Results) (n int) {
	for _, s := range r.Students {
		if s.Raced != nil {
			n++
		}
	}
	return n
}
