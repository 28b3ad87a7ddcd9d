package labgob

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// marshal is a message: what a new encoder writes.
func marshal(t testing.TB, v any) []byte {
	var b bytes.Buffer
	require.NoError(t, NewEncoder(&b).Encode(v))
	return b.Bytes()
}

// Kept decoders read what new ones do, whatever was in the messages before: types that stand in
// interfaces now and then, other types, broken bytes; and fields that a message leaves out.
func TestUnmarshal(t *testing.T) {
	messages := []any{
		appendEntries(0), appendEntries(3), &appendArgs{Term: 1, Entries: []entry{{Command: "text"}}}, appendEntries(1), &op1{"a", "b", "c", 1, 2},
		&appendArgs{Term: 2}, appendEntries(50), &map[string]int{"a": 1}, &op1{}, &appendArgs{Entries: []entry{{Command: op1{Key: "k"}}}},
	}
	check := func(t *testing.T, m any) {
		b := marshal(t, m)
		want, got := reflect.New(reflect.TypeOf(m).Elem()), reflect.New(reflect.TypeOf(m).Elem())
		require.NoError(t, NewDecoder(bytes.NewReader(b)).Decode(want.Interface()))
		require.NoError(t, Unmarshal(b, got.Interface()))
		require.Equal(t, want.Interface(), got.Interface())
		require.Error(t, Unmarshal(b[:len(b)-1], reflect.New(reflect.TypeOf(m).Elem()).Interface()))
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 200 {
				check(t, messages[(i*(worker+1)+i/7)%len(messages)])
			}
		})
	}
	all.Wait()
}

// gob itself defines what stands in an interface in the middle of the value. A decoder that has met
// such a definition is not kept.
func TestUnmarshalWhatGobWrites(t *testing.T) {
	for range 3 {
		for _, command := range []any{op1{Key: "k"}, "text", op1{Key: "l"}} {
			var b bytes.Buffer
			want := appendArgs{Term: 4, Entries: []entry{{Command: command}}}
			require.NoError(t, gob.NewEncoder(&b).Encode(want))
			var got appendArgs
			require.NoError(t, Unmarshal(b.Bytes(), &got))
			require.Equal(t, want, got)
		}
	}
}

// Messages that all begin differently do not fill the memory.
func TestUnmarshalBoundsHeads(t *testing.T) {
	t.Cleanup(func() { clear(readers.byHead) })
	for i := range 2 * maxHeads {
		typ := reflect.StructOf([]reflect.StructField{{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int]()}})
		v := reflect.New(typ)
		v.Elem().Field(0).SetInt(int64(i))
		got := reflect.New(typ)
		require.NoError(t, Unmarshal(marshal(t, v.Interface()), got.Interface()))
		require.Equal(t, v.Interface(), got.Interface())
	}
	require.LessOrEqual(t, len(readers.byHead), maxHeads)
}

// The second message finds the decoder of the first.
func TestUnmarshalKeepsDecoders(t *testing.T) {
	b := marshal(t, appendEntries(0))
	fresh := testing.AllocsPerRun(100, func() { _ = NewDecoder(bytes.NewReader(b)).Decode(&appendArgs{}) })
	kept := testing.AllocsPerRun(100, func() { _ = Unmarshal(b, &appendArgs{}) })
	require.Less(t, kept, fresh/2) // the race detector has pools drop a part of what they get
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(marshal(f, appendEntries(3)))
	f.Add([]byte{0xff, 0x80, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var want, got appendArgs
		first := NewDecoder(bytes.NewReader(b)).Decode(&want)
		for range 2 {
			got = appendArgs{}
			require.Equal(t, first == nil, Unmarshal(b, &got) == nil)
		}
		if first == nil {
			require.Equal(t, want, got)
		}
	})
}

// BenchmarkUnmarshal compares, in one run, a new decoder for each message with one that is kept.
func BenchmarkUnmarshal(b *testing.B) {
	for _, n := range entryCounts {
		message := marshal(b, appendEntries(n))
		for name, read := range map[string]func(to *appendArgs) error{
			"new":  func(to *appendArgs) error { return NewDecoder(bytes.NewReader(message)).Decode(to) },
			"kept": func(to *appendArgs) error { return Unmarshal(message, to) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = read(&appendArgs{})
				}
			})
		}
	}
}
