package suite

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// Reference is the name of the framework's own peer where --impl asks for a directory.
const Reference = "reference"

// EtcdRaft is the name of the peer built on etcd's Raft library (package etcdraft) where --impl asks
// for a directory.
const EtcdRaft = "etcdraft"

// Code is the code under test: the packages of a framework checkout, or others in their place.
type Code struct {
	Framework string            // root of the checkout
	Given     string            // as the user calls it: a directory, or [Reference]
	Key       string            // absolute path, by which [State] knows it
	Impl      map[string]string // package ("raft") -> absolute directory; nil for the framework's own

	shown map[string]string // package -> directory as the user knows it
}

// FindCode finds the code under test. impl is a course tree (with raft/ in it) or a directory with
// one of the packages, relative to the working directory; packages are those that a lab tests, such
// as "./raft". An empty impl means the framework's own packages; in a course tree those are the
// student's, and are treated like any others. [EtcdRaft] means etcd's library in place of raft, and the
// framework's own packages otherwise.
func FindCode(framework string, courseTree bool, impl string, packages []string) (Code, error) {
	c := Code{Framework: framework, Given: impl, shown: map[string]string{}}
	switch {
	case impl == "" && courseTree:
		c.Given, impl = ".", framework
	case impl == "" || impl == Reference && !courseTree:
		c.Given, c.Key = Reference, framework
		return c, nil
	case impl == Reference:
		return c, fmt.Errorf("--impl reference: this is a course tree, it has no reference; leave --impl out to test its own raft/")
	case impl == EtcdRaft && !courseTree:
		impl = filepath.Join(framework, "etcdraft") // like a course tree, it has a raft/
		packages = []string{"./raft"}
	}
	abs, err := filepath.Abs(impl)
	if err != nil {
		return c, fmt.Errorf("--impl %s: %w", impl, err)
	}
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		return c, fmt.Errorf("--impl %s: there is no such directory; give a course tree, or the directory with your raft.go", impl)
	}
	c.Key, c.Impl = abs, map[string]string{}
	for _, p := range packages {
		name := strings.TrimPrefix(p, "./")
		for _, sub := range []string{name, "."} {
			dir := filepath.Join(abs, filepath.FromSlash(sub))
			if packageIn(dir) == lastPart(name) {
				c.Impl[name], c.shown[name] = dir, filepath.ToSlash(filepath.Join(c.shownBase(), sub))
				break
			}
		}
	}
	if len(c.Impl) == 0 {
		first := strings.TrimPrefix(packages[0], "./")
		return c, fmt.Errorf("--impl %s: no code to test: neither %s nor %s has Go files with `package %s`; give a course tree, or the directory with your %s.go",
			impl, filepath.Join(impl, first), impl, lastPart(first), lastPart(first))
	}
	return c, nil
}

// shownBase is what the user sees before a file's name: nothing for the tree they are in.
func (c Code) shownBase() string {
	if c.Given == "." {
		if rel, err := relativeToHere(c.Framework); err == nil {
			return rel
		}
	}
	return c.Given
}

func relativeToHere(path string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Rel(here, path)
}

// Has reports an error if the code lacks one of packages.
func (c Code) Has(packages []string) error {
	for _, p := range packages {
		name := strings.TrimPrefix(p, "./")
		if _, ok := c.Impl[name]; !ok && c.Impl != nil && c.Given != EtcdRaft {
			return fmt.Errorf("--impl %s: it has no package %s, which the selected cases test; select others or add %s", c.Given, name, name)
		}
	}
	return nil
}

// Build says how to build the test binary of pkg ("./raft").
func (c Code) Build(pkg string) sim.Build {
	return sim.Build{Framework: c.Framework, Package: pkg, Impl: c.Impl, Private: true}
}

// Show turns a place in the build, such as "raftlab/raft/raft.go:12", into one that the user knows.
func (c Code) Show(place string) string {
	place = strings.TrimPrefix(filepath.ToSlash(place), "raftlab/")
	for name, shown := range c.shown {
		if rest, ok := strings.CutPrefix(place, name+"/"); ok {
			return strings.TrimPrefix(shown+"/"+rest, "./")
		}
	}
	return place
}

// ToDos returns the notes in the code about what is not written yet.
func (c Code) ToDos() []ToDo {
	var all []ToDo
	for name, dir := range c.Impl {
		all = append(all, FindToDos(dir, c.shown[name])...)
	}
	slices.SortFunc(all, func(a, b ToDo) int { return strings.Compare(a.Part+a.File, b.Part+b.File) })
	return all
}

// packageIn is the name of the package whose (non-test) Go files are in dir, or "".
func packageIn(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is fixed, and is the only error
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly); err == nil {
			return f.Name.Name
		}
	}
	return ""
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Faults sorts an error of building the code under test: the places to be shown to its author
// and the outcome that all its cases get, or [record.FrameworkError] if it is not the author's fault.
func (c Code) Faults(err error) ([]Fault, record.Outcome) {
	var refused *sim.RefusedError
	var compile *sim.CompileError
	switch {
	case errors.As(err, &refused):
		var faults []Fault
		for _, r := range refused.Refusals {
			faults = append(faults, Fault{Kind: string(record.Tampering), File: c.relative(r.File), Line: r.Line, Text: r.What + ": " + r.Why})
		}
		return faults, record.Tampering
	case errors.As(err, &compile):
		var faults []Fault
		for _, line := range strings.Split(strings.TrimSpace(compile.Output), "\n") {
			faults = append(faults, c.compileFault(line))
		}
		return faults, NotBuilt
	}
	return nil, record.FrameworkError
}

var compilerLine = regexp.MustCompile(`^(.+\.go):(\d+):(.*)$`)

// compileFault reads one line of the compiler.
func (c Code) compileFault(line string) Fault {
	m := compilerLine.FindStringSubmatch(line)
	if m == nil {
		return Fault{Kind: compileError, Text: line}
	}
	n, _ := strconv.Atoi(m[2]) // digits only
	text := strings.TrimSpace(m[3])
	if column, rest, ok := strings.Cut(text, ":"); ok {
		if _, err := strconv.Atoi(column); err == nil {
			text = strings.TrimSpace(rest)
		}
	}
	return Fault{Kind: compileError, File: c.relative(m[1]), Line: n, Text: text}
}

const compileError = "compile error"

// relative turns a file as the build knows it into the one that the user knows.
func (c Code) relative(file string) string {
	if !filepath.IsAbs(file) {
		return c.Show(file)
	}
	for name, dir := range c.Impl {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return c.Show(name + "/" + filepath.ToSlash(rel))
		}
	}
	if rel, err := filepath.Rel(c.Framework, file); err == nil && filepath.IsLocal(rel) {
		return c.Show(filepath.ToSlash(rel))
	}
	return file
}
