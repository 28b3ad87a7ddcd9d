//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/ptytest"
	"raftlab/internal/suite"
)

// onTerminal runs raftlab on a pseudo-terminal of that width and returns the lines that it was sent.
func onTerminal(t *testing.T, width int, env string, args ...string) (code int, lines []string) {
	t.Helper()
	sent := ptytest.Sent(t, width, func(terminal *os.File) {
		c := exec.Command(executable, args...)
		c.Dir, c.Stdout, c.Stderr = checkout, terminal, terminal
		c.Env = append(os.Environ(), "TERM=xterm-256color", env)
		var exit *exec.ExitError
		if err := c.Run(); err != nil && !errors.As(err, &exit) {
			require.NoError(t, err)
		}
		code = c.ProcessState.ExitCode()
	})
	return code, strings.Split(strings.ReplaceAll(sent, "\r\n", "\n"), "\n")
}

// beginning are the lines that begin so.
func beginning(lines []string, with string) (found []string) {
	for _, line := range lines {
		if strings.HasPrefix(line, with) {
			found = append(found, line)
		}
	}
	return found
}

// A class on a terminal: a line for each student when that one is done, and the table, which fits.
// Nothing moves, nothing is coloured, and names cannot break lines.
func TestGradeOnATerminal(t *testing.T) {
	students := []string{"alice", "two\nlines", "red\x1b[31m", "王小明王小明王小明王小明王小明王小明王小明"}
	for _, width := range []int{60, 80, 180} {
		for _, env := range []string{"NO_COLOR=1", "CLICOLOR_FORCE=1"} {
			dir := t.TempDir()
			for _, name := range students {
				code := filepath.Join(dir, "class", name, "raft")
				require.NoError(t, os.MkdirAll(code, 0o755))
				if name == "alice" { // for the others there is nothing to compile
					require.NoError(t, os.WriteFile(filepath.Join(code, "x.go"), []byte("package raft\n\nvar x undefined\n"), 0o644))
				}
			}
			args := []string{"grade", filepath.Join(dir, "class"), "2A", "--seeds", "1", "--out", filepath.Join(dir, "grades")}
			code, lines := onTerminal(t, width, env, args...)
			shown := strings.Join(lines, "\n")
			require.Equal(t, suite.ExitPassed, code, shown)
			assert.NotContains(t, shown, "\x1b")
			assert.NotContains(t, shown, "\r")
			for i := range students {
				assert.Len(t, beginning(lines, fmt.Sprintf("%d of %d: ", i+1, len(students))), 1, shown)
			}
			assert.LessOrEqual(t, len(lines), 3*len(students)+12, shown)
			table := beginning(lines, " ")
			assert.Len(t, table, len(students)+2, "a row for each, the head and the foot: %s", shown)
			for _, row := range table {
				assert.LessOrEqual(t, text.StringWidth(row), width, row)
			}
			_, lines = onTerminal(t, width, env, args...)
			assert.Empty(t, beginning(lines, "1 of"), "nothing is left to do")
		}
	}
}

// A comparison on a terminal: now and then a line that says how far it is, and the report.
func TestCompareOnATerminal(t *testing.T) {
	for _, width := range []int{60, 80, 180} {
		code, lines := onTerminal(t, width, "NO_COLOR=1", "compare", "pipeline", "--set", "during=100ms,rtt=5ms", "--seeds", "1")
		shown := strings.Join(lines, "\n")
		require.Equal(t, suite.ExitPassed, code, shown)
		assert.NotContains(t, shown, "\x1b")
		assert.NotContains(t, shown, "\r")
		said := beginning(lines, "(1 of 1) ")
		assert.LessOrEqual(t, len(said), 20, shown)
		assert.NotEmpty(t, beginning(lines, "| "), shown)
	}
}
