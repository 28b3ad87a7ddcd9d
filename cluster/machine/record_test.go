package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a recorder has written down is there after its process, and what is cut off is noticed.
func TestRecord(t *testing.T) {
	name := filepath.Join(t.TempDir(), "record")
	want := []Entry{{1, nil}, {2, [][]byte{[]byte("a"), {}}}, {2, [][]byte{[]byte("a"), {}}}}
	for _, e := range want {
		r, err := NewRecorder(name)
		require.NoError(t, err)
		r.Apply(e.Index, e.Ops)
	}
	got, err := ReadRecord(name)
	require.NoError(t, err)
	require.Equal(t, want, got)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, b[:len(b)-1], 0o644))
	_, err = ReadRecord(name)
	require.ErrorContains(t, err, "behind the entry 2")
}
