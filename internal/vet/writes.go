package vet

import (
	"go/ast"
	"go/token"
	"go/types"
)

// writes refuses what changes a variable of another package, or takes its address: then it could be
// changed where this cannot be seen. The variables that matter are those that the harness reads
// (io.EOF, os.Stdout, rand.Reader).
func (l *loader) writes(p *Package) {
	c := &checker{loader: l, Package: p}
	p.walkFiles(func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					c.change(left, "assigns to")
				}
			}
		case *ast.IncDecStmt:
			c.change(n.X, "assigns to")
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				c.change(n.Key, "assigns to")
				c.change(n.Value, "assigns to")
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				c.change(n.X, "takes the address of")
			}
		case *ast.SliceExpr:
			if _, array := c.typeOf(n.X).(*types.Array); array {
				c.change(n.X, "takes the address of")
			}
		case *ast.SelectorExpr:
			c.method(n)
		case *ast.CallExpr:
			c.builtin(n)
		}
		return true
	})
}

// method refuses a method with a pointer receiver that is called on a variable: the call takes its
// address.
func (c *checker) method(n *ast.SelectorExpr) {
	s := c.Info.Selections[n]
	if s == nil || s.Kind() != types.MethodVal {
		return
	}
	f, ok := s.Obj().(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return
	}
	_, toPointer := types.Unalias(f.Signature().Recv().Type()).(*types.Pointer)
	if _, pointer := c.typeOf(n.X).(*types.Pointer); toPointer && !pointer {
		c.change(n.X, "takes, by a method, the address of")
	}
}

// builtin refuses the built-in functions that change what they are given.
func (c *checker) builtin(n *ast.CallExpr) {
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok || len(n.Args) == 0 {
		return
	}
	if b, ok := c.Info.Uses[id].(*types.Builtin); ok {
		switch b.Name() {
		case "clear", "delete", "copy", "append", "close":
			c.change(n.Args[0], "changes")
		}
	}
}

func (c *checker) typeOf(e ast.Expr) types.Type {
	if t := c.Info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// change refuses e if it is a variable of another package, or a part of one, also behind pointers.
func (c *checker) change(e ast.Expr, what string) {
	for e != nil {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.TypeAssertExpr:
			e = x.X
		case *ast.SelectorExpr:
			if c.foreign(x.Sel, what) {
				return
			}
			e = x.X
		case *ast.Ident:
			c.foreign(x, what)
			return
		default:
			return
		}
	}
}

// foreign refuses a name that stands for another package's variable.
func (c *checker) foreign(id *ast.Ident, what string) bool {
	v, ok := c.Info.Uses[id].(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() || c.fromSource(v.Pkg()) {
		return false
	}
	c.refuse(id.Pos(), whyShared, "%s %s of package %s", what, v.Name(), v.Pkg().Path())
	return true
}
