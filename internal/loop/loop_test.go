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
// going on, one on any key, and q ends it. A window of another size is drawn anew, and what came of
// the last round stands there while the next one goes on.
func TestLoopOnATerminal(t *testing.T) {
	terminal, screen, err := pty.Open()
	require.NoError(t, err)
	defer terminal.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "raft.go")
	require.NoError(t, os.WriteFile(file, []byte("package raft\n"), 0o644))

	var rounds, stopped, columns atomic.Int32
	columns.Store(40)
	l := &Loop{Screen: screen, Keys: screen, Size: func() (int, int) { return int(columns.Load()), 6 }, Title: "watching raft",
		Every: time.Millisecond, State: In(dir).State,
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
			say("on and on")
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
	columns.Store(10)
	until("second ro\x1b[K")
	columns.Store(40)
	seen = ""
	_, err = terminal.Write([]byte("r\n"))
	require.NoError(t, err)
	until("on and on")
	until("second round")
	until("third round")
	_, err = terminal.Write([]byte("q\n")) // this terminal is not raw: it hands on lines
	require.NoError(t, err)
	<-over
	require.GreaterOrEqual(t, rounds.Load(), int32(3))
}

func TestKeys(t *testing.T) {
	for typed, means := range map[string]key{"q": quits, "Q": quits, "\x03": quits, "\x04": quits, "\x1c": quits,
		"\r": again, "r": again, "\n": again, "rr": again, "x\nq": quits,
		"\x1b[A": nothing, "\x1b": nothing, "\x1bOq": nothing, "\x1a": nothing, "\t": nothing, "": nothing} {
		require.Equal(t, means, keyOf([]byte(typed)), "%q", typed)
	}
}

// What an editor does to files that are not Go's changes nothing, nor does a save of the same text;
// a save by another name, a new file and one that goes do.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	name := func(file string) string { return filepath.Join(dir, file) }
	write := func(file, text string) { require.NoError(t, os.WriteFile(name(file), []byte(text), 0o644)) }
	write("raft.go", "package raft\n")
	require.NoError(t, os.Mkdir(name("sub"), 0o755))
	files, linked := In(dir), In(link)
	for _, step := range []struct {
		what    string
		do      func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"the same text again, later", func() {
			write("raft.go", "package raft\n")
			require.NoError(t, os.Chtimes(name("raft.go"), time.Now(), time.Now().Add(time.Hour)))
		}, false},
		{"the same text by another name", func() {
			write("raft.go.tmp", "package raft\n")
			require.NoError(t, os.Rename(name("raft.go.tmp"), name("raft.go")))
		}, false},
		{"another text by another name", func() {
			write("raft.go.tmp", "package raft // other\n")
			require.NoError(t, os.Rename(name("raft.go.tmp"), name("raft.go")))
		}, true},
		{"a text of the same length", func() {
			write("raft.go", "package raft // OTHER\n")
			require.NoError(t, os.Chtimes(name("raft.go"), time.Now(), time.Now().Add(2*time.Hour)))
		}, true},
		{"Emacs locks a file", func() { require.NoError(t, os.Symlink("me@host.1:1", name(".#raft.go"))) }, false},
		{"Vim's files", func() { write(".raft.go.swp", "x"); write("raft.go~", "x"); write("4913", "x") }, false},
		{"a test", func() { write("own_test.go", "package raft\n") }, false},
		{"a name that Go passes over", func() { write("_old.go", "package raft\n") }, false},
		{"a new file", func() { write("sub/new.go", "package sub\n") }, true},
		{"another name", func() { require.NoError(t, os.Rename(name("sub/new.go"), name("sub/newer.go"))) }, true},
		{"it goes", func() { require.NoError(t, os.Remove(name("sub/newer.go"))) }, true},
		{"all goes", func() { require.NoError(t, os.RemoveAll(dir)) }, true},
	} {
		before, through := files.State(), linked.State()
		step.do()
		require.Equal(t, step.changes, files.State() != before, step.what)
		require.Equal(t, step.changes, linked.State() != through, "%s, through a link", step.what)
	}
}

// A file that is still being written begins no round: only what has been the same twice does.
func TestStillWriting(t *testing.T) {
	states := []uint64{1, 2, 3, 4, 4, 4, 4, 4}
	var asked, rounds atomic.Int32
	ctx, end := context.WithCancel(t.Context())
	defer end()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer writer.Close()
	defer reader.Close()
	var at []int32
	l := &Loop{Screen: &strings.Builder{}, Keys: reader, Size: func() (int, int) { return 80, 24 }, Every: time.Millisecond,
		State: func() uint64 { return states[min(int(asked.Add(1))-1, len(states)-1)] },
		Round: func(context.Context, func(string)) string {
			at = append(at, asked.Load())
			if rounds.Add(1) == 2 {
				end()
			}
			return ""
		}}
	l.Run(ctx)
	require.Equal(t, []int32{1, 6}, at, "the fifth look finds what the fourth has found, and the round looks again")
}
