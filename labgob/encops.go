package labgob

import (
	"math"
	"math/bits"
	"reflect"
	"unsafe"
)

// An encOp writes the value at p. delta is the distance of a struct's field from the last field
// that was written; a field that is zero is left out, and the result is false. For everything else,
// the elements of a slice for example, delta is 0 and the value is written even if it is zero.
type encOp func(w *writer, p unsafe.Pointer, delta int) (written bool)

func (w *writer) delta(delta int) {
	if delta > 0 {
		w.uint(uint64(delta))
	}
}

func encodeBool(w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*bool)(p)
	if delta > 0 && !x {
		return false
	}
	w.delta(delta)
	w.b = append(w.b, 0)
	if x {
		w.b[len(w.b)-1] = 1
	}
	return true
}

func encodeInt[T int | int8 | int16 | int32 | int64](w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*T)(p)
	if delta > 0 && x == 0 {
		return false
	}
	w.delta(delta)
	w.int(int64(x))
	return true
}

func encodeUint[T uint | uint8 | uint16 | uint32 | uint64 | uintptr](w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*T)(p)
	if delta > 0 && x == 0 {
		return false
	}
	w.delta(delta)
	w.uint(uint64(x))
	return true
}

func encodeFloat[T float32 | float64](w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*T)(p)
	if delta > 0 && x == 0 {
		return false
	}
	w.delta(delta)
	w.uint(bits.ReverseBytes64(math.Float64bits(float64(x))))
	return true
}

func encodeString(w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*string)(p)
	if delta > 0 && x == "" {
		return false
	}
	w.delta(delta)
	w.uint(uint64(len(x)))
	w.b = append(w.b, x...)
	return true
}

func encodeBytes(w *writer, p unsafe.Pointer, delta int) bool {
	x := *(*[]byte)(p)
	if delta > 0 && len(x) == 0 {
		return false
	}
	w.delta(delta)
	w.uint(uint64(len(x)))
	w.b = append(w.b, x...)
	return true
}

// encodeElems writes n elements that stand side by side.
func encodeElems(w *writer, p unsafe.Pointer, n int, step uintptr, elem encOp) {
	w.uint(uint64(n))
	for i := 0; i < n && !w.failed; i++ {
		elem(w, unsafe.Add(p, uintptr(i)*step), 0)
	}
}

func encodeSlice(step uintptr, elem encOp) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		x := *(*[]byte)(p) // all slices look alike; its length is the number of elements
		if delta > 0 && len(x) == 0 {
			return false
		}
		w.delta(delta)
		encodeElems(w, unsafe.Pointer(unsafe.SliceData(x)), len(x), step, elem)
		return true
	}
}

func encodeArray(n int, step uintptr, elem encOp) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		w.delta(delta)
		encodeElems(w, p, n, step, elem)
		return true
	}
}

type fieldEncoder struct {
	offset uintptr
	enc    encOp
}

func encodeStruct(fields []fieldEncoder) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		w.delta(delta)
		last := -1
		for i := range fields {
			f := &fields[i]
			if f.enc(w, unsafe.Add(p, f.offset), i-last) {
				last = i
			}
		}
		w.b = append(w.b, 0)
		return true
	}
}

func encodePointer(elem encOp) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		q := *(*unsafe.Pointer)(p)
		if q == nil {
			w.failed = w.failed || delta == 0 // an error, which gob words best
			return false
		}
		return elem(w, q, delta)
	}
}

func encodeMap(t reflect.Type, key, elem encOp) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		if delta > 0 && *(*unsafe.Pointer)(p) == nil {
			return false
		}
		w.delta(delta)
		v := reflect.NewAt(t, p).Elem()
		w.uint(uint64(v.Len()))
		k, e := reflect.New(t.Key()), reflect.New(t.Elem())
		for it := v.MapRange(); it.Next() && !w.failed; {
			k.Elem().SetIterKey(it)
			e.Elem().SetIterValue(it)
			key(w, k.UnsafePointer(), 0)
			elem(w, e.UnsafePointer(), 0)
		}
		return true
	}
}

func encodeInterface(t reflect.Type) encOp {
	return func(w *writer, p unsafe.Pointer, delta int) bool {
		words := (*interfaceWords)(p)
		if words.typ == nil {
			if delta == 0 {
				w.b = append(w.b, 0)
			}
			return delta == 0
		}
		v := reflect.NewAt(t, p).Elem()
		d := dynamicFor(v.Elem().Type())
		if d == nil || d.plan == nil {
			w.failed = true
			return true
		}
		desc := describe(d.plan.typ)
		if desc == nil {
			w.failed = true
			return true
		}
		data := words.data
		if !d.plan.plain { // the word might be the value itself
			own := reflect.New(d.plan.typ)
			own.Elem().Set(v.Elem())
			data = own.UnsafePointer()
		}
		w.delta(delta)
		w.uint(uint64(len(d.name)))
		w.b = append(w.b, d.name...)
		w.b = append(w.b, desc.id...)
		if len(desc.defs) > 0 {
			w.types = append(w.types, desc)
		}
		start := len(w.b)
		if d.single {
			w.b = append(w.b, 0)
		}
		d.plan.enc(w, data, 0)
		w.block(start)
		return true
	}
}
