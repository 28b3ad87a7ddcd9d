package apart

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Whole numbers that are only read and added to are what clerks draw unique numbers from, alone or
// in a struct with a lock. Package globals lets them go on at another value for each client.

// marks is how many low bits of a variable's number mark what it is: package globals knows them,
// too.
const marks = 9

// tickets returns a bit for each number that a counter holds, the first one lowest: whether it is
// only added to.
func (p *program) tickets(v *variable) (bits uint) {
	n := 0
	var visit func(t types.Type, holder *types.Var)
	visit = func(t types.Type, holder *types.Var) {
		if lock(t) {
			return
		}
		if wide(t) {
			if holder != nil && !p.set[holder] {
				bits |= 1 << n
			}
			n++
			return
		}
		if name, pointer := named(t); !pointer && strings.HasPrefix(name, atomics) {
			n++
			return
		}
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			if holder != v.object { // what a pointer in a field leads to may have other names
				holder = nil
			}
			visit(u.Elem(), holder)
		case *types.Array:
			for range u.Len() {
				visit(u.Elem(), nil)
			}
		case *types.Struct:
			for f := range u.Fields() {
				if f.Name() != "_" {
					visit(f.Type(), f.Origin())
				}
			}
		default:
			n++
		}
	}
	if structure(v.object.Type()) && p.set[v.object] {
		return 0
	}
	visit(v.object.Type(), v.object)
	return bits
}

// lock reports whether t is one of the types of package sync that a counter may hold.
func lock(t types.Type) bool {
	name, pointer := named(t)
	return !pointer && (name == "sync.Mutex" || name == "sync.RWMutex" || name == "sync.Once" || name == "sync.WaitGroup")
}

const atomics = "sync/atomic."

// structure reports whether t is a struct or a pointer to one, other than an atomic number.
func structure(t types.Type) bool {
	if name, _ := named(t); strings.HasPrefix(name, atomics) {
		return false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

// wide reports whether t is a whole number, or an atomic one, with room for that.
func wide(t types.Type) bool {
	switch name, pointer := named(t); name {
	case "sync/atomic.Int32", "sync/atomic.Int64", "sync/atomic.Uint32", "sync/atomic.Uint64":
		return !pointer
	}
	basic, ok := t.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch basic.Kind() {
	case types.Int, types.Uint, types.Int32, types.Uint32, types.Int64, types.Uint64:
		return true
	}
	return false
}

// use is what a use of a number does to it.
type use int

const (
	read use = iota
	grown
	set // or whatever else there is
)

// written says what a use of a variable or of a field that holds a number does to it. Of a struct
// it says whether all of it is replaced, because what is done to its fields is a use of these.
func written(pkg *Package, id *ast.Ident, above []ast.Node) use {
	var e ast.Expr = id
	for i := len(above) - 1; i >= 0; i-- {
		switch parent := above[i].(type) {
		case *ast.ParenExpr:
			e = parent
			continue
		case *ast.StarExpr:
			e = parent
			continue
		case *ast.SelectorExpr:
			if parent.Sel == e { // package.variable, x.field
				e = parent
				continue
			}
			if structure(pkg.Info.TypeOf(e)) {
				return read
			}
			name := parent.Sel.Name // of an atomic number's method, or of one that the type has
			return which(strings.HasPrefix(pkg.typeName(e), atomics) && (name == "Add" || name == "Load"))
		case *ast.IncDecStmt:
			return which(parent.Tok == token.INC)
		case *ast.AssignStmt:
			if contains(parent.Lhs, e) {
				return which(parent.Tok == token.ADD_ASSIGN || addsTo(e, parent))
			}
		case *ast.RangeStmt:
			if parent.Key == e || parent.Value == e {
				return set
			}
		case *ast.UnaryExpr:
			if parent.Op == token.AND && !structure(pkg.Info.TypeOf(e)) {
				call, ok := above[max(i-1, 0)].(*ast.CallExpr)
				return which(ok && addsAtomically(pkg, call))
			}
		case *ast.CallExpr:
			if addsAtomically(pkg, parent) {
				return grown
			}
		}
		return read
	}
	return read
}

func which(adds bool) use {
	if adds {
		return grown
	}
	return set
}

func (pkg *Package) typeName(e ast.Expr) string {
	name, _ := named(pkg.Info.TypeOf(e))
	return name
}

// addsTo reports whether an assignment is x = x + 1, or the like, for the e that is x.
func addsTo(e ast.Expr, s *ast.AssignStmt) bool {
	if s.Tok != token.ASSIGN || len(s.Lhs) != 1 || len(s.Rhs) != 1 {
		return false
	}
	sum, ok := ast.Unparen(s.Rhs[0]).(*ast.BinaryExpr)
	return ok && sum.Op == token.ADD && (types.ExprString(sum.X) == types.ExprString(e) || types.ExprString(sum.Y) == types.ExprString(e))
}

// addsAtomically reports whether call is atomic.AddInt64 or one like it.
func addsAtomically(pkg *Package, call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := pkg.Info.Uses[sel.Sel].(*types.Func)
	return ok && (strings.HasPrefix(f.FullName(), "sync/atomic.Add") || strings.HasPrefix(f.FullName(), "sync/atomic.Load"))
}
