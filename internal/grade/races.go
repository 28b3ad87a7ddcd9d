package grade

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// This file looks for data races, which the engine cannot see: it runs one goroutine at a time.
// They are looked for natively, outside of the sandbox, and only where somebody asks for it. A race
// is no failed case: it is a note, or a deduction of the policy.

// Raced is what the race detector found in a submission.
type Raced struct {
	Runs    int    `json:"runs"`
	Found   []Race `json:"found,omitempty"`
	Problem string `json:"problem,omitempty"` // why it was not looked for
}

// Race is a data race, by the first case in which it showed.
type Race struct {
	Case string `json:"case"`
	Seed uint64 `json:"seed"`
	Text string `json:"text"`
}

// line is the race for readers.
func (r Race) line() string { return fmt.Sprintf("%s, seed %d: %s", r.Case, r.Seed, r.Text) }

// Deduction is what the policy takes off for data races.
type Deduction struct {
	Deduct Number `yaml:"deduct" json:"deduct"`
}

// mustRace reports whether the submission is still to be looked through for races.
func (g *grading) mustRace(r *Record) bool {
	return g.Race && r.Raced == nil && r.Outcome == "" && r.Problem == ""
}

// races runs each case once under the race detector. The seed is the public number of the first,
// never a hidden one: what runs here could keep it.
func (g *grading) races() {
	raced := &Raced{}
	binaries := map[string]*sim.Binary{}
	var items []suite.Item
	for _, k := range g.cases {
		if slices.Contains(g.record.Absent, strings.TrimPrefix(k.Package, "./")) {
			continue
		}
		if binaries[k.Package] == nil {
			b, err := g.CompileRace(g.limit, g.code, k.Package)
			if err != nil {
				raced.Problem = firstLine(strings.ReplaceAll(err.Error(), g.Out, ""))
				break
			}
			binaries[k.Package] = b
		}
		items = append(items, suite.Item{Case: k, Seeds: g.numbers[:1]})
	}
	if raced.Problem == "" {
		job := func(k suite.Case, seed uint64) sim.Job {
			return g.options(g.record.Contract).Job(binaries[k.Package], k, seed)
		}
		finished := suite.Execute(g.limit, g.Engine, g.Workers, suite.Plan(items, job, g.costs()), suite.Hooks{MaxUngraded: maxUngraded})
		raced.take(finished, g.code.Show)
	}
	if g.limit.Err() == nil {
		g.record.Raced = raced
	}
}

// take counts runs and keeps each race once, in the order of the cases.
func (r *Raced) take(finished []suite.Finished, show func(string) string) {
	for _, f := range finished {
		if f.State != suite.Ran {
			continue
		}
		r.Runs++
		v := f.Result.Verdict
		if v.Rule != sim.RaceRule {
			continue
		}
		text := showPlaces(v.Message, show)
		if !slices.ContainsFunc(r.Found, func(known Race) bool { return known.Text == text }) {
			r.Found = append(r.Found, Race{Case: f.Case.ID(), Seed: f.Seed, Text: text})
		}
	}
}

// showPlaces is a text with its places as the student knows them.
func showPlaces(text string, show func(string) string) string {
	return places.ReplaceAllStringFunc(text, show)
}

var places = regexp.MustCompile(`[^\s,]+\.go:\d+`)

// deduct takes off what the policy says for data races, which is not more than there is.
func (p *Plan) deduct(s *Student, r *Record) {
	if !p.Race || r.Raced == nil {
		return
	}
	s.Raced = r.Raced
	if len(r.Raced.Found) == 0 {
		return
	}
	s.Deducted = p.Policy.Races.Deduct
	s.Least, s.Most = s.Least.less(s.Deducted), s.Most.less(s.Deducted)
}

// races is what a student is told of them.
func (s Student) races() (lines []string) {
	switch {
	case s.Raced == nil:
		return nil
	case s.Raced.Problem != "":
		return []string{"Data races were not looked for: " + s.Raced.Problem}
	case len(s.Raced.Found) == 0:
		return []string{fmt.Sprintf("Data races: none was found natively, in %s.", suite.Plural(s.Raced.Runs, "run"))}
	}
	cost := "which cost nothing"
	if !s.Deducted.IsZero() {
		cost = fmt.Sprintf("for which %s points are taken off", s.Deducted)
	}
	lines = []string{fmt.Sprintf("Data races, %s. No case failed because of them; `go test -race` and `raftlab test --race` show them:", cost)}
	for _, race := range s.Raced.Found {
		lines = append(lines, "  "+race.line())
	}
	return lines
}

// CompileRace compiles a submission natively with the race detector.
func CompileRace(ctx context.Context, code suite.Code, pkg string) (*sim.Binary, error) {
	b := code.Build(pkg)
	b.Native, b.Race = true, true
	return b.Binary(ctx, nil)
}
