package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestViewOfWhatIsNoTrace: a file that is damaged, or none with a trace, is not shown as a run without
// a violation.
func TestViewOfWhatIsNoTrace(t *testing.T) {
	const event = `{"t":1,"k":"start","p":0,"q":-1}` + "\n"
	for name, c := range map[string]struct{ text, says string }{
		"cut":              {event + event[:9], "trace line 2 is not an event"},
		"damaged":          {event + "\x00\x00\n" + event, "trace line 2 is not an event"},
		"nothing":          {"", "there is no event in it"},
		"something else":   {`{"schema":"raftlab/results/v1"}` + "\n", "there is no event in it"},
		"of another world": {"hello\n", "trace line 1 is not an event"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "trace.jsonl")
			require.NoError(t, os.WriteFile(file, []byte(c.text), 0o644))
			_, err := viewTrace(file)
			require.ErrorContains(t, err, file+": "+c.says)
			require.ErrorContains(t, err, "write it once more, or give the case and its seed")
		})
	}
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(event), 0o644))
	_, err := viewTrace(file)
	require.NoError(t, err)
}

// TestViewOfWhatIsNoFile: what can be nothing but a file is not taken for the name of a case.
func TestViewOfWhatIsNoFile(t *testing.T) {
	for what, says := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "there is no file of that name",
		os.DevNull:                         "it is no regular file",
	} {
		_, _, err := (&app{}).viewed(t.Context(), &viewFlags{}, what)
		require.ErrorContains(t, err, what+": "+says)
	}
}
