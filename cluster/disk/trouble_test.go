package disk

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A disk has the trouble that stands in a file, in the step that is meant, until the file is gone.
func TestTrouble(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "trouble.json")
	trouble := NewTroubled(file)
	d, err := OpenFragile(filepath.Join(dir, "disk"), trouble.Before)
	require.NoError(t, err)
	d.Limit(trouble.Grow)
	f, err := d.Create("f")
	require.NoError(t, err)
	say := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o644)) }

	say(`{"Step": "vote", "Op": "sync", "After": 1}`)
	trouble.Step("append")
	require.NoError(t, f.Sync())
	trouble.Step("vote")
	require.NoError(t, d.SyncDir(), "another operation")
	require.NoError(t, f.Sync(), "the first one")
	require.ErrorIs(t, f.Sync(), errIO)
	require.ErrorIs(t, f.Sync(), errIO)
	require.NoError(t, os.Remove(file))
	require.NoError(t, f.Sync())

	say(`{"Full": 3000}`)
	require.NoError(t, f.Sync())
	_, err = f.WriteAt(make([]byte, 2000), 0)
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, 2000), 0)
	require.NoError(t, err, "it takes no more room")
	err = f.Allocate(3500)
	require.True(t, Full(err), "%v", err)
	_, err = f.WriteAt(make([]byte, 2000), 1000)
	require.True(t, Full(err), "%v", err)
	require.NoError(t, os.Remove(file))
	require.NoError(t, f.Allocate(3500))
	require.NoError(t, f.Close())
}
