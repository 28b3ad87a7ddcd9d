package mutation

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"raftlab/internal/patch"
)

// Kind says what is expected of a subject.
type Kind string

const (
	Mutant    Kind = "mutant"    // has to fail, for one of the reasons it names
	Variant   Kind = "variant"   // has to pass
	Reference Kind = "reference" // has to pass; it is the unpatched tree
)

// Subject is one peer that the suite is run on.
type Subject struct {
	Name  string
	Kind  Kind
	Patch *patch.Patch // nil for the reference
}

// About says in one line what is different from the reference.
func (s Subject) About() string {
	switch s.Kind {
	case Mutant:
		return s.Patch.Header.Wrong
	case Variant:
		return s.Patch.Header.Style
	}
	return "the tree as it is"
}

// Runner is patch.Engine, patch.Race or patch.Strict.
func (s Subject) Runner() string {
	if s.Patch == nil {
		return patch.Engine
	}
	return s.Patch.Header.Runner
}

// Contract is the year of the course by which the subject is judged, or "".
func (s Subject) Contract() string {
	if s.Patch == nil {
		return ""
	}
	return s.Patch.Header.Contract
}

// Load reads the mutants or the variants of the tree at root, in the order of their names. The
// variants begin with the reference. The error names each header that is incomplete; whether a
// patch still applies shows in [Bundle].
func Load(root string, kind Kind) ([]Subject, error) {
	dir := map[Kind]string{Mutant: "mutants", Variant: "variants"}[kind]
	patches, err := patch.LoadDir(filepath.Join(root, dir))
	if len(patches) == 0 && err == nil {
		return nil, fmt.Errorf("there are no %s in %s: they belong to the framework's own checkout, not to course trees", dir, filepath.Join(root, dir))
	}
	var subjects []Subject
	if kind == Variant {
		subjects = append(subjects, Subject{Name: string(Reference), Kind: Reference})
	}
	bad := []error{err}
	for _, p := range patches {
		if lacks := missing(kind, p.Header); lacks != "" {
			bad = append(bad, fmt.Errorf("%s: the header lacks %q", p.File, lacks))
			continue
		}
		subjects = append(subjects, Subject{p.Name, kind, p})
	}
	return subjects, errors.Join(bad...)
}

// missing names the first key that a header of this kind lacks.
func missing(kind Kind, h patch.Header) string {
	switch {
	case kind == Variant && h.Style == "":
		return "style"
	case kind == Variant && h.Why == "":
		return "why"
	case kind == Variant:
		return ""
	case h.Wrong == "":
		return "wrong"
	case h.Rule == "":
		return "rule"
	case len(h.Parts) == 0:
		return "parts"
	case len(h.Dies) == 0:
		return "dies"
	}
	return ""
}

// Choose splits selectors into those that name subjects, by name or pattern (snapshot-*), and the
// rest, which are for cases. Without selectors for subjects all are chosen.
func Choose(subjects []Subject, selectors []string) (chosen []Subject, rest []string) {
	wanted := map[string]bool{}
	for _, sel := range selectors {
		found := false
		for _, s := range subjects {
			if ok, err := path.Match(strings.ToLower(sel), s.Name); err == nil && ok {
				wanted[s.Name], found = true, true
			}
		}
		if !found {
			rest = append(rest, sel)
		}
	}
	if len(wanted) == 0 {
		return subjects, rest
	}
	for _, s := range subjects {
		if wanted[s.Name] {
			chosen = append(chosen, s)
		}
	}
	return chosen, rest
}
