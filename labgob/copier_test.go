package labgob

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
	y int
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

// viaFreshGob is the yardstick.
func viaFreshGob(src reflect.Value) (dst reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).EncodeValue(src); err != nil {
		return dst, err
	}
	dst = reflect.New(src.Type())
	return dst, gob.NewDecoder(&b).DecodeValue(dst)
}

func compareWithGob(t *testing.T, typ reflect.Type, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	src := reflect.New(typ).Elem()
	for src.IsZero() && r.IntN(3) > 0 {
		random(r, src, 0)
	}
	want, wantErr := viaFreshGob(src)
	c := CopierFor(typ, withoutPointers(typ))
	got, size, err := c.Copy(src)
	if wantErr != nil {
		require.Error(t, err, "gob: %v, for %#v", wantErr, src)
		return
	}
	require.NoError(t, err, "%#v", src)
	want = reflect.Indirect(want)
	if typ.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	requireSame(t, want.Interface(), got.Elem().Interface())
	if typ == reflect.TypeFor[floats]() || typ == reflect.TypeFor[float64]() {
		require.Equal(t, fmt.Sprintf("%v", want), fmt.Sprintf("%v", got.Elem())) // tells -0 from 0
	}

	// The size that is counted is the size that a pair measures, but for type numbers.
	sizeOf, err := newPair().move(reflect.New(c.dst), reflect.Indirect(src), true)
	require.NoError(t, err)
	require.InDelta(t, sizeOf, size, 2+0.05*float64(sizeOf), "%#v", src)

	// Whatever the sender does with its memory afterwards, the receiver does not see it.
	clobber(src)
	requireSame(t, want.Interface(), got.Elem().Interface())
}

// clobber overwrites everything that v shares with its copies.
func clobber(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			clobber(v.Index(i))
			if v.Index(i).CanSet() {
				v.Index(i).SetZero()
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			clobber(v.Field(i))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			clobber(v.Elem())
			if v.Elem().CanSet() {
				v.Elem().SetZero()
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			clobber(v.MapIndex(k))
		}
		if !v.IsNil() && v.CanInterface() {
			v.Clear()
		}
	}
}

func requireSame(t *testing.T, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		require.Equal(t, want, got)
	}
}

func TestCopierMeansWhatGobMeans(t *testing.T) {
	for _, typ := range messageTypes {
		t.Run(typ.String(), func(t *testing.T) {
			for seed := range uint64(120) {
				compareWithGob(t, typ, seed)
			}
		})
	}
}

func FuzzCopier(f *testing.F) {
	for i := range messageTypes {
		f.Add(uint8(i), uint64(i))
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64) {
		compareWithGob(t, messageTypes[int(which)%len(messageTypes)], seed)
	})
}

// The shapes that matter do not go through gob.
func TestFastShapes(t *testing.T) {
	for _, v := range []any{appendEntries(10), basicsOrdinary{}, mapsOf{}, slicesOf{}, shouters{}, 5, "", []byte{}} {
		c := CopierFor(reflect.TypeOf(v), withoutPointers(reflect.TypeOf(v)))
		require.NotNil(t, c.op, "%T", v)
	}
	c := CopierFor(reflect.TypeFor[appendArgs](), reflect.TypeFor[appendArgs]())
	ptr, _, err := c.Copy(reflect.ValueOf(appendEntries(10)))
	require.NoError(t, err)
	require.Equal(t, appendEntries(10), ptr.Interface())
	require.Less(t, testing.AllocsPerRun(100, func() { _, _, _ = c.Copy(reflect.ValueOf(ptr.Interface())) }), 5.0)
}

// After an error the pair is not used again, and the next message is none the worse for it.
func TestCopierAfterErrors(t *testing.T) {
	c := CopierFor(reflect.TypeFor[recursive](), reflect.TypeFor[recursive]())
	e := CopierFor(reflect.TypeFor[entry](), reflect.TypeFor[struct{ Term int64 }]())
	for range 3 {
		_, _, err := e.Copy(reflect.ValueOf(entry{1, opUnregistered{}}))
		require.ErrorContains(t, err, "not registered")
		ptr, _, err := e.Copy(reflect.ValueOf(entry{1, op1{}}))
		require.NoError(t, err)
		require.EqualValues(t, 1, ptr.Elem().Field(0).Int())
		_, _, err = c.Copy(reflect.ValueOf((*recursive)(nil)))
		require.ErrorContains(t, err, "nil *labgob.recursive")
		_, _, err = c.Copy(reflect.ValueOf(5))
		require.ErrorContains(t, err, "was given a int")
	}
}

func TestCopierSizeDoesNotDependOnHistory(t *testing.T) {
	type message struct {
		X    any
		skip int
	}
	c := CopierFor(reflect.TypeFor[message](), reflect.TypeFor[message]())
	require.Nil(t, c.op)
	var sizes []int
	for i := range 4 {
		if i == 2 {
			c.free = nil
		}
		_, size, err := c.Copy(reflect.ValueOf(message{X: opDeep{Sub: op1{Key: "k"}}}))
		require.NoError(t, err)
		sizes = append(sizes, size)
		_, _, err = c.Copy(reflect.ValueOf(message{X: opDeep{}}))
		require.NoError(t, err)
	}
	require.Equal(t, []int{sizes[0], sizes[0], sizes[0], sizes[0]}, sizes)
	_ = message{}.skip
}

func TestCopyIntoKeepsWhatIsNotSent(t *testing.T) {
	c := CopierFor(reflect.TypeFor[basicsOrdinary](), reflect.TypeFor[basicsOrdinary]())
	dst := basicsOrdinary{X: 1, Z: []byte("z")}
	_, err := c.CopyInto(reflect.ValueOf(&dst), reflect.ValueOf(basicsOrdinary{Y: "y"}))
	require.NoError(t, err)
	require.Equal(t, basicsOrdinary{X: 1, Y: "y", Z: []byte("z")}, dst)
	dst = basicsOrdinary{}
	_, err = c.CopyInto(reflect.ValueOf(&dst), reflect.ValueOf(basicsOrdinary{Y: "y"}))
	require.NoError(t, err)
	require.Equal(t, basicsOrdinary{Y: "y"}, dst)
}

func TestCopierConcurrently(t *testing.T) {
	c := CopierFor(reflect.TypeFor[recursive](), reflect.TypeFor[recursive]())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 20 {
				ptr, _, err := c.Copy(reflect.ValueOf(recursive{V: i, Next: &recursive{V: -i}}))
				require.NoError(t, err)
				require.Equal(t, i, ptr.Interface().(*recursive).V)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, len(c.free), maxFree)
}
