package suite

import (
	"fmt"
	"io"
	"time"

	"raftlab/internal/plain"
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
// enough for a log. width says how many characters fit on a line of the terminal; it is asked again
// for each drawing, because people change the size of windows.
func NewWatch(w io.Writer, terminal bool, width func() int) Watch {
	left := &estimate{began: time.Now()}
	if terminal {
		return newBar(w, left, width)
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

// String is "7 of 20 runs, 1 failed".
func (p Progress) String() string {
	s := fmt.Sprintf("%d of %d runs", p.Done, p.Total)
	if p.Failed > 0 {
		s += fmt.Sprintf(", %d failed", p.Failed)
	}
	return s
}

func failureLine(f Finished) string {
	return plain.Line(fmt.Sprintf("%s %s seed %d: %s", verb(f.Result.Verdict.Outcome), f.Case.ID(), f.Seed, headline(NewRunResult(f))), plain.MaxLine)
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
		fmt.Fprintln(l.w, p.String()+l.left.text(p))
	}
}

func (l *lines) Close() {}
