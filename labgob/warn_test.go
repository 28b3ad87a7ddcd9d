package labgob

import (
	"bytes"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// warningsOf returns the warnings that f gives rise to, as the harness hears them.
func warningsOf(f func()) (heard []string) {
	// Once per type is once per process; here it is once per test, so that -count works.
	warned.Lock()
	clear(warned.types)
	clear(warned.targets)
	warned.Unlock()
	copiers.current.Store(nil)
	OnWarning(func(w string) { heard = append(heard, w) })
	defer OnWarning(nil)
	f()
	return heard
}

func TestLowerCaseFields(t *testing.T) {
	type inner struct {
		Good int
		bad  int
	}
	type outer struct {
		Entries []map[string]*inner
		term    int
		_       int
	}
	heard := warningsOf(func() {
		require.NoError(t, NewEncoder(io.Discard).Encode(outer{term: 1, Entries: []map[string]*inner{{"": {bad: 1}}}}))
		require.NoError(t, NewEncoder(io.Discard).Encode(&outer{}))
		Register(inner{})
	})
	require.Len(t, heard, 2, "once per type")
	slices.Sort(heard)
	require.Contains(t, heard[0], `field "bad" of labgob.inner starts with a lower-case letter`)
	require.Contains(t, heard[1], `field "term" of labgob.outer starts with a lower-case letter`)
	require.Contains(t, heard[1], `Call it "Term"`)
	require.Subset(t, Warnings(), heard)
}

func TestLowerCaseFieldsOfMessages(t *testing.T) {
	type message struct {
		Term  int
		voter int
	}
	heard := warningsOf(func() {
		for range 3 {
			CopierFor(reflect.TypeFor[*message](), reflect.TypeFor[message]())
		}
	})
	require.Len(t, heard, 1)
	_ = message{}.voter
}

func TestTypesThatEncodeThemselves(t *testing.T) {
	type stamped struct{ withTime }
	require.Empty(t, warningsOf(func() { _ = NewEncoder(io.Discard).Encode(withTime{}) }), "time.Time has lower-case fields, and a method")
	_ = stamped{}
}

func TestTargetsThatAreNotNew(t *testing.T) {
	type reply struct {
		X     int
		Y     string
		Inner struct{ Z int }
		List  []op1
	}
	encode := func(v any) *LabDecoder {
		var w bytes.Buffer
		require.NoError(t, NewEncoder(&w).Encode(v))
		return NewDecoder(&w)
	}
	used := reply{X: 99}
	heard := warningsOf(func() {
		require.NoError(t, encode(reply{Y: "y"}).Decode(&used))
		require.Equal(t, reply{X: 99, Y: "y"}, used, "this is what the warning is about")
		require.NoError(t, encode(reply{Y: "y"}).Decode(&used))
	})
	require.Len(t, heard, 1, "once per type")
	require.Contains(t, heard[0], "decoding into a labgob.reply whose field X is already set")
	require.Contains(t, heard[0], "Decode into a new variable")

	type deep struct{ In struct{ Z int } }
	d := deep{}
	d.In.Z = 1
	heard = warningsOf(func() { require.NoError(t, encode(deep{}).Decode(&d)) })
	require.Len(t, heard, 1)
	require.Contains(t, heard[0], "whose field In.Z is already set")

	list := []basicsOrdinary{{X: 1}}
	heard = warningsOf(func() { require.NoError(t, encode([]basicsOrdinary{{Y: "new"}}).Decode(&list)) })
	require.Equal(t, 1, list[0].X, "elements are decoded over the old ones")
	require.Len(t, heard, 1)

	n, s := 5, "old"
	heard = warningsOf(func() {
		require.NoError(t, encode(0).Decode(&n))
		require.NoError(t, encode("").Decode(&s))
		require.NoError(t, encode(reply{}).Decode(&reply{List: []op1{}}))
	})
	require.Empty(t, heard, "a number or string alone is always sent; an empty slice is as good as none")
	require.Zero(t, n)
	require.Zero(t, s)
}

func TestRegisterName(t *testing.T) {
	type opaque struct{ V int }
	RegisterName("short", opaque{})
	var w bytes.Buffer
	require.NoError(t, NewEncoder(&w).Encode(entry{Command: opaque{7}}))
	require.Contains(t, w.String(), "short")
	var got entry
	require.NoError(t, NewDecoder(&w).Decode(&got))
	require.Equal(t, opaque{7}, got.Command)
	ptr, size, err := CopierFor(reflect.TypeFor[entry](), reflect.TypeFor[entry]()).Copy(reflect.ValueOf(got))
	require.NoError(t, err)
	require.Equal(t, got, ptr.Elem().Interface())
	require.Less(t, size, 30)
}
