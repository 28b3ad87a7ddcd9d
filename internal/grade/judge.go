package grade

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
)

// NotHandedIn is the outcome of cases whose package is not there.
const NotHandedIn record.Outcome = "not handed in"

// Status says whether a submission has a score.
type Status string

const (
	Graded      Status = "graded"
	NeedsPerson Status = "needs a person" // something has no verdict: no score
	NotYet      Status = "not graded yet"
)

// Student is what came out for one submission.
type Student struct {
	Name   string `json:"name"`
	File   string `json:"file"` // by which their files are called
	Status Status `json:"status"`
	// Why a person has to look; also where there is a score, and there is something else to see.
	Why []string `json:"why,omitempty"`
	// Raw points are those that `raftlab test` counts: all of a case that passes with every seed.
	Raw    int `json:"raw"`
	RawMax int `json:"rawMax"`
	// Score is by the policy, and rounded; there is none without a verdict on every case. Then it
	// lies from Least to Most, which are equal otherwise.
	Score *Number `json:"score"`
	Least Number  `json:"least"`
	Most  Number  `json:"most"`
	Max   Number  `json:"max"`

	Outcome  record.Outcome `json:"outcome,omitempty"` // where nothing ran
	Reason   string         `json:"reason,omitempty"`
	Faults   []suite.Fault  `json:"faults,omitempty"`
	Builds   []suite.Build  `json:"builds,omitempty"`
	Notes    []string       `json:"notes,omitempty"`
	Contract string         `json:"contract,omitempty"` // the year by whose contract the student is judged, if it is their own
	Warnings []Warning      `json:"warnings,omitempty"`
	Raced    *Raced         `json:"raced,omitempty"`   // where data races were looked for
	Deducted Number         `json:"deducted,omitzero"` // points that they cost
	Parts    []Part         `json:"parts"`
	Cases    []Case         `json:"cases"`

	// adopted code is in the student's own repository, and not in a course tree.
	adopted bool
	// source identifies the code that was handed in, or is "" where there is none.
	source string
}

// Warning is something that a reader should know, and the cases it came up in.
type Warning struct {
	Text  string   `json:"text"`
	Cases []string `json:"cases,omitempty"`
}

// Part is the sum of a part's cases.
type Part struct {
	Part   string `json:"part"`
	Raw    int    `json:"raw"`
	RawMax int    `json:"rawMax"`
	Points Number `json:"points"` // earned at least
	Most   Number `json:"most"`   // more than that where there is no verdict
	Max    Number `json:"max"`    // 0 where points come on top
	Passed int    `json:"passed"` // cases
	Cases  int    `json:"cases"`
	// Of these cases, those that the course's own tests demand, too.
	CoursePassed int `json:"coursePassed"`
	CourseCases  int `json:"courseCases"`
}

// Case is one case over its seeds.
type Case struct {
	Case    string         `json:"case"`
	Part    string         `json:"part"`
	Outcome record.Outcome `json:"outcome"`
	Reason  string         `json:"reason,omitempty"`
	Raw     int            `json:"raw"`
	RawMax  int            `json:"rawMax"`
	Points  Number         `json:"points"`
	Most    Number         `json:"most"`
	Worth   Number         `json:"worth"`
	Extra   bool           `json:"extra,omitempty"`
	Course  string         `json:"course,omitempty"`  // the course's test that demands the same
	Private bool           `json:"private,omitempty"` // of the instructor's own
	Seeds   int            `json:"seeds"`
	Passed  int            `json:"passed"`
	Failing *Failing       `json:"failing,omitempty"` // the first run that did not pass
}

// Failing is a run that did not pass.
type Failing struct {
	Run
	Text  string   `json:"text"` // in one line
	Group string   `json:"group,omitempty"`
	Lines []string `json:"lines,omitempty"`
	Trace bool     `json:"trace,omitempty"`
}

// decided reports whether the points of a case are known.
func (c Case) decided() bool { return c.Points.Equal(c.Most) }

// Judge turns the record of a submission into points. A nil record is one that is still to be made.
func (p *Plan) Judge(entry Entry, r *Record) Student {
	s := Student{Name: entry.Name, File: entry.File, Status: Graded, Parts: []Part{}, Cases: []Case{}}
	factor := p.Policy.factor(p.cases)
	s.Max = p.Policy.full(p.cases).times(factor)
	if r == nil {
		r = &Record{}
		s.Status = NotYet
	}
	s.Outcome, s.Reason, s.Faults, s.Builds, s.Notes, s.Contract = r.Outcome, r.Reason, r.Faults, r.Builds, r.Notes, r.Contract
	s.adopted = len(r.Dirs) > 0
	if r.Problem == "" && r.Outcome != NotHandedIn {
		s.source = r.Key.Source
		if len(r.Builds) > 0 { // they are the same whatever folder the code was in
			s.source = ""
		}
		for _, b := range r.Builds {
			s.source += b.Package + " " + b.ID + "\n"
		}
	}
	if r.Problem != "" {
		s.Why = append(s.Why, r.Problem)
	}
	for _, c := range p.cases {
		s.Cases = append(s.Cases, p.judgeCase(c, r, factor))
	}
	s.sum()
	p.deduct(&s, r)
	s.Warnings = warnings(r)
	if r.Problem == "" {
		s.Why = append(s.Why, s.open()...)
	}
	if s.Status != NotYet && (r.Problem != "" || slices.ContainsFunc(s.Cases, func(c Case) bool { return !c.decided() })) {
		s.Status = NeedsPerson
	}
	s.Least = s.Least.round(p.Policy.Rounding.To, p.Policy.Rounding.Mode)
	s.Most = s.Most.round(p.Policy.Rounding.To, p.Policy.Rounding.Mode)
	if s.Status == Graded {
		s.Score = &s.Least
	}
	if tampering := s.tampering(); tampering != "" {
		s.Why = append(s.Why, tampering)
	}
	return s
}

// open says which cases have no verdict, and why. Those with one reason are told together.
func (s *Student) open() (lines []string) {
	cases := map[string][]string{}
	var reasons []string
	for _, c := range s.Cases {
		if c.decided() {
			continue
		}
		why := c.why()
		if cases[why] == nil {
			reasons = append(reasons, why)
		}
		cases[why] = append(cases[why], c.Case)
	}
	for _, why := range reasons {
		lines = append(lines, submission.Listed(cases[why])+": "+why)
	}
	return lines
}

// why is the reason of a case without a verdict.
func (c Case) why() string {
	if c.Reason != "" {
		return c.Reason
	}
	return string(c.Outcome)
}

// tampering is code that was refused. It stands, and a person should read it before anybody is
// accused.
func (s *Student) tampering() string {
	if s.Outcome == record.Tampering && len(s.Faults) > 0 {
		return "look at it: the code was refused: " + s.Faults[0].String()
	}
	for _, c := range s.Cases {
		if c.Outcome == record.Tampering && c.Failing != nil {
			return "look at it: tampering in " + c.Case + ": " + c.Failing.Text
		}
	}
	return ""
}

// judgeCase judges one case.
func (p *Plan) judgeCase(k suite.Case, r *Record, factor Number) Case {
	c := Case{Case: k.ID(), Part: k.Part, RawMax: k.Points, Worth: p.Policy.worth(k, p.cases).times(factor),
		Extra: p.Policy.isExtra(k.Part, k.ID()), Course: k.Course, Private: k.Private, Seeds: len(p.numbers)}
	open := func(reason string) Case {
		c.Outcome, c.Reason, c.Most = record.Ungraded, reason, c.Worth
		return c
	}
	switch {
	case r.Problem != "":
		return open(r.Problem)
	case r.Outcome != "":
		c.Outcome, c.Reason = r.Outcome, r.Reason
		return c
	case slices.Contains(r.Unbuilt, strings.TrimPrefix(k.Package, "./")):
		c.Outcome, c.Reason = suite.NotBuilt, "package "+strings.TrimPrefix(k.Package, "./")+" does not compile"
		return c
	case slices.Contains(r.Absent, strings.TrimPrefix(k.Package, "./")):
		c.Outcome, c.Reason = NotHandedIn, "there is no package "+strings.TrimPrefix(k.Package, "./")
		return c
	}
	known := map[uint64]Run{}
	for _, run := range r.Runs {
		if run.Case == k.ID() {
			known[run.N] = run
		}
	}
	rule, _ := parseShare(p.Policy.Seeds, len(p.numbers)) // the policy has been checked
	stops := p.Policy.StopsAtFailure(len(p.numbers))
	missing, undecided := 0, 0
	for _, n := range p.numbers {
		run, ok := known[n]
		switch {
		case !ok:
			missing++
			continue
		case run.Outcome == record.Pass:
			c.Passed++
			continue
		case !run.Outcome.Decided():
			undecided++
		}
		if c.Failing == nil || run.Outcome.Decided() && !c.Failing.Outcome.Decided() {
			c.Failing = failing(run, r.Told)
		}
		if stops {
			break
		}
	}
	c.earn(rule, stops, missing, undecided, givenUp(r.Runs))
	if c.Passed == c.Seeds {
		c.Raw = c.RawMax
	}
	return c
}

// earn fills in outcome and points from what the seeds gave. givenUp says why some did not run.
func (c *Case) earn(rule share, stops bool, missing, undecided int, givenUp bool) {
	n := Int(c.Seeds)
	least, most := c.Passed, c.Passed+undecided+missing
	switch {
	case stops && c.Failing != nil: // what comes after the first failing seed does not matter
		if !c.Failing.Outcome.Decided() {
			c.Most = c.Worth
		}
	case rule.fraction:
		c.Points, c.Most = c.Worth.times(Int(least)).over(n), c.Worth.times(Int(most)).over(n)
	case least >= rule.needed:
		c.Points, c.Most = c.Worth, c.Worth
	case most >= rule.needed:
		c.Most = c.Worth
	}
	switch {
	case c.Failing != nil:
		c.Outcome = c.Failing.Outcome
		if !c.Failing.Outcome.Decided() {
			c.Reason = fmt.Sprintf("%s (%s)", c.Failing.Outcome, c.Failing.Text)
		}
	case missing > 0:
		c.Outcome, c.Reason = record.Ungraded, fmt.Sprintf("%d of %d seeds did not run", missing, c.Seeds)
		if givenUp {
			c.Reason += fmt.Sprintf(", because %d runs before them had no end", maxUngraded)
		}
	default:
		c.Outcome = record.Pass
	}
}

// failing is a run that did not pass, with what was found out about it.
func failing(run Run, told []Told) *Failing {
	f := &Failing{Run: run, Text: run.Headline()}
	if run.Outcome.Decided() {
		f.Group = groupOf(run)
	}
	for _, t := range told {
		if t.Case == run.Case && t.N == run.N {
			f.Lines, f.Trace = t.Lines, t.Trace
		}
	}
	return f
}

// sum adds up the cases.
func (s *Student) sum() {
	at := map[string]int{}
	for _, c := range s.Cases {
		i, ok := at[c.Part]
		if !ok {
			i = len(s.Parts)
			at[c.Part] = i
			s.Parts = append(s.Parts, Part{Part: c.Part})
		}
		part := &s.Parts[i]
		part.Raw, part.RawMax = part.Raw+c.Raw, part.RawMax+c.RawMax
		part.Points, part.Most = part.Points.plus(c.Points), part.Most.plus(c.Most)
		if !c.Extra {
			part.Max = part.Max.plus(c.Worth)
		}
		if part.Cases++; c.Outcome == record.Pass {
			part.Passed++
		}
		if c.Course != "" {
			if part.CourseCases++; c.Outcome == record.Pass {
				part.CoursePassed++
			}
		}
		s.Raw, s.RawMax = s.Raw+c.Raw, s.RawMax+c.RawMax
		s.Least, s.Most = s.Least.plus(c.Points), s.Most.plus(c.Most)
	}
}

// First returns the first case that failed, in the order of the tables, or nil.
func (s *Student) First() *Case {
	for i, c := range s.Cases {
		if c.Failing != nil && c.Failing.Outcome.Decided() {
			return &s.Cases[i]
		}
	}
	return nil
}

// warnings collects what runs and builds warned about.
func warnings(r *Record) []Warning {
	found := suite.Counts{}
	for _, run := range r.Runs {
		for _, t := range slices.Concat(run.Warnings, run.Notes) {
			found.Add(t, run.Case)
		}
		for _, t := range record.Unchecked(run.NotChecked, run.Why) {
			found.Add("not checked: "+t, run.Case)
		}
	}
	var all []Warning
	for _, b := range r.Builds {
		for _, t := range b.Warnings {
			if !slices.ContainsFunc(all, func(w Warning) bool { return w.Text == t }) { // services are compiled with their peer
				all = append(all, Warning{Text: t})
			}
		}
	}
	for _, c := range found.List() {
		all = append(all, Warning(c))
	}
	return all
}
