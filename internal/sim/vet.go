package sim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// This file reads the code under test before it is compiled. A run's verdict is only worth something
// if the code under test cannot write it, so that code may not reach beyond the language's own
// guarantees (unsafe and its relatives, directives that talk to linker and host, other languages), nor
// the packages that hold or judge the run. Everything else of Go is allowed: the run happens
// inside a sandbox, with no files and no network.

const (
	whyMemory  = "with it, code can read and change the memory of the harness that judges it"
	whyHarness = "the code under test must not call the harness that judges it"
	whyHost    = "it reaches around the Go language, to the linker or the host"
)

// refusedImports are import paths and why they are refused. A path that ends in a slash stands for all
// below it, too.
var refusedImports = map[string]string{
	"unsafe":            whyMemory,
	"C":                 "code under test is Go; C code would not run in the engine",
	"testing/":          whyHarness,
	"plugin":            whyHost,
	"runtime/cgo":       whyHost,
	"syscall/js":        whyHost,
	"raftlab/tester/":   whyHarness,
	"raftlab/labs/":     whyHarness,
	"raftlab/internal/": whyHarness,
	"raftlab/cmd/":      whyHarness,
	"raftlab/mutants/":  whyHarness,
	"raftlab/variants/": whyHarness,
}

// refusedNames are all exported functions and methods of the standard library that mention
// unsafe.Pointer: a value of that type converts to any pointer type, even where package unsafe is not
// imported. They are refused if any file of the code under test imports the package.
var refusedNames = map[string]map[string]bool{
	"reflect":     {"NewAt": true, "SliceAt": true, "UnsafePointer": true, "SetPointer": true},
	"runtime":     {"SetCgoTraceback": true},
	"sync/atomic": {"LoadPointer": true, "StorePointer": true, "SwapPointer": true, "CompareAndSwapPointer": true},
}

// allowedDirectives are the //go: comments that mean no harm.
var allowedDirectives = map[string]bool{
	"//go:build": true, "//go:generate": true, "//go:noinline": true, "//go:inline": true, "//go:fix": true,
}

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

// vetter reads the files of the code under test, all of them before it judges: a value may get from a
// file that imports reflect into one that does not.
type vetter struct {
	files    *token.FileSet
	asts     []*ast.File
	imported map[string]bool
	refusals []Refusal
	foreign  []string // messages about imports from other modules
}

func newVetter() *vetter { return &vetter{files: token.NewFileSet(), imported: map[string]bool{}} }

func (v *vetter) refuse(at token.Pos, what, why string) {
	p := v.files.PositionFor(at, false) // what a //line comment claims does not count
	v.refusals = append(v.refusals, Refusal{File: p.Filename, Line: p.Line, What: what, Why: why})
}

// add reads a file. name is what the user calls it. A file that does not parse is left to the
// compiler, which says it better, and does not compile it either.
func (v *vetter) add(name string, source []byte) {
	file, err := parser.ParseFile(v.files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil || err != nil {
		return
	}
	v.asts = append(v.asts, file)
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		v.imported[path] = true
		if why, refused := refusedImport(path); refused {
			v.refuse(spec.Pos(), "imports "+path, why)
		} else if foreign(path) {
			p := v.files.PositionFor(spec.Pos(), false)
			v.foreign = append(v.foreign, fmt.Sprintf("%s:%d:%d: import %q: only the standard library and the framework's packages "+
				"(raftlab/labrpc, raftlab/labgob, raftlab/raftapi, ...) can be used", p.Filename, p.Line, p.Column, path))
		}
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			directive, _, _ := strings.Cut(comment.Text, " ")
			directive, _, _ = strings.Cut(directive, "\t")
			if strings.HasPrefix(directive, "//go:") && !allowedDirectives[directive] ||
				strings.HasPrefix(comment.Text, "//export ") || strings.HasPrefix(comment.Text, "//extern ") {
				v.refuse(comment.Pos(), "uses "+directive, whyHost)
			}
		}
	}
}

// refusedImport reports whether code under test may not import path.
func refusedImport(path string) (why string, refused bool) {
	for prefix, why := range refusedImports {
		if path == strings.TrimSuffix(prefix, "/") || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix) {
			return why, true
		}
	}
	return "", false
}

// foreign reports whether path belongs to a module of somebody else: harmless, mostly (an import path that was
// not adapted to this framework), but not available.
func foreign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// check looks for names, which may be used in another file than the one with the import, and returns all
// that was found.
func (v *vetter) check() []Refusal {
	for _, file := range v.asts {
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if strings.HasPrefix(id.Name, backedgeName) {
				v.refuse(id.Pos(), "uses the name "+id.Name, "the engine needs it for itself")
			}
			for path, names := range refusedNames {
				if names[id.Name] && v.imported[path] {
					v.refuse(id.Pos(), "uses "+id.Name+" of package "+path, whyMemory)
				}
			}
			return true
		})
	}
	return v.refusals
}
