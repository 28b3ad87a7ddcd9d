package jsonlines_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/jsonlines"
)

// lines opens the file and returns its lines, up to one that is "stop".
func lines(t *testing.T, path string) (*jsonlines.File, []string) {
	t.Helper()
	var got []string
	f, kept, err := jsonlines.Open(path, "a test", func(n int, line []byte) (bool, error) {
		require.Equal(t, len(got), n)
		if string(line) == "\"stop\"\n" {
			return false, nil
		}
		got = append(got, strings.TrimSpace(string(line)))
		return true, nil
	})
	require.NoError(t, err)
	require.Equal(t, len(got), kept)
	return f, got
}

func TestWhatWasCutOffIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, got := lines(t, path)
	require.Empty(t, got)
	f.Add(map[string]int{"one": 1})
	f.Add("two")
	require.NoError(t, f.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for length := range len(whole) + 1 {
		require.NoError(t, os.WriteFile(path, whole[:length], 0o644))
		f, got := lines(t, path)
		require.Len(t, got, strings.Count(string(whole[:length]), "\n"), length)
		f.Add("more")
		require.NoError(t, f.Close())
		f, again := lines(t, path)
		require.Equal(t, append(got, `"more"`), again)
		require.NoError(t, f.Close())
	}
}

func TestWhatIsNotTakenIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("1\n\"stop\"\n2\n"), 0o644))
	f, got := lines(t, path)
	require.Equal(t, []string{"1"}, got)
	require.NoError(t, f.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "1\n", string(text))
}

func TestARefusedFileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("of somebody else\n"), 0o644))
	mine := errors.New("not mine")
	_, _, err := jsonlines.Open(path, "a test", func(int, []byte) (bool, error) { return true, mine })
	require.Equal(t, mine, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "of somebody else\n", string(text))
}

// TestALineOfSomebodyElseStays: a file without any end of a line is one that was cut off only if it
// begins as one of ours.
func TestALineOfSomebodyElseStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	require.NoError(t, os.WriteFile(path, []byte("notes, in one line"), 0o644))
	_, _, err := jsonlines.Open(path, "a test", func(int, []byte) (bool, error) { return true, nil })
	require.ErrorContains(t, err, path+" is not a test: name another file")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "notes, in one line", string(text))
}

func TestAWriteThatFailsIsSaidAtTheEnd(t *testing.T) {
	f, _ := lines(t, filepath.Join(t.TempDir(), "log"))
	f.Add(func() {}) // there is no JSON of that
	f.Add(1)
	require.ErrorContains(t, f.Close(), "write a test: ")
}
