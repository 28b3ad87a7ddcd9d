package apart

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Whole numbers that are only read and added to are what clerks draw unique numbers from. Package globals lets them
// begin at another value for each client.

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

// grows reports whether a use of a variable that may change it does no more than add to it.
func grows(pkg *Package, id *ast.Ident, above []ast.Node) bool {
	var e ast.Expr = id
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
			return parent.Sel.Name == "Add" || parent.Sel.Name == "Load" // of an atomic number: there is nothing else that has a method
		case *ast.IncDecStmt:
			return parent.Tok == token.INC
		case *ast.AssignStmt:
			return parent.Tok == token.ADD_ASSIGN
		case *ast.UnaryExpr:
			call, ok := above[max(i-1, 0)].(*ast.CallExpr)
			return ok && parent.Op == token.AND && addsAtomically(pkg, call)
		}
		return false
	}
	return false
}

// addsAtomically reports whether a call is atomic.AddInt64 or one like it.
func addsAtomically(pkg *Package, call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := pkg.Info.Uses[sel.Sel].(*types.Func)
	return ok && (strings.HasPrefix(f.FullName(), "sync/atomic.Add") || strings.HasPrefix(f.FullName(), "sync/atomic.Load"))
}
