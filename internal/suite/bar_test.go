//go:build linux

package suite

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"golang.org/x/term"

	"raftlab/internal/ptytest"
	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// screen is what stands on a terminal after it was sent some bytes: as much of a terminal as the
// bar uses, with lines that wrap when they are too long.
func screen(t *testing.T, sent string, width int) []string {
	lines, row, column := []string{""}, 0, 0
	for i := 0; i < len(sent); i++ {
		switch rest := sent[i:]; {
		case strings.HasPrefix(rest, "\x1b[K"):
			lines[row] = lines[row][:min(column, len(lines[row]))]
			i += len("\x1b[K") - 1
		case rest[0] == '\r':
			column = 0
		case rest[0] == '\n':
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
		case rest[0] < ' ':
			t.Fatalf("an unexpected control character: %q", rest[:min(len(rest), 10)])
		default:
			if column == width {
				lines, row, column = append(lines, ""), row+1, 0
			}
			lines[row] = lines[row][:column] + rest[:1] + lines[row][min(column+1, len(lines[row])):]
			column++
		}
	}
	return lines
}

func TestBarStaysOnItsLine(t *testing.T) {
	for _, width := range []int{20, 60, 80, 180} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			sent := ptytest.Sent(t, width, func(tty *os.File) {
				w := NewWatch(tty, true, func() int {
					n, _, err := term.GetSize(int(tty.Fd()))
					assert.NoError(t, err)
					return n
				})
				w.Building("building ./raft with a name that is longer than eighty columns, \x1b[31m because some are, \u202e and worse")
				time.Sleep(2 * redraw)
				for n := 1; n <= 40; n++ {
					f := finished(n, n%20 == 0)
					w.Done(f, Progress{Done: n, Failed: n / 20, Total: 40, LeftCost: float64(40 - n)})
					time.Sleep(redraw / 4)
				}
				w.Close()
			})
			assert.Equal(t, 2, strings.Count(sent, "\n"), "two failures are the only lines: %q", sent)
			assert.Greater(t, strings.Count(sent, "\r\x1b[K"), 5, "the bar was drawn over and over")
			shown := strings.Join(screen(t, sent, width), "")
			assert.Equal(t, failureLine(finished(20, true))+failureLine(finished(40, true)), shown)
		})
	}
}

func TestBarFitsOnItsLine(t *testing.T) {
	b := &bar{text: "7 of 21 runs, 1 failed, about 40s left", progress: Progress{Done: 7, Total: 21}, since: time.Now()}
	assert.Equal(t, "[##########....................] "+b.text, b.line(100))
	assert.Equal(t, "[###......] "+b.text, b.line(50))
	assert.Equal(t, b.text, b.line(40))
	for width := range 200 {
		assert.LessOrEqual(t, len(b.line(width)), max(width, 2), "%d columns", width)
	}
	b = &bar{text: "compiling ./课程/王小明/raft for wasip1", since: time.Now()} // such characters take two columns
	for width := range 60 {
		assert.LessOrEqual(t, text.StringWidth(b.line(width)), width, "%d columns: %s", width, b.line(width))
	}
	assert.Equal(t, "compiling ./课程/..", b.line(20))
	assert.Equal(t, b.text, b.line(60))
}

func finished(seed int, failed bool) Finished {
	v := record.Verdict{Outcome: record.Pass}
	if failed {
		v = record.Verdict{Outcome: record.Fail, Rule: "two leaders in a term", Section: "§5.2", Time: 2 * time.Second}
	}
	return Finished{Run: Run{Case: items(1)[0].Case, Seed: uint64(seed), Cost: 1}, State: Ran, Result: sim.Result{Verdict: v}}
}
