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
