package labgob

import (
	"bytes"
	"encoding/gob"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever gob writes passes, and arrives as if gob had read it itself: several values of several
// types on one stream, with definitions in the middle of them.
func TestDecoderReadsWhatGobWrites(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 2))
		var stream bytes.Buffer
		enc := gob.NewEncoder(&stream)
		var types []reflect.Type
		for range 1 + r.IntN(6) {
			src := reflect.New(withoutPointers(messageTypes[r.IntN(len(messageTypes))]))
			random(r, src.Elem(), 0)
			if _, err := viaFreshGob(src); err != nil {
				continue // cannot be sent, and would end the stream
			}
			require.NoError(t, enc.EncodeValue(src))
			types = append(types, src.Type().Elem())
		}
		data := stream.Bytes()
		want, got := gob.NewDecoder(bytes.NewReader(data)), NewDecoder(iotest.OneByteReader(bytes.NewReader(data)))
		for i, typ := range types {
			a, b := reflect.New(typ), reflect.New(typ)
			require.NoError(t, want.DecodeValue(a), "seed %d", seed)
			require.NoError(t, got.Decode(b.Interface()), "seed %d, value %d, a %s", seed, i, typ)
			requireSame(t, a.Interface(), b.Interface())
		}
		require.Equal(t, io.EOF, got.Decode(new(int)))
	}
}

// A receiver that lacks a field has to skip what is in it, also an interface with a value in whose
// midst a type is defined. (gob alone loses its way here.)
func TestSkippedInterface(t *testing.T) {
	type full struct {
		Before int
		Skip   any
		After  map[int]string
	}
	type part struct {
		Before int
		After  map[int]string
	}
	var w bytes.Buffer
	require.NoError(t, NewEncoder(&w).Encode(full{1, opDeep{Sub: opDeep{Sub: op1{Key: "k"}}}, map[int]string{2: "two"}}))
	var got part
	require.NoError(t, NewDecoder(&w).Decode(&got))
	require.Equal(t, part{1, map[int]string{2: "two"}}, got)
}

func TestDecodeErrors(t *testing.T) {
	var w bytes.Buffer
	require.NoError(t, NewEncoder(&w).Encode(op1{Key: "key"}))
	data := w.Bytes()
	require.Equal(t, io.EOF, NewDecoder(bytes.NewReader(nil)).Decode(new(op1)))
	for n := 1; n < len(data); n++ {
		require.Error(t, NewDecoder(bytes.NewReader(data[:n])).Decode(new(op1)), "cut off after %d bytes", n)
	}
	require.ErrorContains(t, NewDecoder(bytes.NewReader(data)).Decode(new(int)), "decoding into local type")
	require.Error(t, NewDecoder(bytes.NewReader(data)).Decode(op1{}), "not a pointer")
	require.NoError(t, NewDecoder(bytes.NewReader(data)).Decode(nil), "nil skips")
	require.ErrorContains(t, NewEncoder(io.Discard).Encode((*op1)(nil)), "nil *labgob.op1")
	require.Error(t, NewEncoder(io.Discard).Encode(nil))
	require.ErrorContains(t, NewEncoder(io.Discard).Encode(entry{Command: opUnregistered{}}), "not registered")
}

type unmarshalPanics struct{ X int }

func (unmarshalPanics) MarshalBinary() ([]byte, error) { return []byte{1}, nil }
func (*unmarshalPanics) UnmarshalBinary([]byte) error  { panic("no") }

func TestPanicBecomesError(t *testing.T) {
	var w bytes.Buffer
	require.NoError(t, NewEncoder(&w).Encode(unmarshalPanics{1}))
	require.ErrorContains(t, NewDecoder(&w).Decode(&unmarshalPanics{}), "no")
}

// streamOf defines type 65 and holds one value of it.
func streamOf(definition, value []byte) []byte {
	message := func(b []byte) []byte { return append(fixedUint(uint64(len(b))), b...) }
	return append(message(append([]byte{0xFF, 0x81}, definition...)), message(append([]byte{0xFF, 0x82, 0}, value...))...)
}

// bomb announces n elements of type 65.
func bomb(definition []byte, n uint64) []byte { return streamOf(definition, fixedUint(n)) }

// mapOf defines a map: MapT is field 4 of a wireType, and has CommonType, Key, Elem.
func mapOf(key, elem typeID) []byte {
	return slices.Concat([]byte{4, 1, 2}, number(65), []byte{0, 1}, number(key), []byte{1}, number(elem), []byte{0, 0})
}

func sliceOf(elem typeID) []byte {
	return slices.Concat([]byte{2, 1, 2}, number(65), []byte{0, 1}, number(elem), []byte{0, 0})
}

func number(id typeID) []byte {
	if id < 64 {
		return []byte{byte(id << 1)}
	}
	return []byte{0xFF, byte(id << 1)}
}

// Twenty bytes that announce a billion elements: gob makes room for them.
func TestBombs(t *testing.T) {
	for name, data := range map[string][]byte{
		"map":        bomb(mapOf(idInt, idInt), 1<<30),
		"larger map": bomb(mapOf(idInt, idInt), 1<<62),
		"slice":      bomb(sliceOf(idInt), 1<<29),
		"interfaces": bomb(sliceOf(idInterface), 1<<28),
		"itself":     bomb(sliceOf(65), 1<<20),
		"message":    append([]byte{0xFC, 0x3F, 0xFF, 0xFF, 0xFF}, 1, 2, 3),
		"string":     {9, 12, 0, 0xFC, 0x3F, 0xFF, 0xFF, 0xFF, 'x', 'y'},
		"deep":       streamOf(sliceOf(65), bytes.Repeat([]byte{1}, 100_000)),
		"of itself":  bomb(mapOf(65, 65), 1<<62),
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, NewDecoder(bytes.NewReader(data)).Decode(nil), map[string]string{"message": "EOF", "deep": "nested"}[name])
			for _, target := range []any{new(map[int]int), new([]int), new([]any), new(string), new(op1), nil} {
				requireModest(t, data, func() { require.Error(t, NewDecoder(bytes.NewReader(data)).Decode(target)) })
			}
		})
	}
}

// requireModest fails if f takes long or allocates much more than its input justifies.
func requireModest(t *testing.T, data []byte, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	require.Less(t, allocated, uint64(4<<20+2000*len(data)), "allocated for %d bytes", len(data))
	require.Less(t, took, 5*time.Second+time.Duration(len(data))*time.Millisecond, "time for %d bytes", len(data))
}

// seeds are streams to start fuzzing from: one of each type, and the bombs.
func seeds(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, typ := range messageTypes {
		for range 2 {
			src := reflect.New(withoutPointers(typ))
			for i := 0; src.Elem().IsZero() && i < 10; i++ {
				random(r, src.Elem(), 0)
			}
			var w bytes.Buffer
			if _, err := viaFreshGob(src); err == nil && gob.NewEncoder(&w).EncodeValue(src) == nil {
				f.Add(w.Bytes())
			}
		}
	}
	f.Add(bomb(mapOf(idInt, idInt), 1<<30))
	f.Add(bomb(mapOf(65, 65), 1<<62))
	f.Add(bomb(sliceOf(65), 1<<20))
}

func fuzzInto(f *testing.F, targets ...reflect.Type) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, typ := range targets {
			requireModest(t, data, func() {
				dec := NewDecoder(bytes.NewReader(data))
				for range 4 {
					if dec.Decode(reflect.New(typ).Interface()) != nil {
						break
					}
				}
			})
		}
		requireModest(t, data, func() { _ = NewDecoder(bytes.NewReader(data)).Decode(nil) })
	})
}

// What a persister and a network hold: numbers, logs, arguments.
func FuzzDecodeRaftState(f *testing.F) {
	fuzzInto(f, reflect.TypeFor[int](), reflect.TypeFor[named](), reflect.TypeFor[appendArgs]())
}

// Everything else, among it types that refer to themselves.
func FuzzDecodeAnyShape(f *testing.F) {
	fuzzInto(f, reflect.TypeFor[recursive](), reflect.TypeFor[mapsOf](), reflect.TypeFor[slicesOf](), reflect.TypeFor[pointers](),
		reflect.TypeFor[[]any](), reflect.TypeFor[map[string]opDeep](), reflect.TypeFor[struct{}](), reflect.TypeFor[withTime]())
}

// Bytes without structure rarely get past the first message; here they are taken for one value of
// a known type.
func FuzzDecodeValue(f *testing.F) {
	for _, b := range [][]byte{{}, {0}, {1, 2, 0}, {5, 1, 1, 4, 0, 0}, {5, 2, 1, 4, 1, 3, 'i', 'n', 't', 4, 2, 0, 8, 0, 0}} {
		f.Add(b)
	}
	var w bytes.Buffer
	enc := gob.NewEncoder(&w)
	_ = enc.Encode(appendArgs{})
	head := bytes.Clone(w.Bytes())
	w.Reset()
	_ = enc.Encode(appendArgs{Entries: []entry{{1, 5}, {2, op1{Key: "k"}}}})
	f.Add(w.Bytes())
	f.Fuzz(func(t *testing.T, value []byte) {
		data := append(bytes.Clone(head), value...)
		requireModest(t, data, func() {
			dec := NewDecoder(bytes.NewReader(data))
			require.NoError(t, dec.Decode(new(appendArgs)))
			for range 4 {
				if dec.Decode(new(appendArgs)) != nil {
					break
				}
			}
		})
	})
}
