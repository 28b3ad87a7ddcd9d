package grade

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"raftlab/internal/record"
)

// Note is one failure as a student may see it.
type Note struct {
	Case   string
	Title  string
	Lines  []string
	Replay string // the command, or what to do with the code
	Trace  string // the file with the events
	Hint   string
}

// Notes are the failures that a student is told about. A seed is in them only where the policy
// shows it.
func (r *Results) Notes(s Student) []Note {
	show := func(level string) bool { return r.Plan.Policy.Feedback.shows(level, r.Plan.Hidden()) }
	var notes []Note
	for _, c := range s.Cases {
		f := c.Failing
		if f == nil {
			continue
		}
		n := Note{Case: c.Case, Title: fmt.Sprintf("%s: %s", c.Case, f.Text), Hint: r.Plan.Policy.Feedback.Hints[f.Group]}
		if !f.Outcome.Decided() {
			n.Title = fmt.Sprintf("%s: no verdict (%s): a person looks at it", c.Case, f.Outcome)
			notes = append(notes, n)
			continue
		}
		if show(ShowExcerpt) {
			n.Lines = f.Lines
		}
		if show(ShowTrace) && f.Trace {
			n.Trace = s.File + " traces/" + traceName(c.Case)
		}
		switch {
		case c.Private:
			n.Replay = "it is a case of your instructor, who can repeat it"
		case show(ShowSeed):
			n.Replay = r.Plan.replay(c.Case, f.Seed, s)
		case f.Code != "":
			n.Replay = fmt.Sprintf("run %s: when its secret is public, raftlab replay %s --code %s --salt FILE repeats it", f.Code, c.Case, f.Code)
		}
		notes = append(notes, n)
	}
	return notes
}

// replay is the command by which a student repeats a run: in the tree that they wrote their code in,
// or in raftlab's, which has to be told where code in the course's layout is.
func (p *Plan) replay(caseID string, seed uint64, s Student) string {
	o := p.options(s.Contract)
	words := []string{"go run ./cmd/raftlab replay", caseID, "--seed", strconv.FormatUint(seed, 10)}
	if len(o.With) > 0 {
		words = append(words, "--with", strings.Join(o.With, ","))
	}
	if o.Numbering != "" {
		words = append(words, "--numbering", string(o.Numbering))
	}
	if o.Contract != "" {
		words = append(words, "--contract", o.Contract)
	}
	if o.Strict {
		words = append(words, "--strict")
	}
	if o.MemoryLimit != 0 {
		words = append(words, "--memory", strconv.FormatInt(o.MemoryLimit, 10))
	}
	if s.adopted {
		words = append(words, "--impl", "YOUR-REPOSITORY")
	}
	return strings.Join(words, " ")
}

// demanded says how many of a part's cases the course demands, if it is not all or none.
func (p Part) demanded() string {
	if p.CourseCases == 0 || p.CourseCases == p.Cases {
		return ""
	}
	return fmt.Sprintf("; of the %d that the course's own tests demand, too, %d", p.CourseCases, p.CoursePassed)
}

// Verdict is the result of a student in one line.
func (s Student) Verdict() string {
	raw := fmt.Sprintf("%d of %d raw", s.Raw, s.RawMax)
	switch s.Status {
	case Graded:
		return fmt.Sprintf("%s of %s points (%s)", s.Score, s.Max, raw)
	case NeedsPerson:
		return fmt.Sprintf("no score yet: a person has to look at it; between %s and %s of %s points", s.Least, s.Most, s.Max)
	}
	return string(s.Status)
}

// Builds are what was compiled, in a few words.
func (s Student) builds() (lines []string) {
	for _, b := range s.Builds {
		lines = append(lines, fmt.Sprintf("%s: build %s, %s", strings.TrimPrefix(b.Package, "./"), b.ID[:min(len(b.ID), 12)], b.GoVersion))
	}
	return lines
}

// faults are why nothing was built.
func (s Student) faults() (lines []string) {
	switch s.Outcome {
	case "":
		if len(s.Faults) == 0 {
			return nil
		}
		lines = append(lines, "A part of the code does not compile, and its cases did not run:")
	case record.Tampering:
		lines = append(lines, "The code was refused, because it uses what it may not use:")
	case NotHandedIn:
		return []string{"Nothing was handed in: " + s.Reason}
	default:
		lines = append(lines, "The code does not compile:")
	}
	for _, f := range s.Faults {
		lines = append(lines, "  "+f.String())
	}
	return lines
}

// WriteFeedback writes what a student gets, as text.
func (r *Results) WriteFeedback(w io.Writer, s Student) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s", s.Name, s.Verdict())
	line("")
	for _, p := range s.Parts {
		line("  %-4s %s of %s points, %d of %d cases passed%s", p.Part, span(p.Points, p.Most), p.Max, p.Passed, p.Cases, p.demanded())
	}
	if lines := s.faults(); lines != nil {
		line("\n%s", strings.Join(lines, "\n"))
	}
	for _, n := range r.Notes(s) {
		line("\n%s", n.Title)
		for _, l := range n.Lines {
			line("%s", l)
		}
		for _, extra := range []struct{ what, text string }{{"events", n.Trace}, {"hint", n.Hint}, {"replay", n.Replay}} {
			if extra.text != "" {
				line("  %s: %s", extra.what, extra.text)
			}
		}
	}
	if r.Plan.Policy.Feedback.Warnings && len(s.Warnings) > 0 {
		line("\nWarnings, which cost nothing:")
		for _, t := range s.Warnings {
			line("  %s", t.line())
		}
	}
	if races := s.races(); races != nil {
		line("\n%s", strings.Join(races, "\n"))
	}
	line("\nCases:")
	for _, c := range s.Cases {
		line("  %-32s %-14s %s of %s points, %d of %d seeds", c.Case, c.Outcome, span(c.Points, c.Most), c.Worth, c.Passed, c.Seeds)
	}
	if builds := append(s.builds(), s.Notes...); len(builds) > 0 {
		line("\n%s", strings.Join(builds, "\n"))
	}
	if v := r.Plan.Raftlab; v != "" {
		line("graded by raftlab %s", v)
	}
	line("If it does something else on your machine: docs/on-my-laptop.md")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Warning) line() string {
	text := strings.ReplaceAll(strings.TrimSpace(t.Text), "\n", "\n    ")
	switch n := len(t.Cases); {
	case n == 0:
		return text
	case n > 3:
		return fmt.Sprintf("%s (%s and %d more)", text, strings.Join(t.Cases[:2], ", "), n-2)
	}
	return fmt.Sprintf("%s (%s)", text, strings.Join(t.Cases, ", "))
}

// span are points, as a range where they are open.
func span(least, most Number) string {
	if least.Equal(most) {
		return least.String()
	}
	return least.String() + "-" + most.String()
}
