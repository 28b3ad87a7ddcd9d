package shrink

import (
	"fmt"
	"strings"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// Text is the result as a file for --scenario: what happens stands behind each line.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, seed %d: %s at %s s.\n", r.Case, r.Seed, plain.Line(headline(r.Last.Verdict), plain.MaxName), seconds(r.Last.Verdict.Time))
	fmt.Fprintf(&b, "# %s; %s.\n#\n", r.Left(), r.Found())
	for _, line := range r.Story() {
		fmt.Fprintf(&b, "#   %s\n", line)
	}
	b.WriteString("\n")
	things := map[string]Thing{}
	for _, t := range r.Things {
		things[t.Line] = t
	}
	for line := range strings.Lines(r.Scenario) {
		line = strings.TrimSuffix(line, "\n")
		if t, ok := things[line]; ok && line != "" {
			line = fmt.Sprintf("%-40s # %s s: %s", line, seconds(t.Start), plain.Line(t.Story, plain.MaxName))
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Left says how much is left of what happens in the run.
func (r *Result) Left() string {
	switch {
	case r.From == 0:
		return "Nothing happens in the run that could be left out"
	case r.From == 1 && len(r.Things) == 1:
		return "The one thing that happens in the run is left"
	case r.From == 1:
		return "The one thing that happens in the run is left out"
	case len(r.Things) == 1:
		return fmt.Sprintf("Of %d things that happen in the run one is left", r.From)
	}
	return fmt.Sprintf("Of %d things that happen in the run %d are left", r.From, len(r.Things))
}

// Found says how good the result is.
func (r *Result) Found() string {
	switch {
	case !r.Minimal:
		return "not minimal: the search was ended before"
	case len(r.Things) == 0:
		return "none is needed"
	case r.Smallest:
		return "no fewer do, as every smaller selection was run"
	}
	return "none of them can be left out by itself"
}

// Story tells what is left of the run, in order, with who leads, up to the violation.
func (r *Result) Story() []string {
	type told struct {
		at   time.Duration
		text string
	}
	var all []told
	add := func(at time.Duration, format string, args ...any) {
		all = append(all, told{at, plain.Line(fmt.Sprintf(format, args...), plain.MaxLine)})
	}
	things := r.Things
	before := func(at time.Duration) {
		for len(things) > 0 && things[0].Start < at {
			t := things[0]
			things = things[1:]
			switch {
			case t.Line == "":
				add(0, "all the time: %s", t.Story)
			case t.End != 0:
				add(t.Start, "%s, until %s s", t.Story, seconds(t.End))
			default:
				add(t.Start, "%s", t.Story)
			}
		}
	}
	changes := partly(r.Events)
	for _, e := range r.Events {
		before(e.Time)
		for len(changes) > 0 && changes[0].At <= e.Time {
			add(changes[0].At, "(%s)", changes[0].Text)
			changes = changes[1:]
		}
		if e.Kind == record.State && e.Leader {
			add(e.Time, "(peer %s leads term %d)", timeline.Name(e.Peer), e.Term)
		}
	}
	before(1<<63 - 1)
	add(r.Last.Verdict.Time, "%s: %s", headline(r.Last.Verdict), r.Last.Verdict.Message)
	var lines []string
	for i, t := range all {
		if i > 0 && t == all[i-1] {
			continue
		}
		lines = append(lines, fmt.Sprintf("%9s s  %s", seconds(t.at), t.text))
	}
	return lines
}

// partly are the instants at which some of what was cut works again, and not all. That ends nothing
// that the story tells of, and may be what decides.
func partly(events []record.Event) (some []timeline.Change) {
	for _, c := range timeline.Changes(events) {
		if c.Heals && !c.Whole {
			some = append(some, c)
		}
	}
	return some
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
