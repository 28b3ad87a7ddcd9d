package mutation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// typer checks the types of one bundle after the other. It is not for several goroutines.
type typer struct {
	files   *token.FileSet
	parsed  map[string]*ast.File // by name and text; most files are the reference's, again and again
	imports types.Importer       // of what bundles do not have themselves
}

// typeError is one thing that is wrong with a file of a bundle.
type typeError struct {
	file    string
	line    int
	message string
}

func newTyper(exports map[string]string) *typer {
	t := &typer{files: token.NewFileSet(), parsed: map[string]*ast.File{}}
	t.imports = importer.ForCompiler(t.files, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("there is no package %s that can be imported here", path)
		}
		return os.Open(exports[path])
	})
	return t
}

// bundle is one that is being checked.
type bundle struct {
	*typer
	packages map[string][]string // the names of the files, by import path
	edits    map[string][]byte
	done     map[string]*types.Package
	errors   []typeError
}

// check returns everything that is wrong with a bundle.
func (t *typer) check(edits map[string][]byte) []typeError {
	b := &bundle{typer: t, packages: map[string][]string{}, edits: edits, done: map[string]*types.Package{}}
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		pkg := modulePath + path.Dir(name)
		if strings.HasSuffix(name, "_test.go") {
			pkg += "_test"
		}
		b.packages[pkg] = append(b.packages[pkg], name)
	}
	for _, pkg := range slices.Sorted(maps.Keys(b.packages)) {
		if len(b.errors) == 0 {
			b.Import(pkg) // what is wrong with it is in b.errors
		}
	}
	return b.errors
}

// errUnfinished is about a package that does not compile. What is wrong with it was said before.
var errUnfinished = errors.New("it imports itself, or does not compile")

// Import implements [types.Importer].
func (b *bundle) Import(pkg string) (*types.Package, error) {
	if p, ok := b.done[pkg]; ok {
		if p == nil {
			return nil, errUnfinished
		}
		return p, nil
	}
	names, own := b.packages[pkg]
	if !own {
		return b.imports.Import(pkg)
	}
	b.done[pkg] = nil
	var files []*ast.File
	for _, name := range names {
		file, err := b.parse(name)
		if err != nil {
			b.errors = append(b.errors, syntaxErrors(name, err)...)
			return nil, err
		}
		files = append(files, file)
	}
	conf := types.Config{Importer: b, Error: func(err error) {
		var e types.Error
		if errors.As(err, &e) && !strings.Contains(e.Msg, errUnfinished.Error()) {
			at := b.files.Position(e.Pos)
			b.errors = append(b.errors, typeError{b.nameIn(names, at.Filename), at.Line, e.Msg})
		}
	}}
	p, err := conf.Check(pkg, b.files, files, nil)
	if err == nil {
		b.done[pkg] = p
	}
	return p, err
}

// parse reads a file of the bundle. Files that were parsed for another bundle go by their base
// name.
func (b *bundle) parse(name string) (*ast.File, error) {
	text := b.edits[name]
	key := path.Base(name) + "\x00" + string(text)
	if file := b.parsed[key]; file != nil {
		return file, nil
	}
	file, err := parser.ParseFile(b.files, path.Base(name), text, parser.SkipObjectResolution)
	if err == nil {
		b.parsed[key] = file
	}
	return file, err
}

// nameIn is the file of a package that has the base name.
func (b *bundle) nameIn(names []string, base string) string {
	for _, name := range names {
		if path.Base(name) == base {
			return name
		}
	}
	return base
}

// syntaxErrors are those of the parser.
func syntaxErrors(name string, err error) (all []typeError) {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return []typeError{{name, 1, err.Error()}}
	}
	for _, e := range list {
		all = append(all, typeError{name, e.Pos.Line, "syntax error: " + e.Msg})
	}
	return all
}

// modulePath begins the import paths of the framework's packages.
const modulePath = "raftlab/"

// exportsFor asks go for the export data of all packages that the bundles import and do not have
// themselves.
func exportsFor(ctx context.Context, root string, work []*checked) (map[string]string, error) {
	if len(work) == 0 {
		return nil, nil
	}
	wanted := map[string]bool{}
	for _, w := range work {
		for name, text := range w.edits {
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				continue // which is said when the file is checked
			}
			for _, spec := range file.Imports {
				if p, err := strconv.Unquote(spec.Path.Value); err == nil {
					wanted[p] = true
				}
			}
		}
	}
	for _, w := range work { // what a bundle has itself is under the name of its subject
		for name := range w.edits {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			delete(wanted, modulePath+path.Dir(name))
		}
	}
	build := exec.CommandContext(ctx, "go", "build")
	for _, w := range work {
		if pkg := w.subject.Package(); !slices.Contains(build.Args, pkg) {
			build.Args = append(build.Args, pkg)
		}
	}
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the tree that the patches change does not compile itself; mend that first: %w\n%s", err, out)
	}
	args := append([]string{"list", "-e", "-export", "-f", "{{.ImportPath}} {{.Export}}"}, slices.Sorted(maps.Keys(wanted))...)
	cmd := exec.CommandContext(ctx, "go", args...)
	var errOut bytes.Buffer
	cmd.Dir, cmd.Stderr = root, &errOut
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("compiling what the patched packages import: %w\n%s", err, errOut.String())
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if p, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			exports[p] = file
		}
	}
	return exports, nil
}
