package suite

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"

	"raftlab/internal/record"
)

// Watch shows people how far a command has come. Its methods are called one at a time.
type Watch interface {
	// Building says what is being prepared, before the first run.
	Building(what string)
	// Done says that a run is over.
	Done(Finished, Progress)
	// Close ends the display.
	Close()
}

// NewWatch returns a display on w: a bar that moves if w is a terminal, otherwise plain lines, few
// enough for a log.
func NewWatch(w io.Writer, terminal bool) Watch {
	left := &estimate{began: time.Now()}
	if terminal {
		return newBar(w, left)
	}
	return &lines{w: w, left: left}
}

// estimate guesses how much longer it takes, from what runs were expected to cost and what they
// took so far.
type estimate struct {
	began time.Time // the first run
	cost  float64   // expected cost of what is done
}

func (e *estimate) add(f Finished) { e.cost += f.Cost }

// text is "about 40s left".
func (e *estimate) text(p Progress) string {
	if p.LeftCost == 0 || e.cost == 0 {
		return ""
	}
	speed := e.cost / time.Since(e.began).Seconds() // expected CPU seconds per second
	left := time.Duration(p.LeftCost / speed * float64(time.Second))
	if left < time.Second {
		left = time.Second
	}
	return fmt.Sprintf(", about %v left", left.Round(time.Second))
}

func progressText(p Progress) string {
	s := fmt.Sprintf("%d of %d runs", p.Done, p.Total)
	if p.Failed > 0 {
		s += fmt.Sprintf(", %d failed", p.Failed)
	}
	return s
}

func failureLine(f Finished) string {
	return fmt.Sprintf("FAIL %s seed %d: %s", f.Case.ID(), f.Seed, headline(NewRunResult(f)))
}

// lines is the display of logs.
type lines struct {
	w    io.Writer
	left *estimate
	last time.Time
}

// quiet is how long a log may go without a sign of life.
const quiet = 10 * time.Second

func (l *lines) Building(what string) {
	l.left.began = time.Now()
	fmt.Fprintln(l.w, what)
}

func (l *lines) Done(f Finished, p Progress) {
	l.left.add(f)
	if l.last.IsZero() {
		l.last = time.Now()
	}
	if f.Result.Verdict.Outcome != record.Pass {
		fmt.Fprintln(l.w, failureLine(f))
	}
	if time.Since(l.last) >= quiet || p.Done == p.Total {
		l.last = time.Now()
		fmt.Fprintln(l.w, progressText(p)+l.left.text(p))
	}
}

func (l *lines) Close() {}

// bar is the display of terminals.
type bar struct {
	writer  progress.Writer
	tracker *progress.Tracker
	left    *estimate
	once    sync.Once
}

func newBar(w io.Writer, left *estimate) *bar {
	b := &bar{writer: progress.NewWriter(), left: left,
		tracker: &progress.Tracker{Message: "starting", AutoStopDisabled: true, RemoveOnCompletion: true}}
	b.writer.SetOutputWriter(w)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetTrackerLength(30)
	b.writer.SetTrackerPosition(progress.PositionLeft)
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			b.writer.SetTerminalWidth(width) // a line that wraps could not be drawn over
		}
	}
	style := progress.StyleDefault
	style.Visibility = progress.StyleVisibility{Tracker: true}
	b.writer.SetStyle(style)
	b.writer.AppendTracker(b.tracker)
	go b.writer.Render()
	return b
}

func (b *bar) Building(what string) {
	b.left.began = time.Now()
	b.tracker.UpdateMessage(what)
}

func (b *bar) Done(f Finished, p Progress) {
	b.left.add(f)
	if f.Result.Verdict.Outcome != record.Pass {
		b.writer.Log("%s", failureLine(f))
	}
	b.tracker.UpdateTotal(int64(p.Total))
	b.tracker.SetValue(int64(p.Done))
	b.tracker.UpdateMessage(progressText(p) + b.left.text(p))
}

// Close takes the bar away. The bar is drawn by a goroutine that may not have begun yet.
func (b *bar) Close() {
	b.once.Do(func() {
		b.tracker.MarkAsDone()
		time.Sleep(150 * time.Millisecond) // one more frame, so that the last log lines get out
		for b.writer.IsRenderInProgress() {
			b.writer.Stop()
			time.Sleep(5 * time.Millisecond)
		}
	})
}
