package grade

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"raftlab/internal/release"
	"raftlab/internal/suite"
)

// PolicySchema is the version of the policy's format.
const PolicySchema = "raftlab/policy/v1"

// PolicyText is the default policy, with a comment for each of its fields.
//
//go:embed policy.yaml
var PolicyText string

// Policy says how runs become points, and what of them a student gets to see. The fields are
// explained in policy.yaml.
type Policy struct {
	Schema   string            `yaml:"schema" json:"schema"`
	Raftlab  string            `yaml:"raftlab" json:"raftlab,omitempty"`
	Scale    Number            `yaml:"scale" json:"scale"`
	Parts    map[string]Number `yaml:"parts" json:"parts,omitempty"`
	Cases    map[string]Number `yaml:"cases" json:"cases,omitempty"`
	Counts   string            `yaml:"counts" json:"counts,omitempty"`
	Extra    []string          `yaml:"extra" json:"extra,omitempty"`
	Seeds    string            `yaml:"seeds" json:"seeds"`
	Rounding Rounding          `yaml:"rounding" json:"rounding"`
	Races    Deduction         `yaml:"races" json:"races"`
	Feedback Feedback          `yaml:"feedback" json:"feedback"`
	Folders  map[string]string `yaml:"folders" json:"folders,omitempty"`
}

// Which cases count.
const (
	CountsAll    = "all"
	CountsCourse = "course"
)

// Rounding is how a score is rounded.
type Rounding struct {
	To   Number `yaml:"to" json:"to"`
	Mode string `yaml:"mode" json:"mode"`
}

// Modes of rounding.
const (
	Nearest = "nearest"
	Down    = "down"
	Up      = "up"
)

// Feedback is what a student gets to see.
type Feedback struct {
	Failures string            `yaml:"failures" json:"failures"`
	Most     int               `yaml:"most" json:"most"`
	Warnings bool              `yaml:"warnings" json:"warnings"`
	Hints    map[string]string `yaml:"hints" json:"hints,omitempty"`
}

// What is shown of a failure, each more than the one before it.
const (
	ShowRule    = "rule"
	ShowExcerpt = "excerpt"
	ShowTrace   = "trace"
	ShowSeed    = "seed"
	ShowAuto    = "auto"
)

var levels = []string{ShowRule, ShowExcerpt, ShowTrace, ShowSeed}

// shows reports whether feedback tells so much. hidden says that seeds are.
func (f Feedback) shows(level string, hidden bool) bool {
	chosen := f.Failures
	if chosen == ShowAuto {
		if chosen = ShowSeed; hidden {
			chosen = ShowTrace
		}
	}
	return slices.Index(levels, chosen) >= slices.Index(levels, level)
}

// DefaultPolicy returns what counts without a policy file.
func DefaultPolicy() Policy {
	var p Policy
	if err := yaml.Unmarshal([]byte(PolicyText), &p); err != nil {
		panic("the default policy, which a test reads: " + err.Error())
	}
	return p
}

// ReadPolicy reads a policy file; what it does not say is as in the default. With an error, which
// names each line that cannot be read, comes what the others say.
func ReadPolicy(text []byte) (Policy, error) {
	p := DefaultPolicy()
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return p, plainer(err)
	}
	if err := unsaid(text); err != nil {
		return p, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return p, errors.New("there is a second document (a line `---`) in the file; one is read")
	}
	return p, nil
}

// unsaid finds parts and cases that are named without a number. The library would take them for
// worth nothing.
func unsaid(text []byte) error {
	var file struct{ Parts, Cases map[string]yaml.Node }
	if yaml.Unmarshal(text, &file) != nil {
		return nil // that has been told
	}
	var all []error
	for _, of := range []map[string]yaml.Node{file.Parts, file.Cases} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if value := of[name]; value.ShortTag() == "!!null" {
				all = append(all, fmt.Errorf("line %d: %s has no number; write %[2]s: 30, or 0 to leave it out", value.Line, name))
			}
		}
	}
	return errors.Join(all...)
}

var (
	unknownField = regexp.MustCompile(`^line (\d+): field (.+) not found in type \S+`)
	otherKind    = regexp.MustCompile("^line (\\d+): cannot unmarshal \\S+( `(.*)`)? into \\S+")
)

// plainer says what is wrong with a file in words of this program instead of the library's, a line
// for each fault.
func plainer(err error) error {
	faults := []string{err.Error()}
	var kinds *yaml.TypeError
	if errors.As(err, &kinds) {
		faults = kinds.Errors
	}
	var all []error
	for _, f := range faults {
		const shows = "`raftlab grade --print-policy` shows"
		f = strings.TrimPrefix(strings.Join(strings.Fields(f), " "), "yaml: ")
		if m := unknownField.FindStringSubmatch(f); m != nil {
			f = fmt.Sprintf("line %s: there is no %q in a policy; %s what there is", m[1], m[2], shows)
		} else if m := otherKind.FindStringSubmatch(f); m != nil {
			what := "this"
			if m[3] != "" {
				what = strconv.Quote(m[3])
			}
			f = fmt.Sprintf("line %s: %s is of another kind than what belongs here; %s an example", m[1], what, shows)
			if strings.Contains(m[3], "=") {
				f += " (a policy is YAML: write scale: 100, and not scale = 100)"
			}
		} else if kinds == nil {
			f += "; a policy is YAML, of which " + shows + " an example"
		}
		all = append(all, errors.New(f))
	}
	return errors.Join(all...)
}

// CheckRelease says what to do where the policy is for another release than the one that grades.
func (p Policy) CheckRelease(is string) error {
	if p.Raftlab == "" || p.Raftlab == is {
		return nil
	}
	if err := release.Check(p.Raftlab); err != nil {
		return fmt.Errorf("raftlab: %w", err)
	}
	return fmt.Errorf("raftlab: the policy is for %s, and this is %s, whose runs may be others.\nTo grade with that release: %s.\nTo grade everything "+
		"anew with this one: write raftlab: %s into the policy", release.Named(p.Raftlab), release.Named(is), release.HowToGet(p.Raftlab), is)
}

// Check says what in the policy does not go with the cases and the number of seeds that are graded.
func (p Policy) Check(cases []suite.Case, seeds int) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.Schema != PolicySchema {
		fault("schema: %q is not known; this raftlab reads %s", p.Schema, PolicySchema)
	}
	var parts, ids []string
	for _, c := range cases {
		ids = append(ids, c.ID())
		if !slices.Contains(parts, c.Part) {
			parts = append(parts, c.Part)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Parts)) {
		if !slices.Contains(parts, name) {
			fault("parts: %s is not graded; there are %s", name, strings.Join(parts, ", "))
		} else if worth := p.Parts[name]; !worth.IsZero() && p.weights(name, cases).IsZero() {
			fault("parts: %s is worth %s, which nobody can earn: none of its cases counts (cases, counts); let one count, or write %[1]s: 0", name, worth)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Cases)) {
		if !slices.Contains(ids, name) {
			fault("cases: no case that is graded is called %s; write it as `raftlab list` does, such as %s", name, ids[0])
		}
	}
	for _, name := range p.Extra {
		if !slices.Contains(parts, name) && !slices.Contains(ids, name) {
			fault("extra: %s is neither a part nor a case that is graded; parts are %s", name, strings.Join(parts, ", "))
		}
	}
	if !slices.Contains([]string{"", CountsAll, CountsCourse}, p.Counts) {
		fault("counts: %q is not known; there are all and course", p.Counts)
	}
	if _, err := parseShare(p.Seeds, seeds); err != nil {
		errs = append(errs, err)
	}
	if !slices.Contains([]string{Nearest, Down, Up}, p.Rounding.Mode) {
		fault("rounding: mode: %q is not known; there are nearest, down and up", p.Rounding.Mode)
	}
	if f := p.Feedback.Failures; f != ShowAuto && !slices.Contains(levels, f) {
		fault("feedback: failures: %q is not known; there are auto, %s", f, strings.Join(levels, ", "))
	}
	if p.Feedback.Most < 0 || p.Feedback.Most > 100 {
		fault("feedback: most: %d; give a number from 0 to 100", p.Feedback.Most)
	}
	full := p.full(cases)
	if errs == nil && full.IsZero() {
		fault("nothing is left to earn: every case is left out or extra (or, with counts: course, none that the course demands)")
	}
	if most := full.times(p.factor(cases)); errs == nil && p.Rounding.To.rat().Cmp(most.rat()) > 0 {
		fault("rounding: to: %s is more than full marks, which are %s: there would be no score but 0 and %[1]s; round to less", p.Rounding.To, most)
	}
	return errors.Join(errs...)
}

// share is when a case earns its points.
type share struct {
	fraction bool
	needed   int // seeds that have to pass, if not fraction
}

var someOf = regexp.MustCompile(`^(\d{1,6}) of (\d{1,6})$`)

func parseShare(s string, seeds int) (share, error) {
	switch s {
	case "all":
		return share{needed: seeds}, nil
	case "fraction":
		return share{fraction: true}, nil
	}
	m := someOf.FindStringSubmatch(s)
	if m == nil {
		return share{}, fmt.Errorf("seeds: %q is not known; there are all, fraction, and k of n, such as 4 of 5", s)
	}
	k, _ := strconv.Atoi(m[1]) // digits only, and few
	n, _ := strconv.Atoi(m[2])
	switch {
	case n != seeds:
		return share{}, fmt.Errorf("seeds: %q speaks of %d seeds, and a case runs with %d (--seeds)", s, n, seeds)
	case k < 1 || k > n:
		return share{}, fmt.Errorf("seeds: %q: from 1 to %d can be needed", s, n)
	}
	return share{needed: k}, nil
}

// StopsAtFailure reports that nothing depends on the seeds after one that fails.
func (p Policy) StopsAtFailure(seeds int) bool {
	s, err := parseShare(p.Seeds, seeds)
	return err == nil && !s.fraction && s.needed == seeds
}

// isExtra reports whether a case's points come on top.
func (p Policy) isExtra(part, id string) bool {
	return slices.Contains(p.Extra, part) || slices.Contains(p.Extra, id)
}

// weight is how much a case counts within its part.
func (p Policy) weight(c suite.Case) Number {
	w := Int(c.Points)
	if factor, ok := p.Cases[c.ID()]; ok {
		return w.times(factor)
	}
	if p.Counts == CountsCourse && c.Course == "" {
		return Number{}
	}
	return w
}

// worth is what a case is worth before scaling. Cases are all that are graded.
func (p Policy) worth(c suite.Case, cases []suite.Case) Number {
	whole, ok := p.Parts[c.Part]
	if !ok {
		return p.weight(c)
	}
	return whole.times(p.weight(c)).over(p.weights(c.Part, cases))
}

// weights is the sum of the weights of a part's cases. Those that come on top are not in it, and
// are worth as much beside the others as ever; unless all do.
func (p Policy) weights(part string, cases []suite.Case) Number {
	var sum, extra Number
	for _, c := range cases {
		switch {
		case c.Part != part:
		case p.isExtra(part, c.ID()):
			extra = extra.plus(p.weight(c))
		default:
			sum = sum.plus(p.weight(c))
		}
	}
	if sum.IsZero() {
		return extra
	}
	return sum
}

// full is the sum of what all cases are worth, without those that come on top.
func (p Policy) full(cases []suite.Case) Number {
	var sum Number
	for _, c := range cases {
		if !p.isExtra(c.Part, c.ID()) {
			sum = sum.plus(p.worth(c, cases))
		}
	}
	return sum
}

// factor turns what cases are worth into points of the scale.
func (p Policy) factor(cases []suite.Case) Number {
	if p.Scale.IsZero() {
		return Int(1)
	}
	return p.Scale.over(p.full(cases))
}
