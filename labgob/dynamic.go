package labgob

import (
	"reflect"
	"unsafe"
)

// dynamicType is a type that may stand in an interface.
type dynamicType struct {
	name   string
	plan   *plan // nil if gob has to deal with it
	frame  int   // bytes before the length of the value: name and number of the type
	single bool  // not a struct
}

// dynamicTypes holds the types that were registered through this package, by themselves: if a
// value of another type stands in an interface, gob decides what it arrives as, or that it may not.
var dynamicTypes table[reflect.Type, *dynamicType]

func dynamicFor(t reflect.Type) *dynamicType {
	d, _ := dynamicTypes.get(t)
	return d
}

// What gob registers without being asked, as far as it turns up in logs.
func init() {
	for _, v := range []any{
		0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), float64(0), false, "", []byte(nil), []int(nil), []string(nil), []bool(nil), []float64(nil),
	} {
		t := reflect.TypeOf(v)
		addDynamic(t, registeredName(t))
	}
}

// registeredName is the name under which gob.Register files a type.
func registeredName(t reflect.Type) string {
	if t.Name() != "" && t.PkgPath() != "" {
		return t.PkgPath() + "." + t.Name()
	}
	return t.String()
}

func addDynamic(t reflect.Type, name string) {
	dynamicTypes.getOrMake(t, func() *dynamicType {
		d := &dynamicType{name: name, single: t.Kind() != reflect.Struct}
		if t.Kind() != reflect.Pointer {
			d.plan = planFor(t)
		}
		if d.plan != nil {
			d.frame = blockSize(len(name)) + d.plan.idSize
		}
		return d
	})
}

// size of an interface value whose content takes n bytes.
func (d *dynamicType) size(n int) int {
	if d.single {
		n++
	}
	return d.frame + blockSize(n)
}

// interfaceWords is how Go lays out an interface: a word for the type, and a pointer to the value.
// The pointer is the value itself where that is pointer-shaped; plain types never are.
type interfaceWords struct {
	typ, data unsafe.Pointer
}

// interfacePlan is for fields and elements of interface type, such as the command of a log entry.
func interfacePlan(t reflect.Type) *plan {
	typeOf := func(p unsafe.Pointer) reflect.Type { return reflect.NewAt(t, p).Elem().Elem().Type() }
	if t.NumMethod() == 0 {
		typeOf = func(p unsafe.Pointer) reflect.Type { return reflect.TypeOf(*(*any)(p)) }
	}
	field := func(p unsafe.Pointer) int {
		words := (*interfaceWords)(p)
		if words.typ == nil {
			return 0
		}
		d := dynamicFor(typeOf(p))
		if d == nil || d.plan == nil {
			return -1
		}
		if d.plan.plain {
			return d.size(d.plan.elem(words.data)) // a box that nobody can change is shared
		}
		v := reflect.NewAt(t, p).Elem()
		own := reflect.New(d.plan.typ)
		own.Elem().Set(v.Elem())
		n := d.plan.elem(own.UnsafePointer())
		if n < 0 {
			return -1
		}
		v.Set(own.Elem())
		return d.size(n)
	}
	return &plan{field: field, elem: orOneByte(field), enc: encodeInterface(t), idSize: basicIDSize}
}
