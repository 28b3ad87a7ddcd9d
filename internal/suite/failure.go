package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

// maxFailureLines is how much a failure prints: it has to fit on a screen beside others.
const maxFailureLines = 15

// Failure is what is known about a failing run, to be told in few lines.
type Failure struct {
	Case     Case
	Run      RunResult
	Also     []uint64       // other seeds of the case that failed
	Events   []record.Event // of the run or of its end
	Remark   string         // about the events, such as that the run could not be repeated
	Picture  string         // a file with a picture of what clients saw
	ToDos    []ToDo         // what the code under test says it still lacks for this part
	Packages []string       // import paths of the code under test
	Show     func(place string) string
	Width    int
	// Hidden is what stands in place of a seed that a reader must not know.
	Hidden string
}

// Brief is what is told of a failure whose events nobody has looked at.
func (f Failure) Brief() []string {
	f.Events = nil
	return f.Lines()
}

// Lines tells the failure in at most 15 lines: the rule, its section in the paper, the virtual
// time and the message; where the code stood, if it crashed or hung; the last events that matter, a
// column per peer; and last the command that replays it. One more says where in the code that message
// comes from which the failure can be read off, if events tell: it is not at their cost.
func (f Failure) Lines() []string {
	lines, _ := f.Told()
	return lines
}

// Told is Lines, with the places of which the first is in them.
func (f Failure) Told() (lines []string, places []Place) {
	width := f.Width
	if width <= 0 {
		width = usualWidth
	}
	lines = narrowed(f.title(), width)
	most := maxFailureLines + len(lines) - 1 // what a narrow screen breaks is not at the cost of events
	lines = append(lines, f.message(width)...)
	if f.Case.Checks != "" {
		what := broken("  the case: "+f.Case.Checks, width)
		lines = append(lines, what...)
		if width < usualWidth {
			most += len(what) - 1
		}
	}
	for i, t := range f.ToDos {
		if i < 3 {
			lines = append(lines, timeline.Cut("  to write: "+t.String(), width))
		}
	}
	if len(f.Also) > 0 {
		lines = append(lines, timeline.Cut("  also with seeds "+FormatSeeds(f.Also), width))
	}
	if f.Remark != "" {
		lines = append(lines, timeline.Cut("  "+f.Remark, width))
	}
	for _, l := range f.stood() {
		lines = append(lines, timeline.Cut("    "+l, width))
	}
	last := []string{"  replay: " + f.Run.Replay}
	if f.Run.Replay == "" {
		last = nil
	}
	if f.Picture != "" {
		last = append([]string{"  picture: " + f.Picture}, last...)
	}
	if places = f.Places(); len(places) > 0 { // others are in the JSON
		lines = append(lines, timeline.Cut("  code: "+places[0].String(), width))
		most++
	}
	if left := most - len(lines) - 1 - len(last); left >= 2 { // one for the header
		for _, l := range timeline.Tail(f.story(), deduce.SubjectOf(f.Run.Rule, f.Run.Message, f.Run.Peers), left, width) {
			lines = append(lines, timeline.Cut(l, width))
		}
	}
	return append(lines, last...), places
}

// stood is where the code under test was when it crashed, hung or raced.
func (f Failure) stood() []string {
	const most = 5
	if f.Run.Stack == "" {
		return nil
	}
	if f.Run.Rule == sim.RaceRule {
		if lines := raceLines(f.Run.Stack, f.Packages, f.Show); len(lines) > 0 {
			return lines
		}
	}
	crashed := f.Run.Outcome == record.Crash || f.Run.Outcome == record.OutOfMemory
	return stackLines(f.Run.Stack, f.Packages, crashed, most, f.Show)
}

// usualWidth is how wide a failure is where nobody says.
const usualWidth = 110

// narrowed is a line that is broken on a narrow screen, where too much would be cut.
func narrowed(s string, width int) []string {
	if width >= usualWidth {
		return []string{timeline.Cut(s, width)}
	}
	return broken(s, width)
}

// broken is a line that goes on in others, set in a little, if it is too long.
func broken(s string, width int) []string {
	lines := timeline.Wrap(s, width)
	if len(lines) == 1 {
		return lines
	}
	rest := timeline.Wrap(strings.Join(lines[1:], " "), width-len(setIn))
	for i := range rest {
		rest[i] = setIn + rest[i]
	}
	return append(lines[:1], rest...)
}

const setIn = "  "

// place is how the build calls a line of code.
var place = regexp.MustCompile(`\braftlab/[\w./-]+\.go:\d+`)

// message is what the harness said, in at most three lines.
func (f Failure) message(width int) []string {
	const most = 3
	text := f.Run.Message
	if f.Show != nil {
		text = place.ReplaceAllStringFunc(text, f.Show)
	}
	var lines []string
	for _, m := range strings.Split(strings.TrimSpace(text), "\n") {
		if m = strings.TrimSpace(m); m == "" {
			continue
		}
		for _, part := range timeline.Wrap(m, width-4) {
			lines = append(lines, "  "+part)
		}
	}
	if len(lines) > most {
		lines = append(lines[:most-1], lines[most-1]+" ..")
	}
	return lines
}

// story are the events without the violation itself, which the first lines tell already.
func (f Failure) story() []record.Event {
	return slices.DeleteFunc(slices.Clone(f.Events), func(e record.Event) bool { return e.Kind == record.Violation })
}

// Alike are failures beyond those that are told in full: of one part that broke one rule, or of
// several for one reason.
type Alike struct {
	Why      string // "" is the rule
	At       int    // the place of the first one among all failures
	Failures []Failure
}

// Lines names the failures in few lines; one alone gets its title.
func (a Alike) Lines(width int) []string {
	first := a.Failures[0]
	if len(a.Failures) == 1 {
		return []string{timeline.Cut(first.title(), max(width, usualWidth)), "  replay: " + first.Run.Replay}
	}
	why := a.Why
	if why == "" {
		why, _, _ = strings.Cut(headline(first.Run), ", at ")
	}
	var names, parts []string
	for _, f := range a.Failures {
		names = append(names, fmt.Sprintf("%s (seed %d)", f.Case.Name, f.Run.Seed))
		if !slices.Contains(parts, f.Case.Part) {
			parts = append(parts, f.Case.Part)
		}
	}
	lines := []string{fmt.Sprintf("%s %d more cases of %s: %s", verb(first.Run.Outcome), len(a.Failures), strings.Join(parts, ", "), why)}
	var wrapped []string
	if len(parts) == 1 { // of several parts the number says enough
		wrapped = timeline.Wrap(strings.Join(names, ", "), max(width, 80)-4)
	}
	for i, l := range wrapped {
		if i == 3 && len(wrapped) > 4 {
			lines = append(lines, "  ..")
			break
		}
		lines = append(lines, "  "+l)
	}
	return append(lines, "  replay: "+first.Run.Replay)
}

func (f Failure) title() string {
	run := fmt.Sprintf("seed %d", f.Run.Seed)
	if f.Hidden != "" {
		run = "run " + f.Hidden
	}
	return fmt.Sprintf("%s %s, %s: %s", verb(f.Run.Outcome), f.Case.ID(), run, headline(f.Run))
}

// maxFault is how many bytes of a fault are shown; --json has more of them.
const maxFault = 512

// FaultLines tells in at most 15 lines why the code under test was not built.
func FaultLines(faults []Fault, outcome record.Outcome) []string {
	lines := []string{"FAIL: the code under test does not compile"}
	if outcome == record.Tampering {
		lines[0] = "FAIL: the code under test was refused, because it uses what it may not use"
	}
	for i, f := range faults {
		if len(lines) == maxFailureLines-1 && i < len(faults)-1 {
			return append(lines, fmt.Sprintf("  and %d more (--json has them all)", len(faults)-i))
		}
		lines = append(lines, "  "+plain.Line(f.String(), maxFault))
	}
	return lines
}

// verb opens the line about a run that did not pass.
func verb(o record.Outcome) string {
	switch {
	case o == record.NotChecked:
		return "NOT CHECKED"
	case !o.Decided():
		return "NO VERDICT"
	}
	return "FAIL"
}

// Headline is a verdict in one line: rule, section, virtual time.
func Headline(r RunResult) string { return headline(r) }

// headline is [Headline].
func headline(r RunResult) string {
	var b strings.Builder
	switch {
	case r.Outcome == record.NotChecked:
		return r.Rule // why is told below the table
	case r.Rule == "" || r.Outcome != record.Fail && r.Rule == string(r.Outcome):
		b.WriteString(string(r.Outcome))
	case r.Outcome == record.Fail:
		b.WriteString(r.Rule)
	default:
		b.WriteString(string(r.Outcome) + ": " + r.Rule)
	}
	if r.Section != "" {
		b.WriteString(" (" + r.Section + ")")
	}
	if r.Outcome == record.Ungraded { // a point of virtual time is not known
		return b.String()
	}
	fmt.Fprintf(&b, ", at %.3f s", r.At)
	return b.String()
}
