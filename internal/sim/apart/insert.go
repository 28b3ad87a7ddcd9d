package apart

import (
	"fmt"
	"go/ast"
	"go/types"
	"sort"
	"strings"
)

// Name is how the inserted text calls package raftlab/internal/globals.
const Name = "raftlab_globals"

// call begins a call of a function of package globals, and notes its name: what was compiled may
// want no others.
func (p *program) call(function string) string {
	p.calls[function] = true
	return Name + "." + function + "("
}

// writer makes the insertions of one file.
type writer struct {
	*program
	pkg     *Package
	file    File
	imports map[string]string // own names of packages, by path
	list    []Insertion
}

func (w *writer) insertions() []Insertion {
	closing := map[ast.Node]string{} // what goes behind
	inspectAround(w.file.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if spec, ok := spec.(*ast.ValueSpec); ok {
					w.initializers(spec, closing)
				}
			}
		case *ast.FuncDecl:
			w.initFunction(n)
		case *ast.CallExpr:
			if mix := w.seeding[n]; mix != "" {
				closing[n.Args[0]] = ")" + closing[n.Args[0]]
				w.list = append(w.list, Insertion{n.Args[0].Pos(), w.call(mix)})
			}
		case *ast.SelectorExpr:
			if v := w.variable(n.Sel); v != nil && !constant(w.pkg, n) {
				closing[n] = w.access(n, v) + closing[n]
				return false
			}
		case *ast.Ident:
			if v := w.variable(n); v != nil {
				closing[n] = w.access(n, v) + closing[n]
			}
		}
		e, ok := n.(ast.Expr)
		return !ok || !constant(w.pkg, e)
	}, func(n ast.Node) {
		if text := closing[n]; text != "" {
			w.list = append(w.list, Insertion{n.End(), text})
		}
	})
	if len(w.list) == 0 {
		return nil
	}
	text := fmt.Sprintf("; import %s %q", Name, "raftlab/internal/globals")
	var paths []string
	for path := range w.imports {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		text += fmt.Sprintf("; import %s %q", w.imports[path], path)
	}
	return append([]Insertion{{w.file.AST.Name.End(), text}}, w.list...)
}

// inspectAround calls before and after around what is in each node.
func inspectAround(root ast.Node, before func(ast.Node) bool, after func(ast.Node)) {
	var open []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			after(open[len(open)-1])
			open = open[:len(open)-1]
			return false
		}
		if !before(n) {
			after(n)
			return false
		}
		open = append(open, n)
		return true
	})
}

// variable returns the variable kept apart that id is a use of, or nil.
func (w *writer) variable(id *ast.Ident) *variable {
	object, ok := w.pkg.Info.Uses[id].(*types.Var)
	if !ok {
		return nil
	}
	if v := w.vars[object]; v != nil && v.apart {
		return v
	}
	return nil
}

// access opens an access of e, and returns what closes it.
func (w *writer) access(e ast.Expr, v *variable) string {
	w.list = append(w.list, Insertion{e.Pos(), "(*" + w.call("At") + "&"})
	return fmt.Sprintf(",%d))", v.number)
}

// initFunction turns an init function that has to do with variables kept apart into one that can
// be called again.
func (w *writer) initFunction(decl *ast.FuncDecl) {
	for i, r := range w.inits {
		if r.decl == decl && w.touches(r) {
			name := fmt.Sprintf("raftlab_init_%d", i)
			w.list = append(w.list, Insertion{decl.Name.End(), fmt.Sprintf("() { %s%s) }; func %s", w.call("Setup"), name, name)})
		}
	}
}

// initializers puts the initial values of variables into functions.
func (w *writer) initializers(spec *ast.ValueSpec, closing map[ast.Node]string) {
	var vars []*variable
	for _, name := range spec.Names {
		object, ok := w.pkg.Info.Defs[name].(*types.Var)
		if !ok || w.vars[object] == nil { // a local declaration
			return
		}
		vars = append(vars, w.vars[object])
	}
	if len(spec.Values) == len(vars) {
		for i, v := range vars {
			if v.apart || v.object.Name() == "_" && v.nameable() && w.touches(v.reach) {
				w.wrap(spec.Values[i], vars[i:i+1], closing)
			}
		}
		return
	}
	if len(spec.Values) == 1 {
		for _, v := range vars {
			if v.apart {
				w.wrap(spec.Values[0], vars, closing)
				return
			}
		}
	}
}

// wrap makes an initial value the result of a function: of one variable, or of several.
func (w *writer) wrap(value ast.Expr, vars []*variable, closing map[ast.Node]string) {
	name, numbers := "Init", ""
	var results []string
	for _, v := range vars {
		number := Name + ".None"
		if v.apart {
			number = fmt.Sprint(v.number)
		}
		numbers += number + ", "
		results = append(results, types.TypeString(v.object.Type(), w.qualify))
	}
	if len(vars) > 1 {
		name += fmt.Sprint(len(vars))
	} else if vars[0].isFlag() {
		name = "Flag"
	}
	w.list = append(w.list, Insertion{value.Pos(), fmt.Sprintf("%s%sfunc() (%s) { return ", w.call(name), numbers, strings.Join(results, ", "))})
	closing[value] += " })"
}

// qualify names a package in the text of a type.
func (w *writer) qualify(pkg *types.Package) string {
	if pkg == w.pkg.Types {
		return ""
	}
	name := w.imports[pkg.Path()]
	if name == "" {
		name = fmt.Sprintf("raftlab_%d_%s", len(w.imports), pkg.Name())
		w.imports[pkg.Path()] = name
	}
	return name
}

// nameable reports whether the types of the variable, and of those that are set with it, can be
// written down in its package.
func (v *variable) nameable() bool {
	if v.value != nil || v.reach == nil {
		return v.value == nil || writable(v.object.Type(), v.pkg.Types)
	}
	if len(v.spec.Names) > 3 {
		return false
	}
	for _, name := range v.spec.Names {
		if object := v.pkg.Info.Defs[name]; object == nil || !writable(object.Type(), v.pkg.Types) {
			return false
		}
	}
	return true
}

// writable reports whether package in can write type t.
func writable(t types.Type, in *types.Package) bool {
	ok := true
	types.TypeString(t, func(pkg *types.Package) string {
		if above, _, inside := strings.Cut("/"+pkg.Path()+"/", "/internal/"); inside && !strings.HasPrefix("/"+in.Path()+"/", above+"/") {
			ok = false
		}
		return pkg.Path()
	})
	return ok && exported(t, in, 0)
}

func exported(t types.Type, in *types.Package, depth int) bool {
	if depth > 20 {
		return false
	}
	next := func(t types.Type) bool { return exported(t, in, depth+1) }
	switch t := t.(type) {
	case *types.Named:
		o := t.Obj()
		if o.Pkg() != nil && o.Pkg() != in && !o.Exported() {
			return false
		}
		for i := range t.TypeArgs().Len() {
			if !next(t.TypeArgs().At(i)) {
				return false
			}
		}
		return o.Pkg() == nil || o.Parent() == o.Pkg().Scope()
	case *types.Alias:
		return next(types.Unalias(t))
	case *types.Pointer:
		return next(t.Elem())
	case *types.Slice:
		return next(t.Elem())
	case *types.Array:
		return next(t.Elem())
	case *types.Chan:
		return next(t.Elem())
	case *types.Map:
		return next(t.Key()) && next(t.Elem())
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tuple.Len() {
				if !next(tuple.At(i).Type()) {
					return false
				}
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); !f.Exported() && f.Pkg() != in || !next(f.Type()) {
				return false
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if m := t.Method(i); !m.Exported() && m.Pkg() != in || !next(m.Type()) {
				return false
			}
		}
	}
	return true
}
