package apart

import (
	"go/ast"
	"go/types"
)

// Generators of random numbers in package variables are kept apart as other variables are, or they
// would be a place to leave something for other servers. But often their seed is a constant, and
// then all servers would draw the same election timeouts. So the seed is made another one for each
// owner, where such a variable is initialized:
//
//	var r = rand.New(rand.NewSource(1))     rand.New(rand.NewSource(raftlab_globals.Seed(1)))

// seeded are the functions that make a source from a seed, and what makes their first argument an
// owner's own.
var seeded = map[string]string{
	"math/rand.NewSource": "Seed", "math/rand/v2.NewPCG": "Seed64", "math/rand/v2.NewChaCha8": "Seed256",
}

// seeds finds the calls of such functions from which generators in package variables come.
func (p *program) seeds() {
	p.seeding = map[*ast.CallExpr]string{}
	seen := map[*reach]bool{}
	for _, v := range p.order {
		if v.apart && random(v.object.Type()) {
			p.seedsIn(v.reach, seen)
		}
	}
}

func (p *program) seedsIn(r *reach, seen map[*reach]bool) {
	if r == nil || seen[r] {
		return
	}
	seen[r] = true
	ast.Inspect(r.body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
			if f, ok := r.pkg.Info.Uses[sel.Sel].(*types.Func); ok && seeded[f.FullName()] != "" {
				p.seeding[call] = seeded[f.FullName()]
			}
		}
		return true
	})
	for _, object := range r.vars {
		if v := p.vars[object]; v != nil {
			p.seedsIn(v.reach, seen)
		}
	}
	for _, f := range r.funcs {
		p.seedsIn(p.reaches[f], seen)
	}
}
