package labgob

import (
	"encoding"
	"encoding/gob"
	"reflect"
	"slices"
	"unsafe"
)

// An op makes a shallow copy of a value independent of the original, in place: p points to the
// copy, and what it shares with the original and either side could change is replaced by copies.
// Where gob does not preserve a value (an empty slice arrives as nil), the op does likewise.
//
// It returns the size of the value in gob's encoding, or -1 for a value that gob has to deal with
// itself; the copy is then useless.
//
//	AppendEntriesArgs     Term  LeaderId  Entries       LeaderCommit
//	  original          [  7  |    2    | ptr,len,cap |      4       ]
//	                                        |
//	                                        v shared after the shallow copy,
//	                                      [ entry | entry | entry ]    replaced by the op
//
// Numbers and strings need nothing. Neither does an interface value that holds a number, a string
// or a struct of such: what is in an interface cannot be changed, so both sides may see the same.
//
// Ops work on unsafe pointers, and not on reflect.Value, because they run for each log entry of
// each message: it is the difference between 5 and 50 ns, and twelve times that in WebAssembly.
// The rule that keeps them sound: compile(t) makes ops that are only ever given pointers to a t.
type op func(p unsafe.Pointer) int

// plan is what there is to know about sending values of one type.
type plan struct {
	typ reflect.Type
	// gob leaves out zero fields of a struct, but not elements of slices, arrays and maps, and not
	// values that stand alone (top).
	field, elem op
	top         op
	enc         encOp // writes the value (encops.go)
	// plain says that the ops only measure: a shallow copy is independent already.
	plain  bool
	idSize int // of the number that gob gives to the type
}

// Types have numbers of their own, from 64 on, unless they are basic.
const (
	basicIDSize = 1
	ownIDSize   = 2
)

// compile returns the plan for t, or nil if gob has to deal with values of type t.
func compile(t reflect.Type) *plan { return (&compiler{}).plan(t) }

// compiler keeps track of the types around the one it is at, in order to notice recursive ones.
// (A list that refers to itself is left to gob.)
type compiler struct {
	around []reflect.Type
}

func (c *compiler) plan(t reflect.Type) *plan {
	if encodesItself(t) || slices.Contains(c.around, t) {
		return nil
	}
	c.around = append(c.around, t)
	p := c.build(t)
	c.around = c.around[:len(c.around)-1]
	if p != nil && p.top == nil {
		p.typ, p.top = t, p.elem
	}
	return p
}

func (c *compiler) build(t reflect.Type) *plan {
	if p := basicPlan(t.Kind()); p != nil {
		return p
	}
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesPlan()
		}
		return c.slice(t)
	case reflect.Array:
		return c.array(t)
	case reflect.Struct:
		return c.structure(t)
	case reflect.Pointer:
		return c.pointer(t)
	case reflect.Map:
		return c.mapping(t)
	case reflect.Interface:
		return interfacePlan(t)
	}
	return nil
}

var selfEncoders = []reflect.Type{
	reflect.TypeFor[gob.GobEncoder](), reflect.TypeFor[encoding.BinaryMarshaler](),
	reflect.TypeFor[gob.GobDecoder](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
}

// encodesItself says that gob uses methods of the type, in one direction at least.
func encodesItself(t reflect.Type) bool {
	for _, i := range selfEncoders {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

func (c *compiler) slice(t reflect.Type) *plan {
	e := c.plan(t.Elem())
	if e == nil {
		return nil
	}
	step, op := t.Elem().Size(), e.elem
	variable := variableOf(t)
	clone := func(p unsafe.Pointer) int {
		// A slice of whatever type has the same header.
		h := (*[]byte)(p)
		n := len(*h)
		if n == 0 {
			*h = nil // a nil slice needs no type
			return 0
		}
		v := variable(p)
		own := reflect.MakeSlice(t, n, n)
		reflect.Copy(own, v)
		v.Set(own)
		size := uintSize(uint64(n))
		for i, q := 0, own.UnsafePointer(); i < n; i++ {
			s := op(unsafe.Add(q, uintptr(i)*step))
			if s < 0 {
				return -1
			}
			size += s
		}
		return size
	}
	return &plan{field: clone, elem: orOneByte(clone), enc: encodeSlice(step, e.enc), idSize: ownIDSize}
}

// variableOf returns what reflect.NewAt(t, p).Elem() does for each p. That looks up the type *t
// anew at each call, which was a tenth of what a message costs. Here the lookup is done once: an
// interface value that holds a pointer is the pointer's type and the pointer.
func variableOf(t reflect.Type) func(p unsafe.Pointer) reflect.Value {
	sample := reflect.New(t).Interface()
	pointerType := (*[2]unsafe.Pointer)(unsafe.Pointer(&sample))[0]
	return func(p unsafe.Pointer) reflect.Value {
		var v any
		words := (*[2]unsafe.Pointer)(unsafe.Pointer(&v))
		words[0], words[1] = pointerType, p
		return reflect.ValueOf(v).Elem()
	}
}

// orOneByte is for elements that are sent even when they are empty: as a zero.
func orOneByte(f op) op {
	return func(p unsafe.Pointer) int {
		if n := f(p); n != 0 {
			return n
		}
		return 1
	}
}

func (c *compiler) array(t reflect.Type) *plan {
	e := c.plan(t.Elem())
	if e == nil {
		return nil
	}
	step, n, op := t.Elem().Size(), t.Len(), e.elem
	all := func(p unsafe.Pointer) int {
		size := uintSize(uint64(n))
		for i := range n {
			s := op(unsafe.Add(p, uintptr(i)*step))
			if s < 0 {
				return -1
			}
			size += s
		}
		return size
	}
	return &plan{field: all, elem: all, enc: encodeArray(n, step, e.enc), plain: e.plain, idSize: ownIDSize}
}

// maxFields keeps the distance between two fields that are sent below 128, so that it takes one
// byte.
const maxFields = 127

func (c *compiler) structure(t reflect.Type) *plan {
	if t.NumField() > maxFields {
		return nil
	}
	type fieldOp struct {
		offset uintptr
		op     op
	}
	var ops []fieldOp
	var encoders []fieldEncoder
	plain := true
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			return nil // is not sent, and nothing of it may be in the copy
		}
		p := c.plan(f.Type)
		if p == nil {
			return nil
		}
		plain = plain && p.plain && !isFloat(f.Type.Kind())
		ops = append(ops, fieldOp{f.Offset, p.field})
		encoders = append(encoders, fieldEncoder{f.Offset, p.enc})
	}
	all := func(p unsafe.Pointer) int {
		size := 1 // the zero at the end
		for i := range ops {
			s := ops[i].op(unsafe.Add(p, ops[i].offset))
			if s < 0 {
				return -1
			}
			if s > 0 {
				size += 1 + s
			}
		}
		return size
	}
	return &plan{field: all, elem: all, enc: encodeStruct(encoders), plain: plain, idSize: ownIDSize}
}

func (c *compiler) pointer(t reflect.Type) *plan {
	e := c.plan(t.Elem())
	if e == nil {
		return nil
	}
	variable := variableOf(t)
	clone := func(p unsafe.Pointer, op op) int {
		v := variable(p)
		own := reflect.New(t.Elem())
		own.Elem().Set(v.Elem())
		n := op(own.UnsafePointer())
		if n == 0 {
			v.SetZero() // nothing was sent, nothing is allocated there
		} else {
			v.Set(own)
		}
		return n
	}
	return &plan{
		field: func(p unsafe.Pointer) int {
			if *(*unsafe.Pointer)(p) == nil {
				return 0
			}
			return clone(p, e.field)
		},
		elem: func(p unsafe.Pointer) int {
			if *(*unsafe.Pointer)(p) == nil {
				return -1 // an error, which gob words best
			}
			return clone(p, e.elem)
		},
		enc:    encodePointer(e.enc),
		idSize: e.idSize,
	}
}

func (c *compiler) mapping(t reflect.Type) *plan {
	k, e := c.plan(t.Key()), c.plan(t.Elem())
	if k == nil || e == nil || !k.plain {
		return nil
	}
	variable := variableOf(t)
	clone := func(p unsafe.Pointer) int {
		v := variable(p)
		own := reflect.MakeMapWithSize(t, v.Len())
		size := uintSize(uint64(v.Len()))
		key, elem := reflect.New(t.Key()), reflect.New(t.Elem())
		for it := v.MapRange(); it.Next(); {
			key.Elem().SetIterKey(it)
			elem.Elem().SetIterValue(it)
			ks, es := k.elem(key.UnsafePointer()), e.elem(elem.UnsafePointer())
			if ks < 0 || es < 0 {
				return -1
			}
			size += ks + es
			own.SetMapIndex(key.Elem(), elem.Elem())
		}
		v.Set(own)
		return size
	}
	return &plan{
		field: func(p unsafe.Pointer) int {
			if *(*unsafe.Pointer)(p) == nil {
				return 0
			}
			return clone(p)
		},
		elem:   clone, // nil is sent like an empty one, and arrives as such
		enc:    encodeMap(t, k.enc, e.enc),
		idSize: ownIDSize,
	}
}
