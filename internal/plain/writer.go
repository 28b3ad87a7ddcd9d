package plain

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Writer escapes what goes through it, but for line breaks and tabs, and cuts lines that are longer
// than [MaxText]. Close writes out what waits for its end; it does not close the writer below.
type Writer struct {
	to      io.Writer
	partial []byte // the beginning of a character, whose end has not been written yet
	column  int    // bytes of the current line
}

// NewWriter returns a writer in front of w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Unwrap returns the writer below.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write implements [io.Writer].
func (w *Writer) Write(p []byte) (int, error) {
	all := p
	if len(w.partial) > 0 {
		all = append(w.partial, p...)
		w.partial = nil
	}
	if n := unfinished(all); n > 0 {
		w.partial = bytes.Clone(all[len(all)-n:])
		all = all[:len(all)-n]
	}
	if err := w.put(all); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes out the beginning of a character that has no end.
func (w *Writer) Close() error {
	rest := w.partial
	w.partial = nil
	return w.put(rest)
}

func (w *Writer) put(p []byte) error {
	var b []byte
	for line := range bytes.Lines(p) {
		text, ends := bytes.CutSuffix(line, []byte{'\n'})
		fits := min(len(text), max(MaxText-w.column, 0))
		b = appendClean(b, string(text[:fits]), "\t")
		w.column += len(text)
		if ends {
			if w.column > MaxText {
				b = fmt.Appendf(b, ".. (%d more bytes)", w.column-MaxText)
			}
			b = append(b, '\n')
			w.column = 0
		}
	}
	if len(b) == 0 {
		return nil
	}
	_, err := w.to.Write(b)
	return err
}

// unfinished is how many bytes at the end of p begin a character and do not end it.
func unfinished(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
