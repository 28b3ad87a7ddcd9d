package sim

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"raftlab/internal/vet"
)

// otherLanguages are the file name extensions that the go command compiles besides .go.
var otherLanguages = map[string]bool{
	".s": true, ".S": true, ".sx": true, ".c": true, ".h": true, ".cc": true, ".cpp": true, ".cxx": true, ".hh": true,
	".hpp": true, ".hxx": true, ".m": true, ".f": true, ".F": true, ".for": true, ".f90": true, ".syso": true, ".o": true,
	".a": true, ".swig": true, ".swigcxx": true,
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	b.WriteString("the code under test uses what it may not use:")
	for _, r := range e.Refusals {
		fmt.Fprintf(&b, "\n%s:%d: %s: %s", r.File, r.Line, r.What, r.Why)
	}
	return b.String()
}

// Vet reads the code under test with its types, and compiles nothing of it. The error is a
// [RefusedError] or a [CompileError] where that code is to blame. Without an error, what the type
// checker says is wrong is in the Errors of the result.
func (b Build) Vet(ctx context.Context) (*vet.Checked, error) {
	store, err := openCache()
	if err != nil {
		return nil, err
	}
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	return p.vet(ctx, store)
}

// also is a package that others may not import, but the framework's own peer on it may: "" for
// everybody else.
func (b Build) also() string {
	if b.Impl["raft"] == filepath.Join(b.Framework, "etcdraft", "raft") {
		return vet.Module + "/etcdraft"
	}
	return ""
}

// vet is [Build.Vet], once all that it needs is there.
func (p prepared) vet(ctx context.Context, store cache) (*vet.Checked, error) {
	b, t := p.Build, p.code
	guest, edited := b, p.edited
	if b.Native { // the types are those of a guest's packages, which are there anyway
		guest.Native, guest.Race, guest.Debug = false, false, false
		edited, _, _ = runtimeOverlay(p.tools.root, wasmEngine)
	}
	exports := exports{guest, p.tools, edited, store, t.underTest}.of
	cfg := vet.Config{Spent: processorTime, Framework: b.Framework, Replace: t.replace, GoRoot: p.tools.root, UnderTest: map[string][]vet.File{}, Exports: exports}
	for _, name := range sortedKeys(t.underTestFiles) {
		s := t.underTestFiles[name]
		pkg := vet.Module + "/" + path.Dir(name)
		cfg.UnderTest[pkg] = append(cfg.UnderTest[pkg], vet.File{Name: name, Display: s.display, Text: s.text})
	}
	cfg.Also = b.also()
	checked, err := vet.Load(ctx, cfg)
	var source *vet.SourceError
	if errors.As(err, &source) {
		return nil, &CompileError{Output: source.Error()}
	}
	if err != nil {
		return nil, fmt.Errorf("check the code under test: %w", err)
	}
	if refusals := checked.Refusals(); len(refusals) > 0 {
		return nil, &RefusedError{Refusals: refusals}
	}
	return checked, nil
}

// blames reports whether an error is about the code under test.
func blames(err error) bool {
	var compile *CompileError
	var refused *RefusedError
	return errors.As(err, &compile) || errors.As(err, &refused)
}

// typeErrors is what the code under test is told if the type checker has found errors and the
// compiler has not. Such code was not checked, so it does not run.
func typeErrors(checked *vet.Checked) error {
	var lines []string
	for _, err := range checked.Errors[:min(len(checked.Errors), 10)] {
		lines = append(lines, err.Error())
	}
	return &CompileError{Output: strings.Join(lines, "\n")}
}
