package labgob

import (
	"encoding"
	"encoding/gob"
	"reflect"
)

var (
	gobEncoder      = reflect.TypeFor[gob.GobEncoder]()
	gobDecoder      = reflect.TypeFor[gob.GobDecoder]()
	binaryMarshaler = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshal = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// selfMade says whether values of type t encode or decode themselves, with methods that may be
// anybody's. Those of the standard library keep nothing.
func selfMade(t reflect.Type) bool {
	switch t.PkgPath() {
	case "time", "math/big":
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(gobEncoder) || p.Implements(gobDecoder) || p.Implements(binaryMarshaler) || p.Implements(binaryUnmarshal)
}

// holdsSelfMade looks for such a value in the interfaces of a message.
func holdsSelfMade(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return !v.IsNil() && (has(v.Elem().Type(), nil, selfMade) || holdsSelfMade(v.Elem()))
	case reflect.Pointer:
		return !v.IsNil() && holdsSelfMade(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && holdsSelfMade(v.Field(i)) {
				return true
			}
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			if holdsSelfMade(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if holdsSelfMade(it.Key()) || holdsSelfMade(it.Value()) {
				return true
			}
		}
	}
	return false
}
