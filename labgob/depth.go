package labgob

import (
	"fmt"
	"reflect"
	"slices"
)

// A value can lead back to itself, and encoding/gob would follow it until the stack is full; or it
// can share its parts so often that it has no end in practice. Neither can be sent. What is found
// out here is found before the encoder has begun.
const (
	maxNesting = 5_000      // of structs, pointers and the like within each other
	maxParts   = 10_000_000 // that are reached, each as often as there are ways to it
)

// nests says whether values of type t may be nested without a bound that the type sets.
func nests(t reflect.Type, around []reflect.Type) bool {
	if slices.Contains(around, t) || t.Kind() == reflect.Interface {
		return true
	}
	around = append(around, t)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && nests(f.Type, around) {
				return true
			}
		}
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return nests(t.Elem(), around)
	case reflect.Map:
		return nests(t.Key(), around) || nests(t.Elem(), around)
	}
	return false
}

// checkDepth says that a value is one that cannot be sent.
func checkDepth(v reflect.Value) error {
	parts := 0
	switch deep := tooDeep(v, 0, &parts); {
	case parts > maxParts:
		return fmt.Errorf("labgob: cannot send a %s with more than %d values in it: does it contain itself?", v.Type(), maxParts)
	case deep:
		return fmt.Errorf("labgob: cannot send a %s that is nested more than %d levels deep: does it contain itself? Send what it says as a slice",
			v.Type(), maxNesting)
	}
	return nil
}

// tooDeep walks over what gob would send, and ends early when there is too much.
func tooDeep(v reflect.Value, depth int, parts *int) bool {
	if *parts++; depth > maxNesting || *parts > maxParts {
		return true
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return !v.IsNil() && tooDeep(v.Elem(), depth+1, parts)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && tooDeep(v.Field(i), depth+1, parts) {
				return true
			}
		}
	case reflect.Array, reflect.Slice:
		if !nests(v.Type().Elem(), nil) {
			return false
		}
		for i := range v.Len() {
			if tooDeep(v.Index(i), depth+1, parts) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if tooDeep(it.Key(), depth+1, parts) || tooDeep(it.Value(), depth+1, parts) {
				return true
			}
		}
	}
	return false
}
