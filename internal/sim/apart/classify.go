package apart

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// uses looks at every place where the package uses a variable, its own or another's.
func (p *program) uses(pkg *Package) {
	for _, file := range pkg.Files {
		inspect(file.AST, func(n ast.Node, above []ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && constant(pkg, e) {
				return false
			}
			if id, ok := n.(*ast.Ident); ok {
				object, ok := pkg.Info.Uses[id].(*types.Var)
				if !ok {
					return true
				}
				if object.IsField() && written(pkg, id, above) == set {
					p.set[object.Origin()] = true
				}
				if v := p.vars[object]; v != nil && !v.onlyRead(pkg, id, above) {
					v.changes = true
					v.late = v.late || !inInit(above)
					w := written(pkg, id, above)
					p.set[object] = p.set[object] || w == set || w == read && !structure(object.Type())
				}
			}
			return true
		})
	}
}

// inInit reports whether a place is in an init function, but not in a function within it.
func inInit(above []ast.Node) bool {
	for i := len(above) - 1; i >= 0; i-- {
		switch n := above[i].(type) {
		case *ast.FuncLit:
			return false
		case *ast.FuncDecl:
			return n.Recv == nil && n.Name.Name == "init"
		}
	}
	return false
}

// inspect is ast.Inspect with the nodes above, innermost last.
func inspect(root ast.Node, f func(n ast.Node, above []ast.Node) bool) {
	var above []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return false
		}
		if !f(n, above) {
			return false
		}
		above = append(above, n)
		return true
	})
}

// constant reports whether the compiler replaces e by a constant: len of an array, for one.
func constant(pkg *Package, e ast.Expr) bool {
	tv, ok := pkg.Info.Types[e]
	return ok && tv.Value != nil
}

// onlyRead reports whether a use of the variable can neither change it, nor what it leads to, nor
// give somebody else the means to.
func (v *variable) onlyRead(pkg *Package, id *ast.Ident, above []ast.Node) bool {
	var e ast.Expr = id
	lasting := v.value != nil && v.eternal(v.value) // whatever the type allows
	for i := len(above) - 1; i >= 0; i-- {
		switch parent := above[i].(type) {
		case *ast.ParenExpr:
			e = parent
			continue
		case *ast.SelectorExpr:
			if parent.Sel == e { // package.variable
				e = parent
				continue
			}
			sel := pkg.Info.Selections[parent]
			if sel == nil {
				return false
			}
			if sel.Kind() == types.MethodVal {
				return harmless(sel, lasting)
			}
			e = parent
			continue
		case *ast.IndexExpr:
			if parent.X == e {
				e = parent
				continue
			}
		case *ast.SliceExpr:
			if parent.X == e && !isString(pkg.Info.TypeOf(e)) {
				return false
			}
		case *ast.StarExpr:
			e = parent
			continue
		case *ast.UnaryExpr:
			if parent.Op == token.AND && i > 0 { // flag.BoolVar(&v, ...) gives it its default; later that would be a way to write it
				call, ok := above[i-1].(*ast.CallExpr)
				return ok && flagCall(pkg, call) && inInit(above)
			}
			if parent.Op == token.AND || parent.Op == token.ARROW {
				return false
			}
		case *ast.IncDecStmt:
			return false
		case *ast.AssignStmt:
			if contains(parent.Lhs, e) {
				return false
			}
		case *ast.RangeStmt:
			if parent.Key == e || parent.Value == e {
				return false
			}
			if parent.X == e {
				return rangesOverPlain(pkg.Info.TypeOf(e))
			}
		case *ast.SendStmt:
			if parent.Chan == e {
				return false
			}
		case *ast.BinaryExpr:
			return true // compared or computed with
		case *ast.CallExpr:
			if parent.Fun == e {
				return lasting
			}
			if builtin(pkg, parent.Fun, "len", "cap") {
				return true
			}
		}
		break
	}
	return lasting || immutable(pkg.Info.TypeOf(e))
}

// harmless reports whether calling a method leaves the variable as it is: one with a value receiver
// of a plain type, or one of a type that promises to change nothing.
func harmless(sel *types.Selection, lasting bool) bool {
	f, ok := sel.Obj().(*types.Func)
	if !ok {
		return false
	}
	recv := f.Signature().Recv().Type()
	if unchanging(sel.Recv()) && types.AssignableTo(sel.Recv(), recv) { // (*time.Time).GobDecode wants its address, and writes there
		return true
	}
	if types.IsInterface(recv) {
		return lasting
	}
	if _, pointer := types.Unalias(recv).(*types.Pointer); pointer {
		return false
	}
	return lasting || immutable(recv)
}

func contains(list []ast.Expr, e ast.Expr) bool {
	for _, x := range list {
		if x == e {
			return true
		}
	}
	return false
}

func builtin(pkg *Package, fun ast.Expr, names ...string) bool {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return false
	}
	b, ok := pkg.Info.Uses[id].(*types.Builtin)
	if !ok {
		return false
	}
	for _, name := range names {
		if b.Name() == name {
			return true
		}
	}
	return false
}

// rangesOverPlain reports whether ranging over a value of type t hands out nothing that could be
// changed.
func rangesOverPlain(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return immutable(u.Elem())
	case *types.Map:
		return immutable(u.Key()) && immutable(u.Elem())
	case *types.Pointer:
		return rangesOverPlain(u.Elem())
	default:
		return immutable(t)
	}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// closed reports whether an initializer's value is new, and known to nobody else.
func (v *variable) closed(e ast.Expr) bool {
	if v.eternal(e) {
		return true
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return v.elements(e, v.closed)
	case *ast.UnaryExpr:
		return e.Op == token.AND && v.closed(e.X)
	}
	return false
}

// eternal reports whether an initializer's value, copied as often as one likes, leads to nothing
// that could change: constants, functions without surroundings, error values, structs of those.
func (v *variable) eternal(e ast.Expr) bool {
	e = ast.Unparen(e)
	info := v.pkg.Info
	if tv := info.Types[e]; tv.Value != nil || tv.IsNil() {
		return true
	}
	switch e := e.(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		_, ok := info.Uses[e].(*types.Func)
		return ok
	case *ast.SelectorExpr: // a function of another package, or a method expression
		if sel := info.Selections[e]; sel != nil {
			return sel.Kind() == types.MethodExpr
		}
		_, ok := info.Uses[e.Sel].(*types.Func)
		return ok
	case *ast.CompositeLit:
		switch info.TypeOf(e).Underlying().(type) {
		case *types.Struct, *types.Array:
			return v.elements(e, v.eternal)
		}
	case *ast.CallExpr:
		if tv := info.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			if _, slice := tv.Type.Underlying().(*types.Slice); slice {
				return false
			}
			return v.eternal(e.Args[0])
		}
		return v.makesError(e) || v.calls(e, "reflect.TypeOf")
	}
	return false
}

func (v *variable) elements(e *ast.CompositeLit, ok func(ast.Expr) bool) bool {
	for _, element := range e.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			if _, isMap := v.pkg.Info.TypeOf(e).Underlying().(*types.Map); isMap && !ok(pair.Key) {
				return false
			}
			element = pair.Value
		}
		if !ok(element) {
			return false
		}
	}
	return true
}

// makesError reports whether e is errors.New("...") or fmt.Errorf of constants.
func (v *variable) makesError(e *ast.CallExpr) bool {
	if !v.calls(e, "errors.New", "fmt.Errorf") {
		return false
	}
	for _, arg := range e.Args {
		if v.pkg.Info.Types[arg].Value == nil {
			return false
		}
	}
	return true
}

// calls reports whether e is a call of one of these functions of other packages.
func (v *variable) calls(e *ast.CallExpr, names ...string) bool {
	sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := v.pkg.Info.Uses[sel.Sel].(*types.Func)
	return ok && slices.Contains(names, f.FullName())
}

// isFlag reports whether an initializer defines a flag of the command line.
func (v *variable) isFlag() bool {
	call, ok := ast.Unparen(v.value).(*ast.CallExpr)
	if !ok {
		return false
	}
	p, ok := v.object.Type().(*types.Pointer)
	return ok && immutable(p.Elem()) && flagCall(v.pkg, call)
}

// flagCall reports whether a call is one of a function of package flag.
func flagCall(pkg *Package, call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := pkg.Info.Uses[sel.Sel].(*types.Func)
	return ok && strings.HasPrefix(f.FullName(), "flag.")
}
