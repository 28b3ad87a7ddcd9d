package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
)

// Reference is the name of the framework's own peer where --impl asks for a directory.
const Reference = "reference"

// EtcdRaft is the name of the peer built on etcd's Raft library (package etcdraft) where --impl
// asks for a directory.
const EtcdRaft = "etcdraft"

// Code is the code under test: the packages of a framework checkout, or others in their place.
type Code struct {
	Framework string            // root of the checkout
	Given     string            // as the user calls it: a directory, or [Reference]
	Key       string            // absolute path, by which [State] knows it
	Impl      map[string]string // package ("raft") -> absolute directory; nil for the framework's own

	// Numbering is that of the tree that the code was written in, whose notes name parts.
	Numbering Numbering
	// Edits replace files of the framework itself, by their slash-separated paths in it: an
	// instructor's own cases come in by them.
	Edits map[string][]byte

	shown map[string]string // package -> directory as the user knows it
	lacks map[string]string // parts that adopted code cannot be tested in -> why
}

// The engines, as users call them.
const (
	WasmEngine   = "wasm"
	NativeEngine = "native"
)

// Own says that the code is this tree's, which its user trusts, and not somebody else's.
func (c Code) Own() bool { return c.Impl == nil || c.Given == "." || c.Given == EtcdRaft }

// FindCode finds the code under test. impl is a course tree (with raft/ in it) or a directory with
// one of the packages, relative to the working directory; packages are those that a lab tests, such
// as "./raft". A shard controller by itself is taken as well (controller.go). An empty impl means
// the framework's own packages; in a course tree those are the student's, and are treated like any
// others. [EtcdRaft] means etcd's library in place of raft, and the framework's own packages
// otherwise.
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
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return c, fmt.Errorf("--impl %s: there is no such directory, it is a file; give a course tree, or the directory that the file is in", impl)
	} else if errors.Is(err, fs.ErrPermission) {
		return c, fmt.Errorf("--impl %s: it may not be read by this user: give the right to read it, and to enter the directories above it", impl)
	} else if err != nil {
		return c, fmt.Errorf("--impl %s: there is no such directory; give a course tree, or the directory with your raft.go", impl)
	}
	c.Key, c.Impl = abs, map[string]string{}
	names := trimmed(packages)
	for _, name := range names {
		c.take(name, name, ".")
	}
	if c.Impl[shardedPackage] == "" && slices.Contains(names, shardedPackage) {
		names = append(names, controllerPackage)
		c.take(controllerPackage, controllerPackage, lastPart(controllerPackage), ".")
	}
	if len(c.Impl) == 0 {
		return c, nothingIn(impl, abs, names)
	}
	return c, nil
}

// Lacking says in which parts the code cannot be tested although it has the package, and why.
func (c Code) Lacking(parts map[string]string) Code {
	c.lacks = parts
	return c
}

// Adopted says that the code stands where it was adopted: what it lacks, its course or its year did
// not ask for.
func (c Code) Adopted() bool { return c.lacks != nil }

// take looks for a package in the subdirectories of the code, and takes the first that has it.
func (c Code) take(name string, subdirectories ...string) {
	for _, sub := range subdirectories {
		dir := filepath.Join(c.Key, filepath.FromSlash(sub))
		if !submission.HasDirectory(c.Key, sub) {
			continue
		}
		if packages, _ := packagesIn(dir); slices.Contains(packages, lastPart(name)) {
			c.Impl[name], c.shown[name] = dir, filepath.ToSlash(filepath.Join(c.shownBase(), sub))
			return
		}
	}
}

// NoCodeError says that nothing in a directory can be tested.
type NoCodeError struct{ What string }

func (e *NoCodeError) Error() string { return e.What }

// nothingIn is the error about a directory that has none of the packages.
func nothingIn(impl, abs string, names []string) error {
	var last []string
	for _, name := range names {
		last = append(last, lastPart(name))
	}
	wanted := last[0]
	if n := len(last) - 1; n > 0 {
		wanted = strings.Join(last[:n], ", ") + " or " + last[n]
	}
	what := "no code to test"
	if found, _ := packagesIn(abs); len(found) > 0 {
		what = fmt.Sprintf("its Go files are of package %s", strings.Join(found, " and "))
	}
	for _, name := range append([]string{"."}, names...) {
		if !submission.HasDirectory(abs, name) {
			continue
		}
		if _, unread := packagesIn(filepath.Join(abs, filepath.FromSlash(name))); len(unread) > 0 {
			what = fmt.Sprintf("%s has no package clause that can be read; is it UTF-8, with lines?", path.Join(name, unread[0]))
			break
		}
	}
	return &NoCodeError{fmt.Sprintf("--impl %s: %s; to be tested it has to be package %s, in this directory or in one below it that is called so; "+
		"give a course tree, or the directory with one of these packages", impl, what, wanted)}
}

// trimmed are packages without the "./" that the go command wants.
func trimmed(packages []string) (names []string) {
	for _, p := range packages {
		if name := strings.TrimPrefix(p, "./"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Has reports an error if the code lacks a package that one of the cases tests.
func (c Code) Has(cases ...Case) error {
	if c.Impl == nil || c.Given == EtcdRaft {
		return nil
	}
	for _, k := range cases {
		name := strings.TrimPrefix(k.Package, "./")
		if why := c.lacks[k.Own().Part]; why != "" {
			return fmt.Errorf("--impl %s: %s", c.Given, why)
		}
		dir, ok := c.Impl[name]
		if ok && k.Field != "" && !sets(dir, k.Field) {
			return fmt.Errorf("--impl %s: its package %s sets no %s of the service, which %s tests; select other cases", c.Given, name, k.Field, k.ID())
		}
		if ok || c.controllerAlone() && testsController(k) {
			continue
		}
		if c.controllerAlone() && name == shardedPackage {
			return fmt.Errorf("--impl %s: it has a shard controller and no package %s, so only part %s can be tested, and %s is selected; "+
				"select %[3]s, or add the groups of servers, which are package %[2]s", c.Given, name, controllerPart, k.ID())
		}
		return fmt.Errorf("--impl %s: it has no package %s, which %s tests; select other cases, or give a directory that has %[2]s/ as well",
			c.Given, name, k.ID())
	}
	return nil
}

// Graded returns those of the cases that the code has something for, and a sentence for each lab or
// part of the others.
func (c Code) Graded(cases []Case) (graded []Case, why []string) {
	for _, k := range cases {
		if c.Has(k) == nil {
			graded = append(graded, k)
			continue
		}
		says := c.lacks[k.Own().Part]
		switch name := lastPart(k.Package); {
		case says != "":
		case c.controllerAlone() && name == shardedPackage:
			says = fmt.Sprintf("no %s here, but its controller: of %s part %s alone is graded", name, k.Lab, controllerPart)
		default:
			says = fmt.Sprintf("no %s here: %s is not graded", cmp.Or(k.Field, name), k.Lab)
		}
		if !slices.Contains(why, says) {
			why = append(why, says)
		}
	}
	return graded, why
}

// Packages returns the import paths of the code under test for a case, which are those whose calls
// are worth telling of a stack: "raftlab/raft". What a service runs on is among them if it was
// given, too.
func (c Code) Packages(k Case) []string {
	names := append(trimmed([]string{k.Package}), slices.Sorted(maps.Keys(c.Impl))...)
	slices.Sort(names)
	names = slices.Compact(names)
	for i, name := range names {
		names[i] = "raftlab/" + name
	}
	return names
}

// Build says how to build the test binary of pkg ("./raft").
func (c Code) Build(pkg string) sim.Build {
	b := sim.Build{Framework: c.Framework, Package: pkg, Impl: c.needed(pkg), Private: true, Edits: maps.Clone(c.Edits)}
	if c.controllerAlone() {
		b.Edits = c.withoutGroups()
		maps.Copy(b.Edits, c.Edits)
	}
	return b
}

// ToDos returns the notes in the code about what is not written yet, in no particular order.
func (c Code) ToDos() []ToDo {
	var all []ToDo
	for name, dir := range c.Impl {
		all = append(all, FindToDos(dir, c.shown[name])...)
	}
	for i, t := range all {
		all[i].Part = c.Numbering.own(t.Part)
	}
	return all
}

// packagesIn are the names of the packages whose (non-test) Go files are in dir, and the files whose
// package cannot be read.
func packagesIn(dir string) (packages, unread []string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is fixed, and is the only error
	for _, file := range files {
		if base := filepath.Base(file); strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") {
			continue
		}
		text, err := submission.ReadFile(context.Background(), file)
		if err != nil {
			continue // the build says what is wrong with it
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly)
		switch {
		case err != nil:
			unread = append(unread, filepath.Base(file))
		case !slices.Contains(packages, f.Name.Name):
			packages = append(packages, f.Name.Name)
		}
	}
	return packages, unread
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Faults sorts an error of building the code under test: the places to be shown to its author and
// the outcome that all its cases get, or [record.FrameworkError] if it is not the author's fault.
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
			if strings.HasPrefix(line, "# ") { // the package; the files that follow say as much
				continue
			}
			f := c.compileFault(line)
			if c.controllerAlone() && f.File == entranceFile {
				f.File, f.Line, f.Text = "", 0, f.Text+c.Numbering.Text(entranceHelp)
			}
			faults = append(faults, f)
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
	if p := noSuchPackage.FindStringSubmatch(text); p != nil {
		text = fmt.Sprintf("there is no package %s; it would be in %s/", p[1], c.Show(p[1]))
	}
	return Fault{Kind: compileError, File: c.relative(m[1]), Line: n, Text: text}
}

// noSuchPackage is what the go command says of a package of this module that does not exist. Its
// "not in std" sends people looking in the wrong place.
var noSuchPackage = regexp.MustCompile(`^package (raftlab/\S+) is not in std\b`)

const compileError = "compile error"
