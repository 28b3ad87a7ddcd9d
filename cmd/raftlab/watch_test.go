//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watching is `raftlab watch` on a terminal.
type watching struct {
	t        *testing.T
	command  *exec.Cmd
	terminal *os.File
	mu       sync.Mutex
	sent     string // since the last look
}

// watchHere starts it in a course tree, on a terminal of that size.
func watchHere(t *testing.T, tree string, columns, rows uint16, args ...string) *watching {
	t.Helper()
	w := &watching{t: t, command: exec.Command(executable, append([]string{"watch", "--engine", "native"}, args...)...)}
	w.command.Dir = tree
	var err error
	w.terminal, err = pty.StartWithSize(w.command, &pty.Winsize{Rows: rows, Cols: columns})
	require.NoError(t, err)
	t.Cleanup(func() {
		w.command.Process.Kill()
		w.terminal.Close()
	})
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, err := w.terminal.Read(buffer)
			w.mu.Lock()
			w.sent += string(buffer[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return w
}

// until waits until the terminal was sent this, and returns the screen, as it is then.
func (w *watching) until(text string) string {
	w.t.Helper()
	sent := ""
	require.Eventually(w.t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		sent = w.sent
		return strings.Contains(sent, text)
	}, 2*time.Minute, 10*time.Millisecond, "%q is not said", text)
	time.Sleep(100 * time.Millisecond) // the rest of the screen
	w.mu.Lock()
	defer w.mu.Unlock()
	sent, w.sent = w.sent, ""
	return sent[strings.LastIndex(sent, "\x1b[H"):]
}

func (w *watching) press(keys string) {
	_, err := io.WriteString(w.terminal, keys)
	require.NoError(w.t, err)
}

// ends waits for the end, with that exit code.
func (w *watching) ends(code int) {
	w.t.Helper()
	over := make(chan error, 1)
	go func() { over <- w.command.Wait() }()
	select {
	case err := <-over:
		var exit *exec.ExitError
		require.True(w.t, err == nil || errors.As(err, &exit), err)
		require.Equal(w.t, code, w.command.ProcessState.ExitCode())
	case <-time.After(20 * time.Second):
		require.Fail(w.t, "it does not end")
	}
}

// below are the processes that a process has started, and those that they have started.
func below(t *testing.T, pid int) (all []int) {
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, entry := range entries {
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue
		}
		var child, parent int
		var state string
		fmt.Sscan(string(stat), &child)
		if _, err := fmt.Sscan(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), &state, &parent); err == nil && parent == pid {
			all = append(append(all, child), below(t, child)...)
		}
	}
	return all
}

// inWindow asserts that a screen is no larger than the window.
func inWindow(t *testing.T, screen string, columns, rows int) {
	t.Helper()
	text := strings.NewReplacer("\x1b[H", "", "\x1b[K", "", "\x1b[J", "").Replace(screen)
	lines := strings.Split(text, "\r\n")
	assert.LessOrEqual(t, len(lines), rows, text)
	for _, line := range lines {
		assert.Less(t, len([]rune(line)), columns, line)
	}
}

// An afternoon: it fails; a typing mistake; what failed before; the code is mended; the same text
// is saved again. In windows of all sizes.
func TestWatch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	require.Zero(t, raftlab(t, checkout, "init", dir).code)
	server := filepath.Join(dir, "kvsrv", "server.go")
	empty, err := os.ReadFile(server)
	require.NoError(t, err)
	save := func(text string) { // as editors do it
		require.NoError(t, os.WriteFile(server+".tmp", []byte(text), 0o644))
		require.NoError(t, os.Rename(server+".tmp", server))
	}
	for _, size := range [][2]int{{80, 24}, {200, 50}, {40, 10}} {
		w := watchHere(t, dir, uint16(size[0]), uint16(size[1]), "1A")
		inWindow(t, w.until("FAIL 1A/OneClient"), size[0], size[1])
		save(string(empty) + "\nvar x undefined\n")
		inWindow(t, w.until("it does not compi"), size[0], size[1])
		save(string(empty))
		screen := w.until("FAIL 1A/OneClient")
		assert.Contains(t, screen, "what failed befor")
		inWindow(t, screen, size[0], size[1])
		if size[0] == 80 {
			assert.Contains(t, screen, "what failed before still fails: 7 of 7 cases failed, 0 of 100 points (")
			assert.Contains(t, screen, "FAIL 1A/OneClient, seed 1: wrong answer")
			assert.NotContains(t, screen, "----+", "the failures are told, and there is no table")
		}
		w.press("\x1b[A\x1b[B") // arrows
		require.NoError(t, os.Chtimes(server, time.Now(), time.Now()))
		time.Sleep(4 * looks)
		w.mu.Lock()
		assert.Empty(t, w.sent, "nothing has changed")
		w.mu.Unlock()
		w.press("q")
		w.ends(0)
	}
}

// Where all of it passes there is one line, and what is worth a remark. In the middle of a run q,
// Ctrl-C and a signal all end it, and what it has started; a save begins it anew.
func TestWatchEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	require.Zero(t, raftlab(t, checkout, "init", dir).code)
	for _, name := range []string{"server.go", "clerk.go", "lock/lock.go"} {
		require.NoError(t, os.Remove(filepath.Join(dir, "kvsrv", name)))
	}
	for _, pattern := range []string{"*.go", "lock/*.go"} {
		files, err := filepath.Glob(filepath.Join(checkout, "kvsrv", pattern))
		require.NoError(t, err)
		for _, file := range files {
			if inner, _ := filepath.Rel(checkout, file); !strings.HasSuffix(file, "_test.go") {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, inner), text, 0o644))
			}
		}
	}
	w := watchHere(t, dir, 120, 24, "1A")
	assert.Contains(t, w.until("all of it passes"), "all of it passes: 7 cases, 100 of 100 points (")
	w.press("q")
	w.ends(0)
	for name, end := range map[string]func(*watching){
		"q":       func(w *watching) { w.press("q") },
		"Ctrl-C":  func(w *watching) { w.press("\x03") },
		"SIGTERM": func(w *watching) { w.command.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			w := watchHere(t, dir, 40, 10, "1D", "--seeds", "1-5000")
			inWindow(t, w.until(" runs"), 40, 10)
			if name == "q" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "kvsrv", "more.go"), []byte("package kvsrv\n"), 0o644))
				w.until("building")
				w.until(" runs") // how many is told now and then
			}
			var started []int
			require.Eventually(t, func() bool { // between two runs there may be none
				started = below(t, w.command.Process.Pid)
				return len(started) > 0
			}, time.Minute, time.Millisecond)
			end(w)
			w.ends(0)
			require.Eventually(t, func() bool {
				for _, pid := range started {
					if syscall.Kill(pid, 0) == nil {
						return false
					}
				}
				return true
			}, 10*time.Second, 20*time.Millisecond, "%v are left", started)
		})
	}
}
