package vet

import (
	"fmt"
	"go/ast"
)

// maxParts is how many parts a value may have that is not behind a pointer, or an interface. Types
// that double with every line reach any number in a few lines, and both the type checker and the
// compiler look at every part.
const maxParts = 1_000_000

// bulk measures types by their names, before anybody expands them.
type bulk struct {
	specs map[string][]*ast.TypeSpec // those of one name are taken together
	parts map[string]int
}

// bulky is an error for the first type that has too many parts.
func (c *Checked) bulky(packages map[string]*Package) error {
	b := bulk{map[string][]*ast.TypeSpec{}, map[string]int{}}
	var all []*ast.TypeSpec
	for _, path := range sortedKeys(packages) {
		packages[path].walkFiles(func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				b.specs[spec.Name.Name] = append(b.specs[spec.Name.Name], spec)
				all = append(all, spec)
			}
			return true
		})
	}
	for _, spec := range all {
		if b.of(spec.Type) > maxParts {
			what := "a value of type %.60s has more than %d parts: put some of them behind a pointer"
			if _, is := spec.Type.(*ast.InterfaceType); is {
				what = "interface %.60s embeds others more than %d times: embed each once"
			}
			return &SourceError{[]string{fmt.Sprintf("%s: "+what, c.position(spec.Pos()), spec.Name.Name, maxParts)}}
		}
	}
	return nil
}

func (b bulk) named(name string) int {
	if n, ok := b.parts[name]; ok {
		return n
	}
	b.parts[name] = 1 // in a circle, which the type checker reports
	most := 1
	for _, spec := range b.specs[name] {
		most = max(most, b.of(spec.Type))
	}
	b.parts[name] = most
	return most
}

func (b bulk) of(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.Ident:
		return b.named(e.Name)
	case *ast.SelectorExpr:
		return b.named(e.Sel.Name)
	case *ast.ParenExpr:
		return b.of(e.X)
	case *ast.ArrayType:
		if e.Len != nil {
			return b.of(e.Elt)
		}
	case *ast.IndexExpr: // a type parameter counts as one part
		return min(b.of(e.X)*b.of(e.Index), maxParts+1)
	case *ast.IndexListExpr:
		sum := 0
		for _, arg := range e.Indices {
			sum = min(sum+b.of(arg), maxParts+1)
		}
		return min(b.of(e.X)*sum, maxParts+1)
	case *ast.StructType:
		sum := 0
		for _, field := range e.Fields.List {
			sum = min(sum+b.of(field.Type)*max(1, len(field.Names)), maxParts+1)
		}
		return max(1, sum)
	case *ast.InterfaceType: // the type checker looks at what is embedded anew each time
		sum := 1
		for _, method := range e.Methods.List {
			if len(method.Names) == 0 {
				sum = min(sum+b.of(method.Type), maxParts+1)
			}
		}
		return sum
	case *ast.BinaryExpr: // a union
		return min(b.of(e.X)+b.of(e.Y), maxParts+1)
	case *ast.UnaryExpr:
		return b.of(e.X)
	}
	return 1
}
