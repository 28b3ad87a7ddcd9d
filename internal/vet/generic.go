package vet

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
)

// maxInstances is how many generic functions and types may be made of those of the code under test
// by one package (many peers can be checked in one build). A function that calls two others with
// types made of its own, which do the same, makes any number in a few lines; the compiler compiles
// each.
const maxInstances = 20_000

// generics counts instances without making them: along the uses of generic functions and types by
// each other.
//
//	func f[T any]() { g[*T](); g[[]T]() }     each f makes two g
type generics struct {
	uses  map[types.Object][]use // by the function or type that they stand in; nil: by what is not generic
	sizes map[types.Object]int   // how many instances come with one of it, itself included; -1: being counted
}

// use is one use of a generic function or type.
type use struct {
	of   types.Object
	args *types.TypeList
	in   *Package
}

// proliferates is an error if there are too many instances.
func (l *loader) proliferates() error {
	if len(l.Errors) > 0 {
		return nil
	}
	g := generics{map[types.Object][]use{}, map[types.Object]int{}}
	tested := slices.DeleteFunc(slices.Clone(l.Packages), func(p *Package) bool { return !p.UnderTest })
	for _, p := range tested {
		for _, file := range p.Files {
			for _, decl := range file.Decls {
				g.declaration(p, decl)
			}
		}
	}
	for _, p := range tested {
		for _, object := range p.Info.Defs {
			if object != nil && g.size(object) > maxInstances {
				return l.tooManyInstances(object)
			}
		}
	}
	totals := map[*Package]int{}
	seen := map[string]bool{}
	for _, u := range g.constant() {
		if key := fmt.Sprintf("%p %p %.1000s", u.in, u.of, text(u.args)); !seen[key] {
			seen[key] = true
			if totals[u.in] = min(totals[u.in]+g.size(u.of), maxInstances+1); totals[u.in] > maxInstances {
				return l.tooManyInstances(u.of)
			}
		}
	}
	return nil
}

func (l *loader) tooManyInstances(object types.Object) error {
	return &SourceError{[]string{fmt.Sprintf("%s: generic functions and types, such as %.60s, would be made for more than %d lists of types: "+
		"let them use each other less, with fewer types", l.position(object.Pos()), object.Name(), maxInstances)}}
}

func text(args *types.TypeList) (s string) {
	for t := range args.Types() {
		s += types.TypeString(t, nil) + ","
	}
	return s
}

// declaration notes the uses in a declaration. Those in a type and in its methods come with each
// instance of the type.
func (g generics) declaration(p *Package, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		object := p.Info.Defs[decl.Name]
		if f, ok := object.(*types.Func); ok && f.Signature().Recv() != nil {
			object = receiverName(f)
		}
		g.within(p, decl, object)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			var object types.Object
			if named, ok := spec.(*ast.TypeSpec); ok {
				object = p.Info.Defs[named.Name]
			}
			g.within(p, spec, object)
		}
	}
}

// receiverName is the type that a method belongs to.
func receiverName(f *types.Func) types.Object {
	t := types.Unalias(f.Signature().Recv().Type())
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	if named, ok := t.(*types.Named); ok {
		return named.Origin().Obj()
	}
	return nil
}

func (g generics) within(p *Package, root ast.Node, object types.Object) {
	ast.Inspect(root, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if instance, ok := p.Info.Instances[id]; ok {
				g.uses[object] = append(g.uses[object], use{origin(p.Info.Uses[id]), instance.TypeArgs, p})
			}
		}
		return true
	})
}

func origin(object types.Object) types.Object {
	if f, ok := object.(*types.Func); ok {
		return f.Origin()
	}
	return object
}

// constant are the uses that do not depend on type parameters: each is one instance, however often
// it is made.
func (g generics) constant() (list []use) {
	for _, uses := range g.uses {
		for _, u := range uses {
			if !depends(u.args) {
				list = append(list, u)
			}
		}
	}
	return list
}

// size is how many instances come with one of object.
func (g generics) size(object types.Object) int {
	if n, ok := g.sizes[object]; ok {
		return n
	}
	g.sizes[object] = -1
	sum, factor := 1, 1
	for _, u := range g.uses[object] {
		if !depends(u.args) {
			continue
		}
		n := g.size(u.of)
		if n < 0 { // in a circle there are only so many lists of types, or the type checker would have said so
			n = 0
			factor = max(factor, orders(u.args))
		}
		sum = min(sum+n, maxInstances+1)
	}
	g.sizes[object] = min(sum*factor, maxInstances+1)
	return g.sizes[object]
}

// orders is how many lists of types can be made of the type parameters in args, unless they stand
// there as they are.
func orders(args *types.TypeList) int {
	list := slices.Collect(args.Types())
	for i, t := range list {
		if p, ok := t.(*types.TypeParam); !ok || p.Index() != i {
			n := 1
			for range list {
				n = min(n*len(list), maxInstances+1)
			}
			return n
		}
	}
	return 1
}

// depends reports whether there is a type parameter in a list of types.
func depends(args *types.TypeList) bool {
	seen := map[types.Type]bool{}
	for t := range args.Types() {
		if holdsParameter(t, seen) {
			return true
		}
	}
	return false
}

func holdsParameter(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	holds := func(t types.Type) bool { return holdsParameter(t, seen) }
	switch t := t.(type) {
	case *types.TypeParam:
		return true
	case *types.Named:
		return slices.ContainsFunc(slices.Collect(t.TypeArgs().Types()), holds)
	case *types.Alias:
		return slices.ContainsFunc(slices.Collect(t.TypeArgs().Types()), holds) || holds(types.Unalias(t))
	}
	for element := range elements(t) {
		if holds(element) {
			return true
		}
	}
	return false
}
