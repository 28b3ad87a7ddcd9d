package plain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValue(t *testing.T) {
	type inner struct {
		Command any
		hidden  int
	}
	x := &struct {
		Term    int
		Entries []inner
		Data    []byte
		M       map[string]int
		Nil     *int
	}{3, []inner{{"x", 1}, {nil, 2}}, []byte("abc"), map[string]int{"b": 2, "a": 1}, nil}
	require.Equal(t, `{Term:3 Entries:[{Command:"x" hidden:1} {Command:nil hidden:2}] Data:"abc" M:map["a":1 "b":2] Nil:nil}`, Value(x, 1000))
	require.Less(t, len(Value(make([]int, 10000), 100)), 200)
	require.Less(t, len(Value(string(make([]byte, 10000)), 100)), 600)
}

// Maps that share what is in them are small, and would be looked at for ever.
func TestValueOfSharedMaps(t *testing.T) {
	var v any = "x"
	for range 6 {
		m := map[int]any{}
		for i := range 1000 {
			m[i] = v
		}
		v = m
	}
	require.Contains(t, Value(v, 1000), "map[0:map[1000 entries] 100:map[1000 entries]")
	require.Equal(t, `map[1:map[2:"x" 3:"y"]]`, Value(map[int]any{1: map[int]any{3: "y", 2: "x"}}, 1000))
}
