package adopt

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/submission"
)

// tree is all that was handed in, as far as it is Go.
type tree struct {
	fset     *token.FileSet
	dirs     map[string]*directory
	modules  map[string]string // directory of a go.mod -> name of the module
	own      []string          // names of modules on the network that the course's framework was given
	handedIn map[string]bool   // names of all Go files, without their directories
}

// directory is one directory with Go files.
type directory struct {
	name  string
	files []*file
	tests []*file // _test.go files: they tell the year
}

// file is one Go file.
type file struct {
	tree  *tree
	dir   string
	name  string // with its directory
	text  []byte
	ast   *ast.File // never nil; of a file with syntax errors what could be read
	whole bool      // it has no syntax errors

	forgotten []ast.Node // what does not go into the adopted tree
	edits     []edit
	tail      []string
}

func wanted(name string) bool {
	return path.Ext(name) == ".go" || path.Base(name) == "go.mod"
}

// read reads a folder or an archive, beside modules that a course allows.
func read(ctx context.Context, from string, modules []submission.File) (*tree, error) {
	limits := submission.Tree
	limits.Vendor = true
	files, err := submission.ReadAny(ctx, from, limits, wanted)
	if err != nil {
		return nil, err
	}
	brought := map[string]bool{}
	for _, f := range files {
		brought[path.Dir(f.Name)] = true
	}
	for _, f := range modules {
		if !brought[path.Dir(f.Name)] {
			files = append(files, f)
		}
	}
	return parse(files), nil
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)"?`)

// parse parses what was read. Only what may be of interest: a tree of a course holds programs for
// other labs, too.
func parse(files []submission.File) *tree {
	t := &tree{fset: token.NewFileSet(), dirs: map[string]*directory{}, modules: map[string]string{}, handedIn: map[string]bool{}}
	for _, s := range files {
		dir := path.Dir(s.Name)
		if path.Base(s.Name) == "go.mod" {
			if m := moduleLine.FindSubmatch(s.Text); m != nil {
				t.modules[dir] = string(m[1])
			}
			continue
		}
		vendored := submission.Vendored(s.Name)
		if !vendored {
			t.handedIn[path.Base(s.Name)] = true
		}
		parsed, err := parser.ParseFile(t.fset, s.Name, s.Text, parser.ParseComments|parser.SkipObjectResolution)
		if parsed == nil || parsed.Name == nil {
			continue
		}
		f := &file{tree: t, dir: dir, name: s.Name, text: s.Text, ast: parsed, whole: err == nil}
		d := t.dirs[dir]
		if d == nil {
			d = &directory{name: dir}
			t.dirs[dir] = d
		}
		for p := range f.imports() {
			if name := path.Dir(p); !vendored && hosted(p) && slices.Contains(courseNames, lastPart(p)) && !slices.Contains(t.own, name) {
				t.own = append(t.own, name)
			}
		}
		if strings.HasSuffix(s.Name, "_test.go") {
			d.tests = append(d.tests, f)
		} else {
			d.files = append(d.files, f)
		}
	}
	return t
}

// clause is the name of the package in a directory, "" if there are only tests. A program beside
// the package (package main, mostly with a build tag that hides it) does not count.
func (d *directory) clause() (name string) {
	for _, f := range d.files {
		if name = f.ast.Name.Name; name != "main" {
			return name
		}
	}
	return name
}

// imports are the paths that a file imports, with their specs.
func (f *file) imports() map[string]*ast.ImportSpec {
	all := map[string]*ast.ImportSpec{}
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			all[p] = spec
		}
	}
	return all
}

// function returns a function of the package without receiver, and its file.
func (d *directory) function(name string) (*file, *ast.FuncDecl) {
	return d.method("", name)
}

// method returns a method by the name of its receiver's type, and its file.
func (d *directory) method(receiver, name string) (*file, *ast.FuncDecl) {
	for _, f := range d.files {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == name && receiverOf(fn) == receiver {
				return f, fn
			}
		}
	}
	return nil, nil
}

// receiverOf is the name of the type that a function is a method of, or "".
func receiverOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) != 1 {
		return ""
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := generic(t).(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}

// typeSpec finds a declaration of a type.
func (d *directory) typeSpec(name string) (*file, *ast.GenDecl, *ast.TypeSpec) {
	for _, f := range d.files {
		for _, decl := range f.ast.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, spec := range gen.Specs {
				if t := spec.(*ast.TypeSpec); t.Name.Name == name {
					return f, gen, t
				}
			}
		}
	}
	return nil, nil, nil
}

// generic is the type itself of one with parameters, and of any other the type.
func generic(t ast.Expr) ast.Expr {
	switch of := t.(type) {
	case *ast.IndexExpr:
		return of.X
	case *ast.IndexListExpr:
		return of.X
	}
	return t
}

// bare is the name of a type as it is declared: without a pointer, and without what its parameters
// are; behind a name that stands for another type of the package, that one.
func (d *directory) bare(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "*"), "[")
	if _, _, spec := d.typeSpec(name); spec != nil && spec.Assign.IsValid() {
		if id, ok := generic(spec.Type).(*ast.Ident); ok && id.Name != name {
			if _, _, behind := d.typeSpec(id.Name); behind != nil {
				return id.Name
			}
		}
	}
	return name
}

// names are the directories, sorted.
func (t *tree) names() []string { return slices.Sorted(maps.Keys(t.dirs)) }
