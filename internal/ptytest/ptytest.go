// Package ptytest shows tests what a terminal is sent.
package ptytest

import (
	"io"
	"os"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// Sent runs display with a pseudo-terminal of that many columns and 30 rows, and returns all that
// was written to it until display returned. The test is skipped where there are no such terminals.
func Sent(t *testing.T, columns int, display func(terminal *os.File)) string {
	t.Helper()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	defer master.Close()
	require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Rows: 30, Cols: uint16(columns)}))
	sent := make(chan string)
	go func() {
		all, _ := io.ReadAll(master) // ends with an error when the other side is closed
		sent <- string(all)
	}()
	display(terminal)
	terminal.Close()
	return <-sent
}
