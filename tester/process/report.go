//go:build !wasip1

package process

import (
	"fmt"
	"strings"
	"time"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
	"raftlab/internal/stacks"
	"raftlab/internal/timeline"
)

// failureLines bounds what a failure prints; the rest is a command away.
const (
	failureLines = 15
	messageLines = 4
)

// precision makes a time fit for a sentence.
const precision = 100 * time.Microsecond

// failure is what is printed about a failed run: what was broken, when, what led to it, and how to
// see more.
func failure(lab Lab, c Case, seed uint64, rep report, out *output) string {
	lines := []string{headline(rep.Verdict, seed)}
	for i, line := range strings.Split(strings.TrimSpace(rep.Message), "\n") {
		if i == messageLines {
			break
		}
		lines = append(lines, "  "+line)
	}
	again := []string{fmt.Sprintf("  again:  go test %s -run '%s/%s/%s$' -seed %d%s", lab.Package, lab.Test, c.Part, c.Name, seed, otherFlags())}
	if rep.Outcome != record.FrameworkError {
		again = append(again, fmt.Sprintf("  replayable:  go run ./cmd/raftlab test %s --seeds 1-20", c.ID()))
	}
	if out != nil {
		if file := out.save(c.ID()); file != "" {
			again = append(again, "  output:  "+file)
		}
	}
	room := failureLines - len(lines) - len(again)
	lines = append(lines, middle(rep, room)...)
	return strings.Join(append(lines, again...), "\n")
}

// middle fills the room between message and commands: with the stack where there is one, or else
// the last relevant events.
func middle(rep report, room int) []string {
	if room < 3 {
		return nil
	}
	if rep.Stack != "" {
		return stackLines(rep, room)
	}
	var lines []string
	for _, line := range timeline.Tail(rep.Recent, deduce.SubjectOf(string(rep.Rule), rep.Message, rep.Peers), room-1, 110) {
		lines = append(lines, "  "+line)
	}
	return lines
}

// stackLines shows where the code under test is, one line for each goroutine that matters.
func stackLines(rep report, room int) []string {
	gs := stacks.Parse(rep.Stack)
	if len(gs) == 0 {
		text := strings.Split(strings.TrimSpace(rep.Stack), "\n")
		return text[:min(len(text), room)]
	}
	var lines []string
	if rep.Outcome == record.Crash || rep.Outcome == record.FrameworkError {
		for _, f := range gs[0].Frames {
			if len(lines) < min(room, 6) && f.Function != "panic" && f.Package() != "runtime" && f.Package() != "runtime/debug" {
				lines = append(lines, "  at "+f.Short())
			}
		}
		return lines
	}
	for _, g := range gs {
		if f, ok := g.UnderTest(); ok && len(lines) < room {
			lines = append(lines, fmt.Sprintf("  %s: %s", strings.TrimSuffix(g.State, " (durable)"), f.Short()))
		}
	}
	return lines
}

func headline(v record.Verdict, seed uint64) string {
	what := v.Rule
	if what == "" || v.Outcome != record.Fail {
		what = strings.TrimSuffix(string(v.Outcome)+": "+what, ": ")
	}
	if v.Section != "" {
		what += " (" + v.Section + ")"
	}
	return fmt.Sprintf("%s at %v, seed %d", what, v.Time.Round(precision), seed)
}

// otherFlags repeats the flags that make a difference.
func otherFlags() string {
	text := ""
	if realClock {
		text += " -clock=real"
	}
	if *strict {
		text += " -strict"
	}
	if *withFlag != "" {
		text += " -with " + *withFlag
	}
	return text
}
