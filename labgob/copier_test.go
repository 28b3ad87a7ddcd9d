package labgob

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

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

type ring struct {
	N    int
	Next *ring
}

type pairOf struct{ A, B *pairOf }

type boxed struct{ In any }

// A value that contains itself, or is shared without end, is refused before the encoder follows it;
// a long but honest one is sent.
func TestEndless(t *testing.T) {
	gob.Register(&boxed{})
	self, inside, shared := &ring{N: 1}, &boxed{}, &pairOf{}
	self.Next, inside.In = self, inside
	for range 40 {
		shared = &pairOf{shared, shared}
	}
	for _, v := range []any{self, inside, shared, &boxed{In: &[]any{inside}}} {
		typ := reflect.TypeOf(v).Elem()
		_, _, err := CopierFor(typ, typ).Copy(reflect.ValueOf(v))
		require.ErrorContains(t, err, "does it contain itself?", "%T", v)
	}
	chain := &ring{N: 1}
	for range 1000 {
		chain = &ring{1, chain}
	}
	typ := reflect.TypeFor[ring]()
	got, _, err := CopierFor(typ, typ).Copy(reflect.ValueOf(chain))
	require.NoError(t, err)
	require.Equal(t, *chain, got.Elem().Interface())
}
