package vet

import (
	"go/types"
	"iter"
)

// elements are the types that a type without a name is made of. A named type and an alias have none
// here: what has to be looked at of those differs.
func elements(t types.Type) iter.Seq[types.Type] {
	return func(yield func(types.Type) bool) {
		switch t := t.(type) {
		case *types.Pointer:
			yield(t.Elem())
		case *types.Slice:
			yield(t.Elem())
		case *types.Array:
			yield(t.Elem())
		case *types.Chan:
			yield(t.Elem())
		case *types.Map:
			_ = yield(t.Key()) && yield(t.Elem())
		case *types.Signature:
			_ = yield(t.Params()) && yield(t.Results())
		case *types.Tuple:
			for v := range t.Variables() {
				if !yield(v.Type()) {
					return
				}
			}
		case *types.Struct:
			for field := range t.Fields() {
				if !yield(field.Type()) {
					return
				}
			}
		case *types.Interface:
			for method := range t.Methods() {
				if !yield(method.Type()) {
					return
				}
			}
			for embedded := range t.EmbeddedTypes() {
				if !yield(embedded) {
					return
				}
			}
		case *types.Union:
			for term := range t.Terms() {
				if !yield(term.Type()) {
					return
				}
			}
		}
	}
}
