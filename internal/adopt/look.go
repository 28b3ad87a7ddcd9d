package adopt

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"strings"
)

// This file looks at packages: what they declare, call, and do not declare.

// testNames are the names of the test functions in a directory.
func (d *directory) testNames() (names []string) {
	for _, f := range d.tests {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// named returns the file with this name, or nil.
func (d *directory) named(name string) *file {
	for _, f := range d.files {
		if path.Base(f.name) == name {
			return f
		}
	}
	return nil
}

// exports reports whether a function or method of this name is declared, the course's own files
// aside.
func (d *directory) exports(name string) bool {
	for _, f := range d.files {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == name && !d.isCourse(f) {
				return true
			}
		}
	}
	return false
}

// calls reports whether something calls a method of this name which the package itself does not
// have, the course's own files aside.
func (d *directory) calls(name string) bool {
	if d.exports(name) {
		return false
	}
	for _, f := range d.files {
		if d.isCourse(f) {
			continue
		}
		if f.call(name) != nil {
			return true
		}
	}
	return false
}

// call is the first call of a method of this name in the file, or nil.
func (f *file) call(name string) (found *ast.CallExpr) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && found == nil {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
				found = call
			}
		}
		return found == nil
	})
	return found
}

// declares reports whether a file declares one of these names.
func (f *file) declares(names ...string) bool {
	for _, decl := range f.ast.Decls {
		for _, name := range declared(decl) {
			for _, want := range names {
				if name == want {
					return true
				}
			}
		}
	}
	return false
}

// declared are the package-level names of a declaration.
func declared(decl ast.Decl) (names []string) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			names = append(names, decl.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			names = append(names, specNames(spec)...)
		}
	}
	return names
}

func specNames(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		names = append(names, spec.Name.Name)
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			names = append(names, id.Name)
		}
	}
	return names
}

// checked is what the type checker knows of one package by itself. What is imported is unknown to
// it, and whatever depends on that; the package's own types are known.
type checked struct {
	info      *types.Info
	pkg       *types.Package
	undefined []string // names, and methods as Type.Method
}

var errUnknown = errors.New("imports are not looked at")

type unknown struct{}

func (unknown) Import(string) (*types.Package, error) { return nil, errUnknown }

// noMethod is what the type checker says of a method that a type of the package does not have.
var noMethod = regexp.MustCompile(`\(type \*?(\w+) has no field or method (\w+)`)

// check looks at the types of files.
func (t *tree) check(files []*file) (c checked) {
	c.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}
	seen := map[string]bool{}
	config := types.Config{Importer: unknown{}, Error: func(err error) {
		var e types.Error
		if !errors.As(err, &e) {
			return
		}
		name, ok := strings.CutPrefix(e.Msg, "undefined: ")
		if m := noMethod.FindStringSubmatch(e.Msg); m != nil {
			name, ok = m[1]+"."+m[2], true
		} else if strings.Contains(name, ".") {
			return // of another package
		}
		if ok && !seen[name] {
			seen[name] = true
			c.undefined = append(c.undefined, name)
		}
	}}
	var parsed []*ast.File
	for _, f := range files {
		parsed = append(parsed, f.ast)
	}
	defer func() {
		_ = recover() // code that the type checker cannot cope with stays as it is; the compiler has the word
	}()
	c.pkg, _ = config.Check("p", t.fset, parsed, c.info)
	return c
}

// isType reports whether t is the type of this name in the package, or a pointer to it.
func (c checked) isType(t types.Type, name string) bool {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := t.(*types.Named)
	return ok && named.Obj().Pkg() == c.pkg && named.Obj().Name() == name
}

// param is one parameter of a function.
type param struct {
	text     string // of its type
	variadic bool
	at       token.Pos
}

// flat are the parameters or results of a function, one for each name.
func (f *file) flat(list *ast.FieldList) (all []param) {
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		p := param{text: f.source(field.Type), at: field.Pos()}
		if e, ok := field.Type.(*ast.Ellipsis); ok {
			p = param{f.source(e.Elt), true, field.Pos()}
		}
		for range max(len(field.Names), 1) {
			all = append(all, p)
		}
	}
	return all
}
