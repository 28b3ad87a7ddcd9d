package labgob

import (
	"bytes"
	"encoding/gob"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// compareStreams writes the same values with a LabEncoder and with gob. Both streams have to hold
// the same, for gob's decoder and for ours; and where nothing has to be defined in the middle of a
// value, and nothing is in random order, they are the same.
func compareStreams(t *testing.T, seed uint64, types []reflect.Type) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 4))
	var ours, theirs bytes.Buffer
	lab, std := NewEncoder(&ours), gob.NewEncoder(&theirs)
	var written []reflect.Type
	for range 1 + r.IntN(5) {
		src := reflect.New(withoutPointers(types[r.IntN(len(types))]))
		random(r, src.Elem(), 0)
		if _, err := viaFreshGob(src); err != nil {
			require.Error(t, NewEncoder(io.Discard).EncodeValue(src), "gob: %v", err)
			continue // ends a gob stream
		}
		value := src
		if r.IntN(2) == 0 {
			value = src.Elem()
		}
		require.NoError(t, lab.EncodeValue(value), "%#v", src.Elem())
		require.NoError(t, std.EncodeValue(value))
		written = append(written, src.Type().Elem())
	}
	data := bytes.Clone(ours.Bytes())
	a, b, c := gob.NewDecoder(&ours), gob.NewDecoder(&theirs), NewDecoder(bytes.NewReader(data))
	for _, typ := range written {
		va, vb, vc := reflect.New(typ), reflect.New(typ), reflect.New(typ)
		require.NoError(t, b.DecodeValue(vb))
		require.NoError(t, a.DecodeValue(va), "gob cannot read what we wrote, a %s", typ)
		requireSame(t, vb.Interface(), va.Interface())
		require.NoError(t, c.Decode(vc.Interface()))
		requireSame(t, vb.Interface(), vc.Interface())
	}
}

func TestEncoderWritesGob(t *testing.T) {
	for seed := range uint64(400) {
		compareStreams(t, seed, messageTypes)
	}
	for i := range messageTypes {
		for seed := range uint64(60) {
			compareStreams(t, seed, messageTypes[i:i+1])
		}
	}
}

func FuzzEncoder(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareStreams(t, seed, messageTypes) })
}

// The bytes themselves, as far as they are determined.
func TestEncoderWritesGobsBytes(t *testing.T) {
	n := 7
	for _, values := range [][]any{
		{1, "two", []byte("three"), false, -4.5, uint8(200), int64(-1 << 62), &n},
		{7, 2, []entry{{1, 100}, {2, "x"}, {3, nil}}, []entry{}, []entry(nil)},
		{basicsOrdinary{1, "y", nil}, &basicsOrdinary{}, []basicsOrdinary{{X: 5}}},
		{slicesOf{A: [][]byte{{1}, nil}, G: make([]basicsOrdinary, 3)}, map[string]int{"one": 1}, map[string]int{}},
		{pointers{I: &n, S: new(string), L: []*int{&n}}, [3]int{1, 2, 3}, struct{}{}},
	} {
		var ours, theirs bytes.Buffer
		lab, std := NewEncoder(&ours), gob.NewEncoder(&theirs)
		for _, v := range values {
			require.NoError(t, lab.Encode(v))
			require.NoError(t, std.Encode(v))
			require.Equal(t, theirs.Bytes(), ours.Bytes(), "%#v", v)
		}
		require.Nil(t, lab.stream.gob, "gob was not needed")
	}
}

// gob takes over in the middle of a stream, and does not define again what is defined.
func TestGobTakesOver(t *testing.T) {
	var w bytes.Buffer
	lab := NewEncoder(&w)
	require.NoError(t, lab.Encode([]entry{{1, op1{Key: "a"}}}))
	require.Nil(t, lab.stream.gob)
	require.NoError(t, lab.Encode([]entry{{2, &op1{Key: "b"}}}), "a pointer to a registered type")
	require.NotNil(t, lab.stream.gob)
	require.NoError(t, lab.Encode([]entry{{3, op1{Key: "c"}}}))
	dec := NewDecoder(&w)
	for _, want := range []entry{{1, op1{Key: "a"}}, {2, op1{Key: "b"}}, {3, op1{Key: "c"}}} {
		var got []entry
		require.NoError(t, dec.Decode(&got))
		require.Equal(t, []entry{want}, got)
	}
}

func TestEncoderKeepsWriterErrors(t *testing.T) {
	require.ErrorContains(t, NewEncoder(failingWriter{}).Encode(5), "too large")
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

// keeper is a writer that keeps what it was given.
type keeper struct{ given [][]byte }

func (k *keeper) Write(p []byte) (int, error) {
	k.given = append(k.given, p)
	return len(p), nil
}

// A writer of somebody's own cannot see what others write after it, and what is in a buffer stays.
func TestRooms(t *testing.T) {
	type entry struct{ Term, Index int }
	encode := func(w io.Writer, term int) {
		require.NoError(t, NewEncoder(w).Encode([]entry{{term, term}}))
	}
	var k keeper
	var first, second bytes.Buffer
	encode(&k, 7)
	kept := slices.Clone(k.given[0])
	encode(&first, 1)
	was := slices.Clone(first.Bytes())
	encode(&second, 2)
	encode(&second, 3)
	require.Equal(t, kept, k.given[0])
	require.Equal(t, was, first.Bytes())
	require.NotEqual(t, was, second.Bytes()[:len(was)])
	if !raceDetector {
		once := testing.AllocsPerRun(100, func() { encode(io.Discard, 5) })
		var b bytes.Buffer
		b.Grow(1 << 20)
		require.Less(t, testing.AllocsPerRun(100, func() { encode(&b, 5) }), once, "a room is used again")
	}
}
