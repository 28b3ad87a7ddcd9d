package apart

import (
	"go/ast"
	"go/types"
)

// reach is what a function or an initializer mentions.
type reach struct {
	pkg   *Package
	body  ast.Node
	vars  []*types.Var
	funcs []types.Object
	file  string        // of an init function
	decl  *ast.FuncDecl // likewise
}

func newReach(pkg *Package, body ast.Node) *reach {
	r := &reach{pkg: pkg, body: body}
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			switch object := pkg.Info.Uses[id].(type) {
			case *types.Var:
				r.vars = append(r.vars, object)
			case *types.Func:
				r.funcs = append(r.funcs, object.Origin())
			case *types.TypeName: // whoever has a value of it can call its methods by an interface
				if named, ok := types.Unalias(object.Type()).(*types.Named); ok {
					for method := range named.Origin().Methods() {
						r.funcs = append(r.funcs, method)
					}
				}
			}
		}
		return true
	})
	return r
}

// touches reports whether r has to do with a variable that is kept apart, itself or through
// functions that it names, or methods of types that it names.
func (p *program) touches(r *reach) bool {
	seen := map[*reach]bool{}
	var visit func(r *reach) bool
	visit = func(r *reach) bool {
		if r == nil || seen[r] {
			return false
		}
		seen[r] = true
		for _, object := range r.vars {
			if v := p.vars[object]; v != nil && v.apart {
				return true
			}
		}
		for _, f := range r.funcs {
			if visit(p.reaches[f]) {
				return true
			}
		}
		return false
	}
	return visit(r)
}
