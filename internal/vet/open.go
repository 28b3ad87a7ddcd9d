package vet

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"raftlab/internal/astwalk"
)

// Some variables of other packages lead to memory that anybody can change without naming the
// variable again: os.Args is a slice, the tables of package unicode are maps and pointers. All
// servers of a run share what is behind them, so it would be a channel past the network. They may
// be looked at where they stand; a second name for them is refused.

const whyOpen = "all servers share what it leads to: look at its elements where they stand, or copy them (slices.Clone)"

// readers are the functions that may be given such a variable: they neither change it nor hand it
// on.
var readers = []string{
	"slices.Contains", "slices.Index", "slices.Clone", "slices.Equal", "strings.Join",
	"fmt.Print", "fmt.Println", "fmt.Printf", "fmt.Sprint", "fmt.Sprintln", "fmt.Sprintf", "fmt.Fprint", "fmt.Fprintln", "fmt.Fprintf", "fmt.Errorf",
	"log.Print", "log.Println", "log.Printf", "log.Fatal", "log.Fatalf", "log.Fatalln",
}

// openUses refuses uses of variables that lead to memory which can be changed, other than looking
// at it.
func (l *loader) openUses(p *Package) {
	c := &checker{loader: l, Package: p}
	for _, file := range p.Files {
		astwalk.Inspect(file, func(n ast.Node, above []ast.Node) {
			id, ok := n.(*ast.Ident)
			if !ok {
				return
			}
			v, ok := p.Info.Uses[id].(*types.Var)
			if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() || c.fromSource(v.Pkg()) || !open(v.Type()) {
				return
			}
			if !c.looksAt(id, v, above) {
				c.refuse(id.Pos(), whyOpen, "gives another name to %s of package %s", v.Name(), v.Pkg().Path())
			}
		})
	}
}

// open reports whether a value of type t leads to memory that other packages can change.
func open(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan:
		return true
	case *types.Pointer:
		s, ok := u.Elem().Underlying().(*types.Struct)
		if !ok {
			return true
		}
		for f := range s.Fields() {
			if f.Exported() {
				return true
			}
		}
	case *types.Array:
		return open(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if f.Exported() && open(f.Type()) {
				return true
			}
		}
	}
	return false
}

// looksAt reports whether a use of a variable only reads what it leads to.
func (c *checker) looksAt(id *ast.Ident, v *types.Var, above []ast.Node) bool {
	var e ast.Expr = id
	for _, parent := range slices.Backward(above) {
		switch parent := parent.(type) {
		case *ast.ParenExpr:
			e = parent
			continue
		case *ast.SelectorExpr:
			if parent.Sel == id && e == id { // package.variable
				e = parent
				continue
			}
			s := c.Info.Selections[parent]
			if s != nil && s.Kind() == types.MethodVal { // a method of its own package
				return s.Obj().Pkg() == v.Pkg()
			}
			e = parent
		case *ast.IndexExpr:
			if parent.X != e {
				return !open(c.Info.TypeOf(e))
			}
			e = parent
		case *ast.StarExpr:
			e = parent
		case *ast.RangeStmt:
			return parent.X == e && (parent.Value == nil || !open(c.Info.TypeOf(parent.Value)))
		case *ast.CallExpr:
			return parent.Fun != e && c.readsOnly(parent, v)
		case *ast.BinaryExpr:
			return true
		default:
			return false
		}
		if t := c.Info.TypeOf(e); t != nil && !open(t) {
			return true // writes.go looks whether it is written to
		}
	}
	return false
}

// readsOnly reports whether a call does not change its arguments, nor keep them: that of a reader,
// or of a function of the package whose variable it is.
func (c *checker) readsOnly(call *ast.CallExpr, v *types.Var) bool {
	fun := ast.Unparen(call.Fun)
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	id, ok := fun.(*ast.Ident)
	if sel, selected := fun.(*ast.SelectorExpr); selected {
		id, ok = sel.Sel, true
	}
	if !ok {
		return false
	}
	switch f := c.Info.Uses[id].(type) {
	case *types.Builtin:
		return f.Name() == "len" || f.Name() == "cap"
	case *types.Func:
		return slices.Contains(readers, f.FullName()) || f.Pkg() == v.Pkg() && !strings.HasPrefix(f.Pkg().Path(), Module+"/")
	}
	return false
}
