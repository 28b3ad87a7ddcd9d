package suite

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// WriteTable writes the summary: a line per case, the sums, and below it what a reader should know
// before trusting them. Where lines may have no more than width characters, columns that say least
// are left out; 0 is no limit.
func WriteTable(w io.Writer, r *Report, width int) error {
	t := newTable()
	t.AppendHeader(table.Row{"case", "course", "seeds", "first failing", "outcome", "virtual", "CPU", "points"})
	var runs, passed int
	var virtual, cpu float64
	for _, c := range r.Cases {
		first := ""
		if c.FirstFailing != 0 {
			first = fmt.Sprint(c.FirstFailing)
		}
		t.AppendRow(table.Row{c.Case, demanded(c.Course), fmt.Sprintf("%d/%d", c.Passed, c.Seeds), first, describe(c),
			round(c.Virtual), round(c.CPU), fmt.Sprintf("%s/%d", points(c.Points, c.UpperPoints), c.MaxPoints)})
		runs, passed = runs+c.Seeds, passed+c.Passed
		virtual, cpu = virtual+c.Virtual, cpu+c.CPU
	}
	t.AppendFooter(table.Row{Plural(len(r.Cases), "case"), "", fmt.Sprintf("%d/%d", passed, runs), "", totals(r),
		round(virtual), round(cpu), fmt.Sprintf("%s/%d", points(r.Points, r.UpperPoints), r.MaxPoints)})
	_, err := io.WriteString(w, Fit(t, width, columns, "outcome", "course", "CPU", "virtual", "first failing")+"\n"+fitted(remarks(r), width))
	return err
}

// WriteRemarks writes what stands below the table.
func WriteRemarks(w io.Writer, r *Report, width int) error {
	_, err := io.WriteString(w, fitted(remarks(r), width))
	return err
}

// Tally is "2 of 21 cases failed, 89 of 100 points", or "21 cases, 100 of 100 points".
func (r *Report) Tally() string {
	cases := Plural(len(r.Cases), "case")
	if failed := len(r.Failed()); failed > 0 {
		cases = fmt.Sprintf("%d of %s failed", failed, cases)
	}
	return fmt.Sprintf("%s, %s of %s", cases, points(r.Points, r.UpperPoints), Plural(r.MaxPoints, "point"))
}

// Fit renders a table with columns as in [NewTable]. Where its lines have more than width characters,
// columns are left out: the first of those that say least, the second as well, and so on. In the
// end the cells of the column folds get several lines. 0 is no limit.
func Fit(t table.Writer, width int, columns []table.ColumnConfig, folds string, least ...string) string {
	rendered := t.Render()
	columns = slices.Clone(columns)
	column := func(name string) *table.ColumnConfig {
		i := slices.IndexFunc(columns, func(c table.ColumnConfig) bool { return c.Name == name })
		if i < 0 {
			i, columns = len(columns), append(columns, table.ColumnConfig{Name: name})
		}
		return &columns[i]
	}
	for _, name := range least {
		if width <= 0 || wide(rendered) <= width {
			return rendered
		}
		column(name).Hidden = true
		t.SetColumnConfigs(columns)
		rendered = t.Render()
	}
	for most := mostFolded; width > 0 && wide(rendered) > width && most >= leastFolded; most -= 4 {
		c := column(folds)
		c.WidthMax, c.WidthMaxEnforcer = most, fold
		t.SetColumnConfigs(columns)
		rendered = t.Render()
	}
	return rendered
}

// fold breaks a cell into lines of at most so many characters: after a space or a hyphen if it can,
// since many cells are names.
func fold(cell string, most int) string {
	var lines []string
	rest := []rune(cell)
	for len(rest) > most {
		at := most
		for i := most; i > 0; i-- {
			if strings.ContainsRune(" -/", rest[i-1]) {
				at = i
				break
			}
		}
		lines, rest = append(lines, strings.TrimRight(string(rest[:at]), " ")), rest[at:]
	}
	return strings.Join(append(lines, string(rest)), "\n")
}

// A folded column has at most so many characters, and at least so many.
const mostFolded, leastFolded = 48, 12

// wide is how many characters a text's longest line has.
func wide(text string) (most int) {
	for line := range strings.SplitSeq(text, "\n") {
		most = max(most, utf8.RuneCountInString(line))
	}
	return most
}

// listed is the least width in which a list of cases has all its columns.
const listed = 100

// WriteList writes the cases: what there is, and what each checks. In a narrow terminal it leaves
// out where a case comes from.
func WriteList(w io.Writer, cases []Case, width int) error {
	t := newTable()
	t.AppendHeader(table.Row{"case", "points", "paper", "course", "checks"})
	longest, points := 0, 0
	for _, c := range cases {
		longest = max(longest, len(c.ID()))
		points += c.Points
	}
	narrow, others := width < listed, 37 // what the other columns take, without the names
	note := "\ncourse: the course's own tests demand this, too (docs/grading.md)\n"
	if narrow {
		others, note = 14, "\n"
	}
	render := func(checks int) string {
		t.SetColumnConfigs([]table.ColumnConfig{
			{Name: "points", Align: text.AlignRight},
			{Name: "paper", Hidden: narrow},
			{Name: "course", Hidden: narrow},
			{Name: "checks", WidthMax: checks, WidthMaxEnforcer: text.WrapSoft},
		})
		return t.Render()
	}
	for i, c := range cases {
		if i > 0 && cases[i-1].Part != c.Part {
			t.AppendSeparator()
		}
		t.AppendRow(table.Row{c.ID(), c.Points, c.Section, demanded(c.Course), c.Checks})
	}
	t.AppendFooter(table.Row{Plural(len(cases), "case"), points})
	checks := max(width-longest-others, 20)
	rendered := render(checks)
	if over := wide(rendered) - width; over > 0 { // a section or two can be longer than others
		rendered = render(max(checks-over, leastFolded))
	}
	_, err := io.WriteString(w, rendered+note)
	return err
}

// demanded is the cell that says whether the course demands a case, too.
func demanded(course string) string {
	if course != "" {
		return "yes"
	}
	return ""
}

// Plural is a number of things: "1 run", "2 runs".
func Plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// NewTable returns a table in plain characters, which every terminal, pager and log can show.
// Columns are named here that are not as others.
func NewTable(columns ...table.ColumnConfig) table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Format = table.FormatOptions{Footer: text.FormatDefault, Header: text.FormatDefault, Row: text.FormatDefault}
	style.Options = table.Options{SeparateColumns: true, SeparateHeader: true, SeparateFooter: true}
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.SetColumnConfigs(columns)
	return t
}

// newTable returns a table of cases.
func newTable() table.Writer { return NewTable(columns...) }

// columns are those of such a table that are not as others.
var columns = []table.ColumnConfig{
	{Name: "seeds", Align: text.AlignRight, AlignFooter: text.AlignRight},
	{Name: "first failing", Align: text.AlignRight},
	{Name: "virtual", Align: text.AlignRight, AlignFooter: text.AlignRight},
	{Name: "CPU", Align: text.AlignRight, AlignFooter: text.AlignRight},
	{Name: "points", Align: text.AlignRight, AlignFooter: text.AlignRight},
}

// describe is the outcome of a case in a few words.
func describe(c CaseResult) string {
	if c.Reason != "" {
		return timeline.Cut(string(c.Outcome)+": "+c.Reason, 48)
	}
	run := c.Run(c.FirstFailing)
	if run == nil || run.Rule == "" || run.Rule == string(run.Outcome) {
		return string(c.Outcome)
	}
	if run.Outcome == record.Fail {
		return timeline.Cut("FAIL: "+run.Rule, 48)
	}
	return timeline.Cut(string(run.Outcome)+": "+run.Rule, 48)
}

func totals(r *Report) string {
	undecided := len(r.Undecided())
	failed := len(r.Failed()) - undecided
	var b strings.Builder
	switch {
	case r.Status == Interrupted:
		b.WriteString("interrupted")
	case failed+undecided+r.Unchecked() == 0:
		b.WriteString("all passed")
	}
	if failed > 0 {
		fmt.Fprintf(&b, " %d failed", failed)
	}
	if undecided > 0 {
		fmt.Fprintf(&b, " %d without a verdict", undecided)
	}
	if n := r.Unchecked(); n > 0 {
		fmt.Fprintf(&b, " %d not checked", n)
	}
	if n := r.notReached(); n > 0 {
		fmt.Fprintf(&b, ", %d not reached", n)
	}
	return strings.TrimSpace(b.String())
}

// courseSum tells the cases that the course demands from those that only raftlab does, if there are
// both.
func (r *Report) courseSum() string {
	var passed, cases [2]int
	for _, c := range r.Cases {
		kind := 0
		if c.Course == "" {
			kind = 1
		}
		if cases[kind]++; c.Outcome == record.Pass {
			passed[kind]++
		}
	}
	if cases[0] == 0 || cases[1] == 0 {
		return ""
	}
	return fmt.Sprintf("of the cases that the course's own tests demand, too, %d of %d passed; of those that only raftlab has, %d of %d",
		passed[0], cases[0], passed[1], cases[1])
}

// notReached counts the situations that were asked for and never came about.
func (r *Report) notReached() int {
	n := 0
	for _, c := range r.Cases {
		if r.Options.RequireReached {
			n += len(c.NotReached)
		}
	}
	return n
}

// fitted breaks lines at spaces where they have more than width characters. 0: nowhere.
func fitted(text string, width int) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		for i, part := range timeline.Wrap(strings.TrimSuffix(line, "\n"), max(width-2, 20)) {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(part + "\n")
		}
	}
	return b.String()
}

// remarks are the lines below the table.
func remarks(r *Report) string {
	var b strings.Builder
	if s := r.courseSum(); s != "" {
		fmt.Fprintln(&b, s)
	}
	if operations, runs := r.Judged(); operations > 0 {
		fmt.Fprintf(&b, "linearizable: %s in the histories of %s\n", Plural(operations, "operation"), Plural(runs, "run"))
	}
	for _, c := range r.NotChecked() {
		fmt.Fprintf(&b, "not checked: %s (%s)\n", c.Text, inCases(c.Cases))
	}
	if r.notReached() > 0 {
		for _, c := range r.Cases {
			for _, s := range c.NotReached {
				fmt.Fprintf(&b, "not reached in %s: %q, which the case exists for\n", c.Case, s)
			}
		}
	}
	if n := len(r.Undecided()); n > 0 && r.Status != Unbuilt && r.Status != Broke {
		fmt.Fprintf(&b, "no verdict on %s: %s points of %d, and only a person can release more than %d (docs/results.md, No verdict)\n",
			Plural(n, "case"), points(r.Points, r.UpperPoints), r.MaxPoints, r.Points)
	}
	const most = 12
	warnings := r.Warnings()
	for i, c := range warnings {
		if i == most {
			fmt.Fprintf(&b, "and %d more warnings (--json has them all)\n", len(warnings)-most)
			break
		}
		fmt.Fprintf(&b, "warning: %s (%s)\n", strings.ReplaceAll(strings.TrimSpace(c.Text), "\n", "\n  "), inCases(c.Cases))
	}
	said := map[string]bool{} // a package below several services is compiled with each
	for _, build := range r.Builds {
		own := slices.DeleteFunc(slices.Clone(build.Warnings), func(w string) bool { return said[w] })
		for i, w := range own {
			said[w] = true
			if i == most {
				fmt.Fprintf(&b, "and %d more warnings about %s (--json has them all)\n", len(own)-most, build.Package)
				break
			}
			fmt.Fprintf(&b, "warning: %s\n", w)
		}
		for _, n := range build.Notes {
			fmt.Fprintf(&b, "note: %s\n", n)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

func inCases(cases []string) string {
	if len(cases) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(cases[:2], ", "), len(cases)-2)
	}
	return strings.Join(cases, ", ")
}

// round shows seconds to the precision that is of interest.
func round(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.1fs", s)
	}
	return fmt.Sprintf("%.2fs", s)
}
