package labgob

import (
	"bytes"
	"reflect"
	"unsafe"
)

// basicPlan returns the plan for numbers, booleans and strings, or nil.
func basicPlan(k reflect.Kind) *plan {
	switch k {
	case reflect.Bool:
		return &plan{field: boolField, elem: boolElem, enc: encodeBool, plain: true, idSize: basicIDSize}
	case reflect.Int:
		return intPlan[int]()
	case reflect.Int8:
		return intPlan[int8]()
	case reflect.Int16:
		return intPlan[int16]()
	case reflect.Int32:
		return intPlan[int32]()
	case reflect.Int64:
		return intPlan[int64]()
	case reflect.Uint:
		return uintPlan[uint]()
	case reflect.Uint8:
		return uintPlan[uint8]()
	case reflect.Uint16:
		return uintPlan[uint16]()
	case reflect.Uint32:
		return uintPlan[uint32]()
	case reflect.Uint64:
		return uintPlan[uint64]()
	case reflect.Uintptr:
		return uintPlan[uintptr]()
	case reflect.Float32:
		return floatPlan[float32]()
	case reflect.Float64:
		return floatPlan[float64]()
	case reflect.String:
		return &plan{field: stringField, elem: stringElem, enc: encodeString, plain: true, idSize: basicIDSize}
	}
	return nil
}

func boolField(p unsafe.Pointer) int {
	if *(*bool)(p) {
		return 1
	}
	return 0
}

func boolElem(unsafe.Pointer) int { return 1 }

func stringField(p unsafe.Pointer) int {
	if n := len(*(*string)(p)); n > 0 {
		return blockSize(n)
	}
	return 0
}

func stringElem(p unsafe.Pointer) int { return blockSize(len(*(*string)(p))) }

func intPlan[T int | int8 | int16 | int32 | int64]() *plan {
	return &plan{
		field: func(p unsafe.Pointer) int {
			if x := *(*T)(p); x != 0 {
				return intSize(int64(x))
			}
			return 0
		},
		elem:   func(p unsafe.Pointer) int { return intSize(int64(*(*T)(p))) },
		enc:    encodeInt[T],
		plain:  true,
		idSize: basicIDSize,
	}
}

func uintPlan[T uint | uint8 | uint16 | uint32 | uint64 | uintptr]() *plan {
	return &plan{
		field: func(p unsafe.Pointer) int {
			if x := *(*T)(p); x != 0 {
				return uintSize(uint64(x))
			}
			return 0
		},
		elem:   func(p unsafe.Pointer) int { return uintSize(uint64(*(*T)(p))) },
		enc:    encodeUint[T],
		plain:  true,
		idSize: basicIDSize,
	}
}

func isFloat(k reflect.Kind) bool { return k == reflect.Float32 || k == reflect.Float64 }

// floatPlan: a field that holds minus zero counts as zero, and arrives as plus zero. That is why a
// struct with such a field is not plain although floats are.
func floatPlan[T float32 | float64]() *plan {
	return &plan{
		field: func(p unsafe.Pointer) int {
			x := (*T)(p)
			if *x == 0 {
				*x = 0
				return 0
			}
			return floatSize(float64(*x))
		},
		elem:   func(p unsafe.Pointer) int { return floatSize(float64(*(*T)(p))) },
		enc:    encodeFloat[T],
		plain:  true,
		idSize: basicIDSize,
	}
}

// bytesPlan is for slices of bytes, by whatever name.
func bytesPlan() *plan {
	clone := func(p unsafe.Pointer) int {
		b := (*[]byte)(p)
		if len(*b) == 0 {
			*b = nil
			return 0
		}
		*b = bytes.Clone(*b)
		return blockSize(len(*b))
	}
	return &plan{field: clone, elem: orOneByte(clone), enc: encodeBytes, idSize: basicIDSize}
}
