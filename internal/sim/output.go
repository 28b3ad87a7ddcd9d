package sim

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	tailSize  = 64 << 10 // of the guest's output that goes into the result, in bytes
	keepSize  = 4 * tailSize
	maxOutput = 256 << 20 // of an output or trace file, in bytes
)

// output takes what the guest prints on either stream. It keeps the end, for stacks of crashes, and
// writes all of it to a file if there is one, each line after the virtual time at which it began.
type output struct {
	now     func() time.Duration // nil: unknown here
	tail    []byte               // last bytes, between keepSize and twice that
	words   []byte               // what followed the beginning of the Go runtime's last words, if that is not in tail any more
	file    *limitedFile
	midline bool
}

// Write implements io.Writer. It never fails: a full disk must not change the run.
func (o *output) Write(p []byte) (int, error) {
	o.tail = append(o.tail, p...)
	if cut := len(o.tail) - keepSize; cut > keepSize {
		if at := lastWordsAt(string(o.tail[:cut])); at >= 0 {
			o.words = append(o.words[:0], o.tail[at:min(at+tailSize, len(o.tail))]...)
		}
		o.tail = append(o.tail[:0], o.tail[cut:]...)
	}
	if o.file != nil {
		for line := range bytes.Lines(p) {
			if !o.midline && o.now != nil {
				fmt.Fprintf(o.file, "%12.6fs  ", o.now().Seconds())
			}
			o.file.Write(line)
			o.midline = line[len(line)-1] != '\n'
		}
	}
	return len(p), nil
}

// last is the end of the output, in which the Go runtime's last words are not missing because many
// stacks followed them.
func (o *output) last() string {
	if o.words != nil && lastWordsAt(string(o.tail)) < 0 {
		return string(o.words)
	}
	return string(o.tail)
}

// Tail returns the end of the output, whole lines if it was cut.
func (o *output) Tail() string {
	b := o.tail
	if len(b) > tailSize {
		b = b[len(b)-tailSize:]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}

// limitedFile is a buffered file that stops growing at maxOutput bytes.
type limitedFile struct {
	f    *os.File
	w    *bufio.Writer
	left int
	err  error
}

func createLimited(path string) (*limitedFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &limitedFile{f: f, w: bufio.NewWriterSize(f, 64<<10), left: maxOutput}, nil
}

func (l *limitedFile) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 || l.err != nil {
		return len(p), nil
	}
	_, l.err = l.w.Write(p)
	return len(p), nil
}

// Close writes out what is buffered and returns the first error of all.
func (l *limitedFile) Close() error {
	if l == nil {
		return nil
	}
	if err := l.w.Flush(); l.err == nil {
		l.err = err
	}
	if err := l.f.Close(); l.err == nil {
		l.err = err
	}
	if l.err == nil && l.left < 0 {
		l.err = fmt.Errorf("%s ends early, at %d MiB", l.f.Name(), maxOutput>>20)
	}
	return l.err
}

var _ io.Writer = (*output)(nil)
