package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"raftlab/internal/grade"
	"raftlab/internal/owncases"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
	"raftlab/labs"
	private "raftlab/labs/private"
	"raftlab/tester"
)

// casesFlag is the flag that brings in an instructor's own cases.
func (a *app) casesFlag(flags *pflag.FlagSet) {
	flags.StringVar(&a.casesDir, "cases", "", "a `directory` with a package of your own cases, which run like the others (docs/private-cases.md)")
}

// numberingFlag is the flag that calls labs and parts as the course does.
func (a *app) numberingFlag(flags *pflag.FlagSet) {
	flags.StringVar(&a.numbering, "numbering", "", "call labs and parts as the course does since this `year`, 2024 or 2025: Raft is lab 3 (docs/grading.md)")
}

// names is the numbering that was asked for, or that this tree was handed out with.
func (a *app) names() suite.Numbering {
	if a.numbering != "" {
		return suite.Numbering(a.numbering)
	}
	root, err := a.root()
	if err != nil {
		return ""
	}
	return suite.Numbering(numberingOfTree(root.Dir))
}

// numberingExtra is what a numbering is called among the extras of a tree.
func numberingExtra(n string) string { return "numbering-" + n }

// allCases are the cases there are, by the names that are asked for: those of the labs, and the
// instructor's own where --cases names some.
func (a *app) allCases(ctx context.Context) ([]suite.Case, error) {
	n := a.names()
	if err := n.Check(); err != nil {
		return nil, err
	}
	cases, err := a.ownCasesToo(ctx)
	return n.Rename(cases), err
}

// ownCasesToo are the cases there are, the instructor's own among them, by our own names.
func (a *app) ownCasesToo(ctx context.Context) ([]suite.Case, error) {
	if a.casesDir == "" {
		return suite.Cases(labs.All()), nil
	}
	if a.own == nil {
		root, err := a.root()
		if err != nil {
			return nil, err
		}
		if a.own, err = owncases.Read(ctx, root.Dir, a.casesDir, withoutPrivate()); err != nil {
			return nil, err
		}
	}
	all := suite.Cases(withoutPrivate())
	for _, c := range a.own.Cases {
		all = slices.Insert(all, behind(all, c), c)
	}
	return all, nil
}

// behind is where a case goes: behind the others of its part, or else of its lab.
func behind(all []suite.Case, c suite.Case) int {
	at := len(all)
	for i, other := range all {
		if other.Lab == c.Lab {
			at = i + 1
		}
	}
	for i, other := range all {
		if other.Part == c.Part {
			at = i + 1
		}
	}
	return at
}

// withoutPrivate are the labs without the instructor's cases that this tree was handed out with:
// others take their place.
func withoutPrivate() []tester.Lab {
	all := labs.All()
	for i, l := range all {
		own := private.Cases(l.Name)
		all[i].Cases = slices.DeleteFunc(slices.Clone(l.Cases), func(c tester.Case) bool {
			return slices.ContainsFunc(own, func(o tester.Case) bool { return o.ID() == c.ID() })
		})
	}
	return all
}

// withCases is code whose test binaries have the instructor's cases in them.
func (a *app) withCases(code suite.Code) suite.Code {
	if a.own != nil {
		code.Edits = a.own.Edits
	}
	code.Numbering = a.names()
	return code
}

// withCasesOf has the cases with which grades were made that are in dir, by the names that they
// had, unless flags say otherwise.
func (a *app) withCasesOf(dir string) {
	if a.numbering == "" {
		a.numbering = string(grade.NumberingOf(dir))
	}
	kept := filepath.Join(dir, grade.CasesDir)
	if info, err := os.Stat(kept); a.casesDir == "" && err == nil && info.IsDir() {
		a.casesDir = kept
	}
}

// identity is what verdicts depend on beside the code under test.
func (a *app) identity(ctx context.Context, framework string) (sim.Identity, error) {
	id, err := sim.IdentityOf(ctx, framework)
	if err != nil {
		return id, fmt.Errorf("find out which framework this is: %w", err)
	}
	if a.own != nil {
		id.Cases = a.own.Files.Hash()
	}
	return id, nil
}

// courseFlag is the flag that leaves out what only raftlab asks for.
func courseFlag(flags *pflag.FlagSet, course *bool) {
	flags.BoolVar(course, "course", false, "only cases that the course's own tests demand, too (docs/grading.md)")
}

// demandedByCourse are the cases that the course's own tests demand, too.
func demandedByCourse(cases []suite.Case) []suite.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c suite.Case) bool { return c.Course == "" })
}

// tellUnselected says which of the instructor's own cases are not selected. Who gives --cases wants
// them to run, and a selection such as 2A-2D has no part 2X in it.
func (a *app) tellUnselected(all, selected []suite.Case) {
	var left []string
	for _, c := range all {
		if c.Private && a.casesDir != "" && !slices.ContainsFunc(selected, func(s suite.Case) bool { return s.ID() == c.ID() }) {
			left = append(left, c.ID())
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(a.err, "of --cases %s, these are not selected, and do not run: %s; name them, or their part, as well\n", a.casesDir, submission.Listed(left))
	}
}
