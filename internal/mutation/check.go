package mutation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"raftlab/internal/patch"
)

// Flaw is what keeps a patch from being run.
type Flaw struct {
	Subject string // "votes-twice"
	Patch   string // the patch file: "mutants/votes-twice.patch"
	Line    int    // in it, or 0 where that is not known
	File    string // of the tree, which the patch changes: "raft/election.go"
	Compile bool   // it applies and does not compile
	Message string
}

// String says it in one line, in the form that editors jump to.
func (f Flaw) String() string {
	where := f.Patch
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, f.Line)
	}
	if f.Compile {
		return fmt.Sprintf("%s: %s: does not compile: %s", where, f.File, f.Message)
	}
	return fmt.Sprintf("%s: %s: does not apply: %s", where, f.File, f.Message)
}

// messagesEach is how many errors of the type checker are told of one patch; the others mostly
// follow from them.
const messagesEach = 3

// Check applies the patches of all subjects to the tree at root and checks the types of what they
// make of it, as the packages and tests in which [Bundle] puts them. It compiles nothing of that;
// the packages that they import have to be compiled, which go does once. It returns every flaw, in
// the order of the subjects; the error is about what is no patch's fault.
func Check(ctx context.Context, root string, subjects []Subject) ([]Flaw, error) {
	c := &check{root: root}
	var work []*checked
	flaws := make([][]Flaw, len(subjects))
	for i, s := range subjects {
		if s.Patch == nil {
			continue
		}
		applied, err := s.Patch.ApplyTo(patch.Tree(root))
		if err != nil {
			flaws[i] = c.misfits(s, err)
			continue
		}
		edits, err := Bundle(root, s.Package(), []Subject{s})
		if err != nil {
			flaws[i] = []Flaw{{Subject: s.Name, Patch: c.relative(s.Patch.File), File: strings.Join(s.Patch.Files(), ", "), Message: err.Error()}}
			continue
		}
		work = append(work, &checked{at: i, subject: s, applied: applied, edits: edits})
	}
	exports, err := exportsFor(ctx, root, work)
	if err != nil {
		return nil, err
	}
	next := make(chan *checked)
	var all sync.WaitGroup
	for range min(len(work), runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			t := newTyper(exports)
			for w := range next {
				flaws[w.at] = c.typeErrors(t, w)
			}
		})
	}
	for _, w := range work {
		if ctx.Err() != nil {
			break
		}
		next <- w
	}
	close(next)
	all.Wait()
	return slices.Concat(flaws...), ctx.Err()
}

// check is one call of [Check].
type check struct{ root string }

// checked is a subject whose patch applies.
type checked struct {
	at      int
	subject Subject
	applied *patch.Applied
	edits   map[string][]byte
}

func (c *check) relative(file string) string {
	if rel, err := filepath.Rel(c.root, file); err == nil {
		return filepath.ToSlash(rel)
	}
	return file
}

// misfits turns the error of a patch that does not apply into flaws.
func (c *check) misfits(s Subject, err error) []Flaw {
	var flaws []Flaw
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		f := Flaw{Subject: s.Name, Patch: c.relative(s.Patch.File), Message: err.Error()}
		var h *patch.HunkError
		if errors.As(err, &h) {
			f.Line, f.File, f.Message = h.Line, h.File, h.Why
		}
		flaws = append(flaws, f)
	}
	return flaws
}

// typeErrors checks the types of one subject.
func (c *check) typeErrors(t *typer, w *checked) []Flaw {
	var flaws []Flaw
	for _, e := range t.check(w.edits) {
		f := Flaw{Subject: w.subject.Name, Patch: c.relative(w.subject.Patch.File), Compile: true, Message: e.message}
		home := w.subject.home(e.file)
		f.File = fmt.Sprintf("%s:%d", home, e.line)
		f.Line = w.applied.Line(home, e.line)
		if flaws = append(flaws, f); len(flaws) == messagesEach {
			break
		}
	}
	return flaws
}

// home is where a file of the subject, named as in its bundle, stands in the tree:
// "raft/election.go" for "raft/votes-twice/election.go".
func (s Subject) home(file string) string {
	f, err := familyOf(s.Package())
	name, own := strings.CutPrefix(file, f.dir+"/"+s.Name+"/")
	if err != nil || !own {
		return file
	}
	return f.home(name)
}
