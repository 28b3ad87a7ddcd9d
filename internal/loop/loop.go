// Package loop runs something whenever files change, on one screen.
//
//	change ----> round: stopped if there is another change ----> screen ----> wait for a change, or a key
//
// [Loop] has no idea of what a round is; `raftlab watch` runs cases in it.
package loop

import (
	"context"
	"io"
	"strings"
	"time"

	"raftlab/internal/plain"
)

// Loop is a loop on a terminal in raw mode.
type Loop struct {
	Screen io.Writer
	Keys   io.Reader // see [keyOf]
	Size   func() (columns, rows int)
	Title  string
	Every  time.Duration // how often State and Size are asked
	State  func() uint64 // of the files, such as [Files.State]
	// Round does the work, and returns what stands on the screen afterwards. say puts a line above
	// what is there until then. It returns soon after ctx has ended; then what it returns is thrown
	// away.
	Round func(ctx context.Context, say func(string)) string
}

// Run loops until somebody presses q, or ctx ends.
func (l *Loop) Run(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	keys := make(chan key)
	go l.read(ctx, keys)
	s := &display{Loop: l}
	for ctx.Err() == nil {
		l.round(ctx, end, keys, s)
	}
	io.WriteString(l.Screen, "\r\n")
}

// round begins a round, and returns when there is a reason for the next one, or ctx has ended. A
// change is one when State has been the same twice: an editor may still be writing.
func (l *Loop) round(ctx context.Context, end func(), keys <-chan key, s *display) {
	ticker := time.NewTicker(l.Every)
	defer ticker.Stop()
	seen := l.State()
	round, stop := context.WithCancel(ctx)
	said := make(chan string)
	done := make(chan string, 1)
	go func() {
		done <- l.Round(round, func(line string) {
			select {
			case said <- line:
			case <-round.Done():
			}
		})
	}()
	running := done
	defer func() {
		stop()
		if running != nil {
			<-running
		}
	}()
	for before := seen; ; {
		select {
		case line := <-said:
			s.says(line)
		case text := <-running:
			running = nil
			if round.Err() == nil {
				s.shows(text)
			}
		case k, ok := <-keys:
			if !ok || k == quits {
				end()
			}
			return
		case <-ticker.C:
			now := l.State()
			if now != seen && now == before {
				return
			}
			before = now
			s.resize()
		case <-ctx.Done():
			return
		}
	}
}

// key is what somebody wants who has pressed one.
type key int

const (
	nothing key = iota
	again
	quits
)

// keyOf says what typed bytes mean: q, Ctrl-C, Ctrl-D and Ctrl-\ end the loop, what can be printed
// and Enter begin a round, and all else, such as an arrow, means nothing.
func keyOf(typed []byte) (k key) {
	for _, c := range typed {
		switch {
		case c == 0x1b: // the rest is the name of a key
			return k
		case c == 'q', c == 'Q', c == 3, c == 4, c == 28:
			return quits
		case c >= ' ' && c != 0x7f, c == '\r', c == '\n':
			k = again
		}
	}
	return k
}

// read hands on what is typed. What comes at once is one key.
func (l *Loop) read(ctx context.Context, keys chan<- key) {
	defer close(keys)
	typed := make([]byte, 256)
	for {
		n, err := l.Keys.Read(typed)
		if err != nil || n == 0 {
			return
		}
		k := keyOf(typed[:n])
		if k == nothing {
			continue
		}
		select {
		case keys <- k:
		case <-ctx.Done():
			return
		}
	}
}

// display is what stands on the screen: the title, what the round that goes on says, and what came
// of the last one that ended.
type display struct {
	*Loop
	said, text    string
	columns, rows int // when it was drawn
}

func (d *display) says(line string) {
	d.said = line
	d.draw()
}

func (d *display) shows(text string) {
	d.said, d.text = "", text
	d.draw()
}

// resize draws anew if the window has another size than it had.
func (d *display) resize() {
	if columns, rows := d.Size(); columns != d.columns || rows != d.rows {
		d.draw()
	}
}

// draw fills the screen with as much as there is room for.
func (d *display) draw() {
	d.columns, d.rows = d.Size()
	parts := []string{d.Title}
	for _, part := range []string{d.said, d.text} {
		if part = strings.TrimRight(part, "\n"); part != "" {
			parts = append(parts, "")
			parts = append(parts, strings.Split(part, "\n")...)
		}
	}
	var lines []string
	for _, line := range parts {
		lines = append(lines, broken(plain.Line(line, plain.MaxLine), d.columns-1)...)
	}
	if len(lines) > d.rows {
		lines = append(lines[:max(d.rows-1, 1)], "...")
	}
	// Each line is drawn over what stands there: a screen that is cleared first flickers.
	io.WriteString(d.Screen, "\x1b[H"+strings.Join(lines, "\x1b[K\r\n")+"\x1b[K\x1b[J")
}

// broken is a line in pieces that fit the screen. Nothing is cut off: it may be a command to be
// copied.
func broken(line string, width int) (pieces []string) {
	runes := []rune(line)
	for width = max(width, 1); len(runes) > width; runes = runes[width:] {
		pieces = append(pieces, string(runes[:width]))
	}
	return append(pieces, string(runes))
}
