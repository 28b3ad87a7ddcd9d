package main

import (
	"fmt"
	"io"
	"time"

	"raftlab/internal/plain"
)

// status is a line that says how far a command has come: on a terminal it is drawn over, in a log
// it comes now and then.
type status struct {
	w        io.Writer
	terminal bool
	last     time.Time
}

func newStatus(w io.Writer) *status {
	s := &status{w: w, terminal: isTerminal(w), last: time.Now()}
	if s.terminal {
		s.w = file(w) // it draws over itself, so it writes past the escaping
	}
	return s
}

func (s *status) show(format string, args ...any) {
	if s.terminal && time.Since(s.last) < 100*time.Millisecond || !s.terminal && time.Since(s.last) < 10*time.Second {
		return
	}
	s.last = time.Now()
	text := plain.Line(fmt.Sprintf(format, args...), plain.MaxLine)
	if !s.terminal {
		fmt.Fprintln(s.w, text)
		return
	}
	line := []rune(text)
	fmt.Fprintf(s.w, "\r\x1b[K%s", string(line[:min(len(line), columns(file(s.w))-1)])) // a line that wraps could not be drawn over
}

func (s *status) close() {
	if s.terminal {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

// patience is after how long, and after how long again, a command says that it is still at work: also
// where nobody looks at a terminal, somebody may wonder.
var patience, again = 5 * time.Second, 30 * time.Second

// slowly says on w, if something takes long, what it is and how long it has taken so far, until the
// function that it returns is called.
func slowly(w io.Writer, what string) (done func()) {
	began, over, gone := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for wait := patience; ; wait = again {
			select {
			case <-over:
				return
			case <-time.After(wait):
				fmt.Fprintf(w, "%s: %v so far\n", what, time.Since(began).Round(time.Second))
			}
		}
	}()
	return func() { close(over); <-gone }
}
