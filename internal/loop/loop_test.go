//go:build linux

package loop

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// On a terminal: a round at the beginning, another when a file changes, which stops the one that is
// going on, one on any key, and q ends it.
func TestLoopOnATerminal(t *testing.T) {
	terminal, screen, err := pty.Open()
	require.NoError(t, err)
	defer terminal.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "raft.go")
	require.NoError(t, os.WriteFile(file, []byte("package raft\n"), 0o644))

	var rounds, stopped atomic.Int32
	l := &Loop{Screen: screen, Keys: screen, Size: func() (int, int) { return 40, 6 }, Title: "watching raft",
		Every: time.Millisecond, State: func() uint64 { return Files(dir) },
		Round: func(ctx context.Context, say func(string)) string {
			switch rounds.Add(1) {
			case 1:
				say("first\nround, which is longer than a line of the screen")
				<-ctx.Done()
				stopped.Add(1)
				return "never seen"
			case 2:
				return "second round\n1\n2\n3\n4\n5"
			}
			return "third round"
		}}
	over := make(chan struct{})
	go func() { l.Run(context.Background()); close(over) }()

	seen := ""
	until := func(text string) {
		buffer := make([]byte, 4096)
		for !strings.Contains(seen, text) {
			n, err := terminal.Read(buffer)
			require.NoError(t, err)
			seen += string(buffer[:n])
		}
	}
	until("longer than a line of t")
	require.NoError(t, os.WriteFile(file, []byte("package raft // changed\n"), 0o644))
	until("second round")
	until("...")
	require.EqualValues(t, 1, stopped.Load())
	require.NotContains(t, seen, "never seen")
	require.NotContains(t, seen, "line of th", "lines are broken at the edge")
	require.Contains(t, seen, "e screen", "and go on below")
	_, err = terminal.Write([]byte("r\n"))
	require.NoError(t, err)
	until("third round")
	_, err = terminal.Write([]byte("q\n")) // this terminal is not raw: it hands on lines
	require.NoError(t, err)
	<-over
	require.GreaterOrEqual(t, rounds.Load(), int32(3))
}
