package labgob

// gob's wire format, as far as one has to know it in order to walk over a value without decoding
// it (see the documentation of encoding/gob, "Encoding Details").

// typeID identifies a type within a stream. Negative ones introduce a definition.
type typeID int64

// The types that need no definition.
const (
	idBool      typeID = 1
	idInt       typeID = 2
	idUint      typeID = 3
	idFloat     typeID = 4
	idBytes     typeID = 5
	idString    typeID = 6
	idComplex   typeID = 7
	idInterface typeID = 8

	firstUserID typeID = 64 // below are gob's own
)

// shape is what kind of type a definition defines.
type shape byte

const (
	noShape shape = iota
	arrayShape
	sliceShape
	structShape
	mapShape
	opaqueShape // encoded by a method of the type: to us a string of bytes
)

// wireType is the definition of a type in a stream.
type wireType struct {
	shape  shape
	key    typeID   // map
	elem   typeID   // array, slice, map
	length uint64   // array
	fields []typeID // struct
}

// definition reads a wireType. In the stream it is itself an encoded struct, with one field for
// each shape of which exactly one is set:
//
//	wireType   { ArrayT, SliceT, StructT, MapT, GobEncoderT, BinaryMarshalerT, TextMarshalerT }
//	ArrayT     { CommonType, Elem, Len }          SliceT { CommonType, Elem }
//	StructT    { CommonType, Field []{Name, Id} }   MapT   { CommonType, Key, Elem }
//	CommonType { Name, Id }
func (v *vetter) definition() *wireType {
	t := &wireType{}
	v.fields(7, func(field int) {
		if t.shape != noShape {
			v.fail("a type is defined in two ways")
			return
		}
		switch field {
		case 0:
			t.shape = arrayShape
			v.parts(func() { t.elem = v.id() }, func() { t.length = uint64(v.id()) })
		case 1:
			t.shape = sliceShape
			v.parts(func() { t.elem = v.id() })
		case 2:
			t.shape = structShape
			v.parts(func() { t.fields = v.fieldTypes() })
		case 3:
			t.shape = mapShape
			v.parts(func() { t.key = v.id() }, func() { t.elem = v.id() })
		default:
			t.shape = opaqueShape
			v.parts()
		}
	})
	if t.shape == noShape {
		v.fail("a type definition is empty")
	}
	return t
}

// parts reads a struct that starts with a CommonType and goes on with the given fields.
func (v *vetter) parts(read ...func()) {
	v.fields(1+len(read), func(field int) {
		if field > 0 {
			read[field-1]()
			return
		}
		v.nameAndID()
	})
}

// nameAndID reads the two fields of a CommonType or of a struct's field, and returns the second.
func (v *vetter) nameAndID() (id typeID) {
	v.fields(2, func(field int) {
		if field == 0 {
			v.skip(v.uint())
		} else {
			id = v.id()
		}
	})
	return id
}

func (v *vetter) fieldTypes() (ids []typeID) {
	n := v.uint()
	for i := uint64(0); i < n && v.err == nil; i++ {
		ids = append(ids, v.nameAndID())
	}
	return ids
}
