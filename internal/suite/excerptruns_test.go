package suite_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/labs"
)

var (
	measured = flag.Int("mutants", 0, "with TestExcerpts: how many mutants to measure the excerpts on")
	besides  = flag.String("besides", "", "with TestExcerpts: others than are chosen by these numbers of -mutants in turn, as in 80,40")
	only     = flag.String("only", "", "with TestExcerpts: only mutants whose names match this regular expression")
	traces   = flag.String("traces", "", "with TestExcerpts: keep the runs in this folder, and take those that are there")
)

func TestMain(m *testing.M) {
	sim.WorkerMain()
	os.Exit(m.Run())
}

var root = filepath.Join("..", "..")

// measure makes the runs that excerpts are measured on.
type measure struct {
	t        *testing.T
	subjects []mutation.Subject // the reference, and the mutants
	kills    mutation.Kills
	hunt     mutation.Hunt
	pool     *sim.Pool
	keep     string // the folder with traces, or ""

	events, seen, visible, before int // failures
}

func newMeasure(t *testing.T) *measure {
	m := &measure{t: t, subjects: []mutation.Subject{{Name: "reference", Kind: mutation.Reference}}, keep: *traces}
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	m.kills, err = mutation.ReadKills(root)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool {
		_, seed, known := m.kills.Run(s.Name)
		interrupted := seed%10 == 4 || seed%10 == 8 // where places in the source count
		return s.Runner() != patch.Engine || s.Contract() != "" || s.Patch.Header.Of != "" || s.Patch.Header.Alone || !known || interrupted
	})
	for _, text := range strings.FieldsFunc(*besides, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		all = without(all, mutation.Evenly(all, n))
	}
	for _, s := range mutation.Evenly(all, *measured) {
		if regexp.MustCompile(*only).MatchString(s.Name) {
			m.subjects = append(m.subjects, s)
		}
	}
	m.pool, err = sim.NewPool(1)
	require.NoError(t, err)
	t.Cleanup(m.pool.Close)
	m.hunt = mutation.Hunt{Cases: suite.Cases(labs.All()), Binaries: map[string]*sim.Binary{}}
	return m
}

// variantsRuns are runs of correct peers in other styles: of each every so many cases, and other cases than
// of the one before.
func (m *measure) variantsRuns(every int) (runs []mutation.SubjectRun) {
	all, err := mutation.Load(root, mutation.Variant)
	require.NoError(m.t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool { return s.Runner() != patch.Engine || s.Contract() != "" })
	m.hunt.Subjects = slices.DeleteFunc(mutation.Evenly(all, *measured), func(s mutation.Subject) bool {
		return !regexp.MustCompile(*only).MatchString(s.Name)
	})
	m.hunt.Seeds = []uint64{1}
	m.subjects = m.hunt.Subjects
	for i, r := range m.hunt.All() {
		if i%every == 0 {
			runs = append(runs, r)
		}
	}
	return runs
}

// without are the subjects that are not among the others.
func without(all, others []mutation.Subject) []mutation.Subject {
	return slices.DeleteFunc(slices.Clone(all), func(s mutation.Subject) bool {
		return slices.ContainsFunc(others, func(o mutation.Subject) bool { return o.Name == s.Name })
	})
}

// run makes the run in which the mutant of a name dies, of that or of another subject.
func (m *measure) run(s mutation.Subject, name string) (sim.Result, []record.Event) {
	id, seed, _ := m.kills.Run(name)
	return m.runOf(s, m.hunt.Cases[slices.IndexFunc(m.hunt.Cases, func(c suite.Case) bool { return c.ID() == id })], seed)
}

func (m *measure) runOf(s mutation.Subject, c suite.Case, seed uint64) (r sim.Result, events []record.Event) {
	folder := m.keep
	if folder == "" {
		folder = m.t.TempDir()
	}
	trace := filepath.Join(folder, fmt.Sprintf("%s-%s-%d", s.Name, strings.ReplaceAll(c.ID(), "/", "-"), seed))
	verdict := trace + ".json"
	if text, err := os.ReadFile(verdict); err == nil {
		require.NoError(m.t, json.Unmarshal(text, &r))
	} else {
		j := m.job(s, c, seed)
		j.Trace, j.Params.Detail = trace, true
		r = m.pool.Run(context.Background(), j)
		r.LastEvents = nil
		text, err := json.Marshal(r)
		require.NoError(m.t, err)
		require.NoError(m.t, os.WriteFile(verdict, text, 0o644))
	}
	f, err := os.Open(trace)
	require.NoError(m.t, err)
	defer f.Close()
	events, _ = timeline.Read(f) // of a crash the last line may be a part
	for i := range events {      // in a bundle each has a directory
		events[i].Where = strings.ReplaceAll(events[i].Where, "/"+s.Name+"/", "/")
	}
	if m.keep == "" {
		require.NoError(m.t, os.Remove(trace))
	}
	return r, events
}

// job is the run, on a binary with all that is measured of its package.
func (m *measure) job(s mutation.Subject, c suite.Case, seed uint64) sim.Job {
	if m.hunt.Binaries[c.Package] == nil {
		edits, err := mutation.Bundle(root, c.Package, m.subjects)
		require.NoError(m.t, err)
		m.hunt.Binaries[c.Package], err = sim.Build{Framework: root, Package: c.Package, Edits: edits, Native: true}.Binary(context.Background(), func(string) {})
		require.NoError(m.t, err)
	}
	return m.hunt.Job(s, c, seed)
}
