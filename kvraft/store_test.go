package kvraft

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

func TestStoreServesBothInterfaces(t *testing.T) {
	s := newStore()
	steps := []struct {
		op      op
		err     kvapi.Err
		value   string
		version kvapi.Version
	}{
		{op{opConditional, "x", "a", 1}, kvapi.ErrNoKey, "", 0},
		{op{opConditional, "x", "a", 0}, kvapi.OK, "a", 1},
		{op{opConditional, "x", "b", 0}, kvapi.ErrVersion, "a", 1},
		{op{opConditional, "x", "b", 2}, kvapi.ErrVersion, "a", 1},
		{op{opAppend, "x", "b", 0}, kvapi.OK, "ab", 2},
		{op{opConditional, "x", "c", 2}, kvapi.OK, "c", 3},
		{op{opPut, "x", "", 0}, kvapi.OK, "", 4},
		{op{opConditional, "x", "d", 0}, kvapi.ErrVersion, "", 4},
	}
	for _, step := range steps {
		require.Equal(t, step.err, s.Apply(step.op).Err, "%+v", step.op)
		it, _ := s.get("x")
		require.Equal(t, item{step.value, step.version}, it, "%+v", step.op)
	}
	s.Apply(op{kind: opAppend, key: "new", value: "y"})
	it, err := s.get("new")
	require.Equal(t, kvapi.OK, err)
	require.Equal(t, item{"y", 1}, it)
	_, err = s.get("none")
	require.Equal(t, kvapi.ErrNoKey, err)
}

func TestSnapshotsOfEqualStoresAreEqual(t *testing.T) {
	a, b := newStore(), newStore()
	for i := range 20 {
		a.Apply(op{kind: opPut, key: fmt.Sprint(i), value: "v"})
		b.Apply(op{kind: opPut, key: fmt.Sprint(19 - i), value: "v"})
	}
	require.Equal(t, a.Snapshot(), b.Snapshot())
	c := newStore()
	c.Apply(op{kind: opPut, key: "not in the snapshot"})
	require.NoError(t, c.Restore(a.Snapshot()))
	require.Equal(t, a, c)
	require.Error(t, c.Restore([]byte("rubbish")))
	require.NoError(t, c.Restore(newStore().Snapshot()))
	require.Empty(t, c.items)
}

func TestOperationsAreReadable(t *testing.T) {
	for text, o := range map[string]op{
		`put "x" "1"`:           {kind: opPut, key: "x", value: "1"},
		`append "" ""`:          {kind: opAppend},
		`if 7 "a b" "c \"d\" "`: {kind: opConditional, key: "a b", value: `c "d" `, version: 7},
		`put "\x00\xff" "\n"`:   {kind: opPut, key: "\x00\xff", value: "\n"},
	} {
		require.Equal(t, text, string(appendOp(nil, o)))
		back, err := parseOp([]byte(text))
		require.NoError(t, err)
		require.Equal(t, o, back)
	}
	for _, broken := range []string{"", "put", `put "x"`, `put "x" `, `put "x" "y`, `put "x" "y" `, `get "x" "y"`, `if "x" "y"`, `put "x"  "y"`} {
		_, err := parseOp([]byte(broken))
		require.Error(t, err, "%q", broken)
	}
}

func TestCopies(t *testing.T) {
	var c copies
	require.False(t, c.isCopy(7, 1))
	require.True(t, c.isCopy(7, 1))
	require.False(t, c.isCopy(8, 1))
	require.False(t, c.isCopy(7, 5))
	require.True(t, c.isCopy(7, 4), "a clerk has one try at a time")

	for clerk := range uint64(maxClerks) {
		c.isCopy(100+clerk, 1)
	}
	require.True(t, c.isCopy(7, 5), "of the generation before")
	require.LessOrEqual(t, len(c.recent)+len(c.older), 2*maxClerks)
}
