package grade

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"raftlab/internal/plain"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

// Files for the class in a directory of grades.
const (
	gradesCSV   = "grades.csv"
	gradesJSON  = "grades.json"
	gradesHTML  = "class.html"
	failuresCSV = "failures.csv"
	personCSV   = "needs-a-person.csv"
)

// ClassSchema is the version of the format of grades.json.
const ClassSchema = "raftlab/grades/v1"

// Results are the grades of a class.
type Results struct {
	Schema   string    `json:"schema"`
	Plan     *Plan     `json:"plan"`
	Students []Student `json:"students"`
	Groups   []Group   `json:"groups"`
}

// SameCode are students who handed in the same code, byte for byte, by their names.
func (r *Results) SameCode() (all [][]string) {
	by := map[string]int{} // hash -> where in all
	for _, s := range r.Students {
		if s.source == "" {
			continue
		}
		i, ok := by[s.source]
		if !ok {
			i, all = len(all), append(all, nil)
			by[s.source] = i
		}
		all[i] = append(all[i], s.Name)
	}
	return slices.DeleteFunc(all, func(names []string) bool { return len(names) < 2 })
}

// Collect judges the records in dir.
func (p *Plan) Collect(dir string) (*Results, error) {
	students, err := p.StudentsIn(dir)
	if err != nil {
		return nil, err
	}
	r := &Results{Schema: ClassSchema, Plan: p, Students: students}
	r.Groups = Groups(students, p.Policy.Feedback.Hints)
	if r.Groups == nil {
		r.Groups = []Group{}
	}
	return plain.Strings(r), nil
}

// Render writes the files for the class and for each student into dir, each in one step. They
// depend on nothing but the records and the plan.
func (r *Results) Render(dir string) error {
	if err := writeJSON(filepath.Join(dir, gradesJSON), r); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		gradesCSV: r.WriteCSV, failuresCSV: r.writeFailures, personCSV: r.writePersons, gradesHTML: r.writeClassPage,
	} {
		if err := r.file(filepath.Join(dir, name), write); err != nil {
			return err
		}
	}
	for _, s := range r.Students {
		if err := r.feedback(dir, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *Results) file(name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return writeFile(name, b.Bytes())
}

// feedback writes the files that a student gets.
func (r *Results) feedback(dir string, s Student) error {
	base := filepath.Join(dir, feedbackDir, s.File)
	err := errors.Join(
		r.file(base+".txt", func(w io.Writer) error { return r.WriteFeedback(w, s) }),
		r.file(base+".html", func(w io.Writer) error { return r.writeFeedbackPage(w, s) }),
	)
	traces := filepath.Join(dir, feedbackDir, s.File+" traces")
	var wanted []string
	for _, c := range s.Cases {
		if c.Failing == nil || !c.Failing.Trace || !r.Plan.Policy.Feedback.shows(ShowTrace, r.Plan.Hidden()) {
			continue
		}
		packed, readErr := os.ReadFile(traceFile(dir, s.File, c.Case))
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("hand on the trace of a failure: %w", readErr))
			continue
		}
		wanted = append(wanted, traceName(c.Case))
		err = errors.Join(err, writeFile(filepath.Join(traces, traceName(c.Case)), packed))
	}
	there, _ := os.ReadDir(traces) // it need not exist
	for _, e := range there {
		if !slices.Contains(wanted, e.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(traces, e.Name())))
		}
	}
	return err
}

func writeRows(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	err := c.WriteAll(rows)
	c.Flush()
	return errors.Join(err, c.Error())
}

// WriteCSV writes the class as a table: a line for each student, with the points of the parts.
func (r *Results) WriteCSV(w io.Writer) error {
	head := []string{"student", "status", "score", "max", "raw", "raw max"}
	for _, p := range r.parts() {
		head = append(head, p, p+" max")
	}
	head = append(head, "failed first", "seed", "group", "course passed", "course cases")
	if r.Plan.Race {
		head = append(head, "off for data races")
	}
	rows := [][]string{head}
	for _, s := range r.Students {
		row := []string{plain.Cell(s.Name), string(s.Status), s.score(), s.Max.String(), fmt.Sprint(s.Raw), fmt.Sprint(s.RawMax)}
		if s.Status != Graded {
			row[4] = ""
		}
		for _, p := range s.Parts {
			if p.Points.Equal(p.Most) && s.Status != NotYet {
				row = append(row, p.Points.String(), p.Max.String())
			} else {
				row = append(row, "", p.Max.String())
			}
		}
		first, seed, group := s.firstFailure()
		passed, cases := s.demanded()
		row = append(row, plain.Cell(first), seed, group, fmt.Sprint(passed), fmt.Sprint(cases))
		if r.Plan.Race {
			row = append(row, s.Deducted.String())
		}
		rows = append(rows, row)
	}
	return writeRows(w, rows)
}

// demanded counts the cases that the course's own tests demand, too, and how many of them passed.
func (s Student) demanded() (passed, cases int) {
	for _, p := range s.Parts {
		passed, cases = passed+p.CoursePassed, cases+p.CourseCases
	}
	return passed, cases
}

// score is the score, or nothing.
func (s Student) score() string {
	if s.Score == nil {
		return ""
	}
	return s.Score.String()
}

// firstFailure says what failed first.
func (s Student) firstFailure() (what, seed, group string) {
	if s.Outcome != "" {
		return fmt.Sprintf("%s: %s", s.Outcome, s.nothing()), "", ""
	}
	c := s.First()
	switch {
	case c == nil && len(s.Faults) > 0: // a part of the code does not compile
		return fmt.Sprintf("%s: %s", suite.NotBuilt, s.Faults[0]), "", ""
	case c == nil:
		return "", "", ""
	}
	seed = fmt.Sprint(c.Failing.Seed)
	if c.Failing.Code != "" {
		seed = c.Failing.Code
	}
	return c.Case + ": " + c.Failing.Text, seed, c.Failing.Group
}

// nothing says why nothing ran.
func (s Student) nothing() string {
	if len(s.Faults) > 0 {
		return s.Faults[0].String()
	}
	return s.Reason
}

// parts are those of the plan, in their order.
func (r *Results) parts() (parts []string) {
	for _, c := range r.Plan.cases {
		if !slices.Contains(parts, c.Part) {
			parts = append(parts, c.Part)
		}
	}
	return parts
}

func (r *Results) writeFailures(w io.Writer) error {
	rows := [][]string{{"group", "students", "outcome", "rule", "section", "what", "cases", "names", "hint"}}
	for _, g := range r.Groups {
		rows = append(rows, []string{g.ID, fmt.Sprint(len(g.Students)), string(g.Outcome), plain.Cell(g.Rule), g.Section, plain.Cell(g.What),
			strings.Join(g.Cases, " "), plain.Cell(strings.Join(g.Students, "; ")), plain.Cell(g.Hint)})
	}
	return writeRows(w, rows)
}

func (r *Results) writePersons(w io.Writer) error {
	rows := [][]string{{"student", "status", "at least", "at most", "max", "why"}}
	for _, s := range r.Students {
		if s.Status == Graded && len(s.Why) == 0 {
			continue
		}
		why := s.Why
		if s.Status == NotYet {
			why = []string{"not graded yet: start the same command again"}
		}
		rows = append(rows, []string{plain.Cell(s.Name), string(s.Status), s.Least.String(), s.Most.String(), s.Max.String(), plain.Cell(strings.Join(why, "; "))})
	}
	return writeRows(w, rows)
}

// WriteTable writes the class for a terminal. Where lines may have no more than width characters,
// columns that say least are left out; 0 is no limit.
func (r *Results) WriteTable(w io.Writer, width int) error {
	t := suite.NewTable()
	head := table.Row{"student", "score"}
	for _, p := range r.parts() {
		head = append(head, p)
	}
	t.AppendHeader(append(head, "raw", "course", "failed first"))
	graded, persons, others := 0, 0, 0
	for _, s := range r.Students {
		row := table.Row{plain.Line(s.Name, 40)}
		score := fmt.Sprintf("%s/%s", s.Least, s.Max)
		switch s.Status {
		case Graded:
			graded++
		case NeedsPerson:
			persons++
			score = fmt.Sprintf("%s-%s/%s", s.Least, s.Most, s.Max)
		default:
			others++
			score = string(s.Status)
		}
		row = append(row, score)
		for _, p := range s.Parts {
			row = append(row, p.Points.String())
		}
		first, seed, _ := s.firstFailure()
		if seed != "" {
			first += " (" + seed + ")"
		}
		if !s.Deducted.IsZero() {
			first = strings.TrimPrefix(first+fmt.Sprintf("; data races: %s off", s.Deducted), "; ")
		}
		if s.Status == NeedsPerson {
			first = "a person: " + strings.Join(s.Why, "; ")
		}
		passed, cases := s.demanded()
		t.AppendRow(append(row, fmt.Sprintf("%d/%d", s.Raw, s.RawMax), fmt.Sprintf("%d/%d", passed, cases), shorten(first, 60)))
	}
	foot := fmt.Sprintf("%d graded", graded)
	if persons == 1 {
		foot += ", 1 needs a person"
	} else if persons > 1 {
		foot += fmt.Sprintf(", %d need a person", persons)
	}
	if others > 0 {
		foot += fmt.Sprintf(", %d not graded yet", others)
	}
	t.AppendFooter(table.Row{foot})
	_, err := io.WriteString(w, suite.Fit(t, width, nil, "student", "course", "raw", "failed first")+"\n")
	return err
}

// shorten is a line of somebody else's words, cut to width characters.
func shorten(s string, width int) string {
	return timeline.Cut(plain.Line(s, plain.MaxLine), width)
}
