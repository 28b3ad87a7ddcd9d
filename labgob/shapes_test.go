package labgob

import (
	"math"
	"math/rand/v2"
	"reflect"
	"time"
)

// The shapes that messages have, and some that nobody should send.

type entry struct {
	Term    int
	Command any
}

type op1 struct {
	Kind, Key, Value string
	Client           int64
	Seq              int
}

type opDeep struct {
	Tags []string
	Sub  any
	More map[string]int
}

type opRegisteredAsPointer struct{ A, B int }

type opUnregistered struct{ X int }

type shouter interface{ Shout() string }

func (o op1) Shout() string { return o.Key }

type appendArgs struct {
	Term, LeaderId, PrevLogIndex, PrevLogTerm int
	Entries                                   []entry
	LeaderCommit                              int
}

type basics struct {
	B   bool
	I   int
	I8  int8
	I16 int16
	I32 int32
	I64 int64
	U   uint
	U8  uint8
	U16 uint16
	U32 uint32
	U64 uint64
	F32 float32
	F64 float64
	S   string
	C   complex128
	D   time.Duration
}

type floats struct {
	F, G float64
	H    []float64
	J    [2]float32
}

type slicesOf struct {
	A [][]byte
	B [][]int
	C []string
	D [3]int
	E [2][]byte
	F []struct{}
	G []basicsOrdinary
	H []any
	J [0]int
}

type basicsOrdinary struct {
	X int
	Y string
	Z []uint8
}

type pointers struct {
	I  *int
	S  *string
	B  *[]byte
	T  *entry
	PP **int
	L  []*int
	M  *map[string]int
	A  *any
}

type mapsOf struct {
	A map[string]string
	B map[int][]string
	C map[string]map[string]int
	D map[[2]int]any
	E []map[int]bool
}

type withUnexported struct {
	X int
	y int //lint:ignore U1000 it is there to be left out
}

type withChannel struct {
	X int
	C chan int
	F func()
}

type recursive struct {
	V    int
	Next *recursive
	Kids []recursive
}

type withTime struct {
	At time.Time
	X  int
}

type shouters struct {
	One  shouter
	Many []shouter
}

type Embedded struct{ E int }

type withEmbedded struct {
	Embedded
	X int
}

type named []entry

func init() {
	Register(op1{})
	Register(opDeep{})
	Register(&opRegisteredAsPointer{})
	Register(map[string]int{})
	Register([]entry{})
	Register([3]int{})
	Register(Embedded{})
}

var messageTypes = []reflect.Type{
	reflect.TypeFor[appendArgs](), reflect.TypeFor[basics](), reflect.TypeFor[floats](), reflect.TypeFor[slicesOf](),
	reflect.TypeFor[pointers](), reflect.TypeFor[mapsOf](), reflect.TypeFor[withUnexported](), reflect.TypeFor[withChannel](),
	reflect.TypeFor[recursive](), reflect.TypeFor[withTime](), reflect.TypeFor[shouters](), reflect.TypeFor[withEmbedded](),
	reflect.TypeFor[int](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[named](), reflect.TypeFor[[]any](),
	reflect.TypeFor[map[string]opDeep](), reflect.TypeFor[*entry](), reflect.TypeFor[struct{}](), reflect.TypeFor[[2]bool](),
	reflect.TypeFor[basicsOrdinary](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[uint8](),
}

// random fills v, often with the values at which something special happens.
func random(r *rand.Rand, v reflect.Value, depth int) {
	if r.IntN(5) == 0 {
		return // zero
	}
	n := r.IntN(4)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{1, -0.5, math.Pi, math.Copysign(0, -1), math.Inf(1), 1e30}[r.IntN(6)])
	case reflect.Complex128:
		v.SetComplex(complex(1, float64(n)))
	case reflect.String:
		v.SetString(string(make([]byte, n*r.IntN(60))))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n+r.IntN(3)))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			random(r, v.Index(i), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				random(r, v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		if depth < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem(), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range n {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			random(r, k, depth+1)
			random(r, e, depth+1)
			v.SetMapIndex(k, e)
		}
	case reflect.Interface:
		randomDynamic(r, v, depth)
	case reflect.Chan:
		v.Set(reflect.MakeChan(v.Type(), 0))
	}
}

func randomDynamic(r *rand.Rand, v reflect.Value, depth int) {
	dynamic := []any{0, "", false, int8(0), uint64(0), 0.0, []byte{}, []int{}, []string{}, op1{}, op1{}, op1{}, opDeep{},
		opRegisteredAsPointer{}, &opRegisteredAsPointer{}, &op1{}, map[string]int{}, []entry{}, [3]int{}, Embedded{}, time.Second}
	if r.IntN(20) == 0 {
		dynamic = []any{opUnregistered{}, (*op1)(nil), struct{ X int }{}}
	}
	if v.NumMethod() > 0 {
		dynamic = []any{op1{}, op1{}, &op1{}}
	}
	if depth > 8 {
		return
	}
	d := reflect.New(reflect.TypeOf(dynamic[r.IntN(len(dynamic))])).Elem()
	random(r, d, depth+1)
	v.Set(d)
}
