package grade

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/hidden"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// PlanSchema is the version of the format of plans.
const PlanSchema = "raftlab/grade-plan/v1"

// Plan is what is graded, and how: all that scores depend on beside the submissions. It holds no
// secret.
type Plan struct {
	Schema   string        `json:"schema"`
	Raftlab  string        `json:"raftlab,omitempty"` // the release that grades
	Cases    []string      `json:"cases"`
	Seeds    string        `json:"seeds"`
	Salt     string        `json:"salt,omitempty"` // hidden.Seeds.Mark
	Options  suite.Options `json:"options"`
	Identity sim.Identity  `json:"identity"`
	Policy   Policy        `json:"policy"`
	Students []Listed      `json:"students"`
	Race     bool          `json:"race,omitempty"`   // data races are looked for
	Before   string        `json:"before,omitempty"` // of git repositories: the deadline
	Shard    *Shard        `json:"shard,omitempty"`  // nil: all students

	cases   []suite.Case
	numbers []uint64 // of the seeds
}

// Listed is an [Entry] without the place where it was found.
type Listed struct {
	Name string `json:"name"`
	File string `json:"file"`
}

// Shard is one of several parts of a class, which are graded on machines of their own.
type Shard struct {
	Number int `json:"number"` // from 1 up
	Of     int `json:"of"`
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

// has reports whether the i-th student of the class belongs to the shard. A nil shard has all.
func (s *Shard) has(i int) bool { return s == nil || i%s.Of == s.Number-1 }

// NewPlan checks that the policy goes with the cases.
func NewPlan(cases []suite.Case, seeds hidden.Seeds, options suite.Options, policy Policy, identity sim.Identity, roster []Entry) (*Plan, error) {
	if err := errors.Join(policy.Check(cases, seeds.Count()), policy.checkFolders(roster)); err != nil {
		return nil, err
	}
	p := &Plan{Schema: PlanSchema, Seeds: seeds.String(), Salt: seeds.Mark(), Options: options, Identity: identity, Policy: policy,
		Students: []Listed{}, cases: cases, numbers: seeds.Numbers()}
	for _, c := range cases {
		p.Cases = append(p.Cases, c.ID())
	}
	for _, e := range roster {
		p.Students = append(p.Students, Listed{e.Name, e.File})
	}
	return p, nil
}

// ReadPlan reads the plan in a directory of grades. all are the cases there are.
func ReadPlan(dir string, all []suite.Case) (*Plan, error) {
	name := filepath.Join(dir, planFile)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s is no directory that `raftlab grade` wrote: %w", dir, err)
	}
	p := &Plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("read %s: it is damaged (%w); `raftlab grade`, with the words of then, writes it anew, and keeps the grades", name, err)
	}
	if p.Schema != PlanSchema {
		return nil, fmt.Errorf("%s is of format %q, and this raftlab reads %s", name, p.Schema, PlanSchema)
	}
	if p.numbers, err = suite.ParseSeeds(p.Seeds); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for _, id := range p.Cases {
		i := slices.IndexFunc(all, func(c suite.Case) bool { return c.ID() == id })
		if i < 0 {
			return nil, fmt.Errorf("%s: this raftlab has no case %s; use the one that graded", name, id)
		}
		p.cases = append(p.cases, all[i])
	}
	if err := p.Policy.Check(p.cases, len(p.numbers)); err != nil {
		return nil, fmt.Errorf("%s: the policy in it: %w", name, err)
	}
	return p, nil
}

// ReleaseOf is the release that made a directory of grades, or "" where it is not said.
func ReleaseOf(dir string) string { return peek(dir).Raftlab }

// peek reads the plan in a directory of grades without asking whether it can be followed.
// [ReadPlan] says what is wrong with it.
func peek(dir string) (p Plan) {
	text, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil || json.Unmarshal(text, &p) != nil {
		return Plan{}
	}
	return p
}

// NumberingOf is how the cases are called in a directory of grades.
func NumberingOf(dir string) suite.Numbering {
	return peek(dir).Options.Numbering
}

// Other says what the grades in a directory are of, if they are of other cases or seeds than those
// of the plan, or "": they are going to be replaced.
func (p *Plan) Other(dir string) string {
	old := peek(dir)
	switch {
	case old.Cases == nil, slices.Equal(old.Cases, p.Cases) && old.Seeds == p.Seeds && old.Salt == p.Salt:
		return ""
	case old.Salt != p.Salt && old.kind() == p.kind():
		return old.kind() + " of another secret"
	case old.kind() == p.kind():
		return "other cases"
	}
	return old.kind()
}

// kind says in a few words what is graded.
func (p *Plan) kind() string {
	seeds := "seeds " + p.Seeds
	if p.Hidden() {
		seeds = fmt.Sprintf("hidden seeds (%s)", p.Seeds)
	}
	return fmt.Sprintf("%s with %s", suite.Plural(len(p.Cases), "case"), seeds)
}

// Hidden reports whether seeds must not be shown to students.
func (p *Plan) Hidden() bool { return p.Salt != "" }

// key is that of a submission's record.
func (p *Plan) key(source, contract string) Key {
	options, err := json.Marshal(p.options(contract))
	if err != nil {
		panic("options are numbers and texts: " + err.Error())
	}
	return Key{Source: source, Identity: p.Identity, Options: string(options) + p.Salt}
}

// options are those of a student's runs: by the contract of the plan, or else by that of the
// student's own year.
func (p *Plan) options(contract string) suite.Options {
	o := p.Options
	o.Contract = cmp.Or(o.Contract, contract)
	return o
}

// Places in a directory of grades.
const (
	planFile    = "plan.json"
	studentsDir = "students"
	feedbackDir = "feedback"
	// CasesDir has the instructor's own cases with which the grades were made.
	CasesDir = "cases"
)

// home is the directory of a student's record.
func home(out, file string) string { return filepath.Join(out, studentsDir, file) }

// recordFile is where a student's record is.
func recordFile(out, file string) string { return filepath.Join(home(out, file), "record.json") }

// codeDir is where the code is kept that was graded.
func codeDir(out, file string) string { return filepath.Join(home(out, file), "code") }

// traceFile is where the events of a told failure are.
func traceFile(out, file, caseID string) string {
	return filepath.Join(home(out, file), "traces", traceName(caseID))
}

func traceName(caseID string) string { return strings.ReplaceAll(caseID, "/", "-") + ".jsonl.gz" }
