// Package loop runs something whenever files change, on one screen.
//
//	change ----> round: stopped if there is another change ----> screen ----> wait for a change, or a key
//
// [Loop] has no idea of what a round is; `raftlab watch` runs cases in it.
package loop

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"raftlab/internal/plain"
)

// Loop is a loop on a terminal in raw mode.
type Loop struct {
	Screen io.Writer
	Keys   io.Reader // q and Ctrl-C end it, any other key begins a round
	Size   func() (columns, rows int)
	Title  string
	Every  time.Duration // how often State is asked
	State  func() uint64 // of the files, such as [Files]
	// Round does the work, and returns what stands on the screen afterwards. say puts a line there
	// until then. It returns soon after ctx has ended; then what it returns is thrown away.
	Round func(ctx context.Context, say func(string)) string
}

// Run loops until somebody presses q, or ctx ends.
func (l *Loop) Run(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	keys := make(chan byte)
	go l.read(ctx, keys)
	ticker := time.NewTicker(l.Every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		seen := l.State()
		round, stop := context.WithCancel(ctx)
		done := make(chan string, 1)
		go func() { done <- l.Round(round, func(s string) { l.draw(s) }) }()
		again := false
		for running := done; !again; {
			select {
			case text := <-running:
				running = nil
				if round.Err() == nil {
					l.draw(text)
				}
			case k, ok := <-keys:
				if !ok || k == 'q' || k == 'Q' || k == 3 {
					end()
				}
				again = true
			case <-ticker.C:
				again = l.State() != seen
			case <-ctx.Done():
				again = true
			}
			if again {
				stop()
				if running != nil {
					<-running
				}
			}
		}
		stop()
	}
	io.WriteString(l.Screen, "\r\n")
}

// read hands on what is typed.
func (l *Loop) read(ctx context.Context, keys chan<- byte) {
	defer close(keys)
	one := make([]byte, 1)
	for {
		if n, err := l.Keys.Read(one); err != nil || n == 0 {
			return
		}
		select {
		case keys <- one[0]:
		case <-ctx.Done():
			return
		}
	}
}

// draw fills the screen: the title, and as much of the text as there is room for.
func (l *Loop) draw(text string) {
	columns, rows := l.Size()
	var lines []string
	for _, line := range append([]string{l.Title, ""}, strings.Split(strings.TrimRight(text, "\n"), "\n")...) {
		lines = append(lines, broken(plain.Line(line, plain.MaxLine), columns-1)...)
	}
	if len(lines) > rows {
		lines = append(lines[:max(rows-1, 1)], "...")
	}
	var b strings.Builder
	b.WriteString("\x1b[H\x1b[2J")
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(line)
	}
	io.WriteString(l.Screen, b.String())
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

// Files is a number that changes when a Go file in one of the directories does, or below it.
func Files(dirs ...string) uint64 {
	h := fnv.New64a()
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil // it has just gone
			}
			if entry.IsDir() && name != dir && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			if filepath.Ext(name) == ".go" {
				if info, err := entry.Info(); err == nil || errors.Is(err, fs.ErrNotExist) {
					fmt.Fprintln(h, name)
					if err == nil {
						fmt.Fprintln(h, info.Size(), info.ModTime().UnixNano())
					}
				}
			}
			return nil
		})
	}
	return h.Sum64()
}
