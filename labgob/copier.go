package labgob

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// Copier copies messages of one type into variables of another, or the same, with gob's meaning:
// what comes out is what a gob decoder makes of what a gob encoder wrote. In particular
//
//   - sender and receiver share no memory that either could change
//   - fields are matched by name; those that are zero, unexported, or unknown to the receiver stay
//     as they are in the receiver's variable
//   - empty slices arrive as nil, pointers to zero numbers as nil pointers
//   - dynamic types in interfaces have to be registered
//   - GobEncode and MarshalBinary methods are used
//
// The size that is returned with a copy is that of gob's message: the value with its length and
// type number, without type descriptors (a stream needs those once). It is exact up to a byte or
// two for each type number, which is counted as two bytes here and may have been given three.
//
// A Copier is safe for concurrent use, does not block, and depends on nothing but its arguments.
type Copier struct {
	src, dst reflect.Type // without pointers in front
	op       op           // nil if gob has to do it
	single   bool         // not a struct: gob sends it in another frame
	idSize   int
	dynamic  bool // there are interfaces in src
	nests    bool // a value of src can contain itself
	methods  bool // there are types in src or dst that encode or decode themselves

	mu   sync.Mutex
	free []*pair
}

type typePair struct{ src, dst reflect.Type }

var copiers table[typePair, *Copier]

// CopierFor returns the Copier from type src, or pointers to it, to type dst. It is cached, and
// cheap after the first time. Types that gob cannot deal with are reported by [Copier.Copy].
func CopierFor(src, dst reflect.Type) *Copier {
	if c, ok := copiers.get(typePair{src, dst}); ok {
		return c
	}
	return copiers.getOrMake(typePair{src, dst}, func() *Copier { return newCopier(src, dst) })
}

func newCopier(src, dst reflect.Type) *Copier {
	checkType(src)
	checkType(dst)
	c := &Copier{src: withoutPointers(src), dst: dst}
	c.dynamic = has(src, nil, func(t reflect.Type) bool { return t.Kind() == reflect.Interface })
	c.nests = nests(c.src, nil)
	c.methods = has(src, nil, selfMade) || has(dst, nil, selfMade)
	if c.src == c.dst {
		if p := planFor(c.src); p != nil {
			c.op, c.single, c.idSize = p.top, c.src.Kind() != reflect.Struct, p.idSize
		}
	}
	return c
}

// has says whether there is a type within t, or t itself, of which is says so.
func has(t reflect.Type, around []reflect.Type, is func(reflect.Type) bool) bool {
	if slices.Contains(around, t) {
		return false
	}
	if is(t) {
		return true
	}
	around = append(around, t)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if has(t.Field(i).Type, around, is) {
				return true
			}
		}
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return has(t.Elem(), around, is)
	case reflect.Map:
		return has(t.Key(), around, is) || has(t.Elem(), around, is)
	}
	return false
}

// maxPointers is how many pointers may stand in front of a value. A type can consist of nothing
// else: type P *P.
const maxPointers = 100

// Base returns t without the pointers in front of it, or nil if there is no end of them.
func Base(t reflect.Type) reflect.Type {
	for range maxPointers {
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

func withoutPointers(t reflect.Type) reflect.Type {
	if base := Base(t); base != nil {
		return base
	}
	return t
}

// Copy returns a pointer to a new variable of the destination type that holds what src does, and
// the size of the message in bytes. src is a value of the source type or a pointer to one.
func (c *Copier) Copy(src reflect.Value) (ptr reflect.Value, size int, err error) {
	if src, err = c.source(src); err != nil {
		return reflect.Value{}, 0, err
	}
	ptr = reflect.New(c.dst)
	if c.op != nil {
		ptr.Elem().Set(src)
		if n := c.op(ptr.UnsafePointer()); n >= 0 {
			return ptr, c.messageSize(n), nil
		}
		ptr = reflect.New(c.dst)
	}
	size, err = c.viaGob(ptr, src)
	return ptr, size, err
}

// CopyInto is Copy into the variable that dst points to. If that is not zero, what it holds can
// survive, as it does with gob; there is a warning then, once per type.
func (c *Copier) CopyInto(dst, src reflect.Value) (size int, err error) {
	if dst.Elem().IsZero() {
		ptr, size, err := c.Copy(src)
		if err == nil {
			dst.Elem().Set(ptr.Elem())
		}
		return size, err
	}
	checkTarget(dst)
	if src, err = c.source(src); err != nil {
		return 0, err
	}
	return c.viaGob(dst, src)
}

// source follows the pointers in front of a message.
func (c *Copier) source(src reflect.Value) (reflect.Value, error) {
	if Base(src.Type()) == nil {
		return src, fmt.Errorf("labgob: cannot send a %s: there is no value at the end of its pointers", src.Type())
	}
	for src.Kind() == reflect.Pointer {
		if src.IsNil() {
			return src, fmt.Errorf("labgob: cannot send a nil %s: there is no value to send", src.Type())
		}
		src = src.Elem()
	}
	if src.Type() != c.src {
		return src, fmt.Errorf("labgob: a Copier for %s was given a %s", c.src, src.Type())
	}
	return src, nil
}

func (c *Copier) messageSize(payload int) int {
	if c.single {
		payload++ // the zero in place of a field number
	}
	return blockSize(c.idSize + payload)
}

// viaGob takes the message through a long-lived encoder and decoder. They are kept in a list of the
// Copier's own: what a sync.Pool hands out depends on the garbage collector, and the size of a
// first message on what is handed out.
//
// A pair's buffers are shown to the methods of messages, which could keep them, and so see the
// messages after them. Such messages have a pair of their own.
func (c *Copier) viaGob(dst, src reflect.Value) (int, error) {
	if c.nests {
		if err := checkDepth(src); err != nil {
			return 0, err
		}
	}
	if c.methods || c.dynamic && holdsSelfMade(src) {
		return newPair().move(dst, src, c.dynamic)
	}
	c.mu.Lock()
	var p *pair
	if n := len(c.free); n > 0 {
		p, c.free = c.free[n-1], c.free[:n-1]
	}
	c.mu.Unlock()
	if p == nil {
		p = newPair()
	}
	size, err := p.move(dst, src, c.dynamic)
	if err != nil {
		return 0, err // and p is dropped: its two ends no longer agree on what has been described
	}
	c.mu.Lock()
	if len(c.free) < maxFree {
		c.free = append(c.free, p)
	}
	c.mu.Unlock()
	return size, nil
}

// maxFree is how many idle pairs a Copier keeps; it has more only while as many calls are busy.
const maxFree = 8
