package suite

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	prettytext "github.com/jedib0t/go-pretty/v6/text"

	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// bar is the display of terminals: one line, which is drawn over itself, and above it the failures,
// which stay.
//
//	FAIL 2A/ReElection seed 2: two votes in a term (§5.2), at 5.999 s
//	[##########....................] 7 of 21 runs, 1 failed, about 40s left
//
// It needs two things of a terminal: that a carriage return goes to the beginning of the line, and
// that ESC [ K erases the rest of it. There are no colours. The line never fills the last column,
// where some terminals begin a new line by themselves and the return would not come back to the
// beginning.
type bar struct {
	w     io.Writer
	width func() int
	left  *estimate

	mu       sync.Mutex
	text     string
	progress Progress
	since    time.Time // when what goes on began
	drawn    string
	stop     chan struct{}
	stopped  sync.WaitGroup
	once     sync.Once
}

const (
	barLength = 30                     // of the bar itself, in characters
	redraw    = 100 * time.Millisecond // how often the line may change
	eraseLine = "\r\x1b[K"
)

func newBar(w io.Writer, left *estimate, width func() int) *bar {
	b := &bar{w: w, width: width, left: left, text: "starting", since: time.Now(), stop: make(chan struct{})}
	b.stopped.Go(b.run)
	return b
}

// run draws the line until Close.
func (b *bar) run() {
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.mu.Lock()
			b.draw()
			b.mu.Unlock()
		}
	}
}

// draw writes the line if it differs from the one that stands there. b.mu is held.
func (b *bar) draw() {
	if line := b.line(b.width() - 1); line != b.drawn {
		b.drawn = line
		io.WriteString(b.w, eraseLine+line)
	}
}

// line is the display, in at most width characters. Where there is little room, the bar goes before
// the words.
func (b *bar) line(width int) string {
	text := plain.Line(b.text, plain.MaxLine)
	if b.progress.Total == 0 { // nothing to be counted: say at least for how long
		if d := time.Since(b.since).Truncate(time.Second); d >= 3*time.Second {
			text += fmt.Sprintf(" (%v)", d)
		}
		return fit(text, width)
	}
	length := min(barLength, width-prettytext.StringWidth(text)-3)
	if length < 5 {
		return fit(text, width)
	}
	full := length * b.progress.Done / b.progress.Total
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", length-full) + "] " + text
}

// fit cuts a line to width columns of a terminal; a Chinese character takes two.
func fit(s string, width int) string {
	if prettytext.StringWidth(s) <= width {
		return s
	}
	at, used := 0, len("..")
	for i, r := range s {
		if used += prettytext.RuneWidth(r); used > width {
			break
		}
		at = i + utf8.RuneLen(r)
	}
	return s[:at] + ".."[:min(max(width, 0), 2)]
}

func (b *bar) Building(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left.began, b.since = time.Now(), time.Now()
	b.text, b.progress = what, Progress{}
}

func (b *bar) Done(f Finished, p Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left.add(f)
	b.text, b.progress = p.String()+b.left.text(p), p
	if f.Result.Verdict.Outcome != record.Pass {
		io.WriteString(b.w, eraseLine+failureLine(f)+"\n")
		b.drawn = ""
		b.draw()
	}
}

// Close takes the line away. Nothing is drawn after it.
func (b *bar) Close() {
	b.once.Do(func() {
		close(b.stop)
		b.stopped.Wait()
		io.WriteString(b.w, eraseLine)
	})
}
