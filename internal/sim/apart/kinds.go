package apart

import "go/types"

// counterSize is how many bytes all variables together may hold that go on from one client to the
// next.
const counterSize = 64

// tooMuch is more than that.
const tooMuch = 1 << 20

// immutable reports whether a value of type t leads to nothing else: numbers, strings, and what is
// made of them. A variable of such a type changes only where it is itself assigned to.
func immutable(t types.Type) bool {
	if unchanging(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer
	case *types.Array:
		return immutable(u.Elem())
	case *types.Struct:
		for i := range u.NumFields() {
			if !immutable(u.Field(i).Type()) {
				return false
			}
		}
		return true
	case *types.Tuple:
		for i := range u.Len() {
			if !immutable(u.At(i).Type()) {
				return false
			}
		}
		return true
	}
	return false
}

// named returns "path.Name" of a named type or a pointer to one, and whether it was a pointer.
func named(t types.Type) (name string, pointer bool) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t, pointer = types.Unalias(p.Elem()), true
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path() + "." + n.Obj().Name(), pointer
	}
	return "", pointer
}

// unchanging are the types of the standard library with pointers inside whose values do not change.
// What such a value is stored in does: a pointer to a time.Time leads to a place for one. An
// interface is none of them, whatever methods it has that are not exported: a struct that embeds it
// has these, too (reflect.Type).
func unchanging(t types.Type) bool {
	switch name, pointer := named(t); name {
	case "time.Time":
		return !pointer
	case "time.Location": // package vet refuses to copy one over another
		return pointer
	}
	return false
}

// quiet reports whether variables of type t are not worth a warning: they hold nothing of a peer's.
func quiet(t types.Type) bool {
	switch name, _ := named(t); name {
	case "sync.Mutex", "sync.RWMutex", "sync.Once", "sync.WaitGroup", "log.Logger":
		return true
	}
	return random(t)
}

// random reports whether t is a generator of random numbers, or a few of them with a lock.
// Everybody has one, with a seed of its own ([writer.seeds]).
func random(t types.Type) bool {
	switch name, _ := named(t); name {
	case "math/rand.Rand", "math/rand/v2.Rand", "math/rand/v2.PCG", "math/rand/v2.ChaCha8":
		return true
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	found := false
	for i := range s.NumFields() {
		f := s.Field(i).Type()
		if name, _ := named(f); name != "sync.Mutex" && name != "sync.RWMutex" && !random(f) {
			return false
		}
		found = found || random(f)
	}
	return found
}

// counter returns how many bytes of data a value of type t leads to, or [tooMuch] if there is no
// bound.
func counter(t types.Type, depth int) int {
	if depth > 4 {
		return tooMuch
	}
	if lock(t) {
		return 8
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&(types.IsNumeric|types.IsBoolean) != 0 {
			return 8
		}
	case *types.Pointer:
		return counter(u.Elem(), depth+1)
	case *types.Array:
		if n := u.Len(); n <= counterSize {
			return int(n) * counter(u.Elem(), depth+1)
		}
	case *types.Struct:
		size := 0
		for i := range u.NumFields() {
			if f := u.Field(i); f.Name() != "_" {
				size += counter(f.Type(), depth+1)
			}
		}
		return size
	}
	return tooMuch
}
