package grade

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed *.html.tmpl
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"span":  span,
	"join":  func(s []string) string { return strings.Join(s, ", ") },
	"lines": func(s []string) string { return strings.Join(s, "\n") },
}).ParseFS(templateFiles, "*.html.tmpl"))

// feedbackPage is what the page of a student is made from.
type feedbackPage struct {
	Student
	Faulty   string
	Raftlab  string
	Races    []string
	Notes    []Note
	Builds   []string
	Warnings []string
}

func (r *Results) writeFeedbackPage(w io.Writer, s Student) error {
	page := feedbackPage{Student: s, Raftlab: r.Plan.Raftlab, Races: s.races(), Faulty: strings.Join(s.faults(), "\n"), Notes: r.Notes(s), Builds: append(s.builds(), s.Notes...)}
	if r.Plan.Policy.Feedback.Warnings {
		for _, t := range s.Warnings {
			page.Warnings = append(page.Warnings, t.line())
		}
	}
	return templates.ExecuteTemplate(w, "feedback.html.tmpl", page)
}

// bar is one column of the distribution.
type bar struct {
	Label         string
	Count         int
	X, Y, Height  int
	TextX, CountY int
}

// Sizes of the distribution's picture.
const (
	bars      = 10
	barWidth  = 36
	barGap    = 6
	barHeight = 120
)

// distribution counts the scores, by tenths of the maximum.
func (r *Results) distribution() []bar {
	counts := make([]int, bars)
	most := 0
	for _, s := range r.Students {
		if s.Score == nil || s.Max.IsZero() {
			continue
		}
		tenths, _ := s.Score.times(Int(bars)).over(s.Max).rat().Float64()
		i := min(int(tenths), bars-1) // full marks, and more, are in the last
		counts[i]++
		most = max(most, counts[i])
	}
	all := make([]bar, bars)
	for i, n := range counts {
		h := 0
		if most > 0 {
			h = n * barHeight / most
		}
		x := i * (barWidth + barGap)
		all[i] = bar{Label: fmt.Sprintf("%d%%", i*100/bars), Count: n, X: x, Y: 20 + barHeight - h, Height: h, TextX: x + barWidth/2, CountY: 15 + barHeight - h}
	}
	return all
}

// classPage is what the page of the class is made from.
type classPage struct {
	*Results
	Parts   []string
	Bars    []bar
	Rows    []classRow
	Persons []Student
}

type classRow struct {
	Student
	First, Seed, Group string
	Course             string // cases that the course demands, too: passed of all
}

func (r *Results) writeClassPage(w io.Writer) error {
	page := classPage{Results: r, Parts: r.parts(), Bars: r.distribution()}
	for _, s := range r.Students {
		row := classRow{Student: s}
		row.First, row.Seed, row.Group = s.firstFailure()
		passed, cases := s.demanded()
		row.Course = fmt.Sprintf("%d/%d", passed, cases)
		page.Rows = append(page.Rows, row)
		if s.Status != Graded || len(s.Why) > 0 {
			page.Persons = append(page.Persons, s)
		}
	}
	return templates.ExecuteTemplate(w, "class.html.tmpl", page)
}
