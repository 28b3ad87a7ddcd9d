package mutation

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"raftlab/internal/suite"
)

// WriteTable writes a line per subject, the sums, and what a reader should look at. Where lines may
// have no more than width characters, columns that say least are left out; 0 is no limit.
func WriteTable(w io.Writer, r *Report, width int) error {
	var out strings.Builder
	out.WriteString(overview(r, width) + "\n")
	if r.Matrix {
		out.WriteString("\n" + matrix(r) + "\n")
	}
	out.WriteString(remarks(r))
	_, err := io.WriteString(w, out.String())
	return err
}

func newTable() table.Writer { return suite.NewTable(columns...) }

// columns are those of a table that are not as others.
var columns = []table.ColumnConfig{
	{Name: "seed", Align: text.AlignRight},
	{Name: "runs", Align: text.AlignRight, AlignFooter: text.AlignRight},
	{Name: "CPU", Align: text.AlignRight, AlignFooter: text.AlignRight},
}

// overview says for each subject what became of it, and by which run: of a mutant's deaths the one
// with the lowest seed.
func overview(r *Report, width int) string {
	t := newTable()
	t.AppendHeader(table.Row{"peer", "status", "by case", "seed", "because of", "runs", "CPU"})
	runs, cpu := 0, 0.0
	for _, o := range r.Subjects {
		row := table.Row{o.Name, string(o.Status), "", "", "", o.Runs, seconds(o.CPU)}
		if d, ok := first(o); ok {
			row[2], row[3], row[4] = d.Case, d.Seed, d.Reason()
		}
		if o.Runner != "engine" {
			row[1] = fmt.Sprintf("%s (%s)", o.Status, o.Runner)
		}
		t.AppendRow(row)
		runs, cpu = runs+o.Runs, cpu+o.CPU
	}
	t.AppendFooter(table.Row{suite.Plural(len(r.Subjects), "peer"), sums(r), "", "", "", runs, seconds(cpu)})
	return suite.Fit(t, width, columns, "peer", "CPU", "runs", "seed", "because of")
}

// first is the death with the lowest seed, the earliest to happen among equals.
func first(o Outcome) (Death, bool) {
	if len(o.Kills) == 0 {
		return Death{}, false
	}
	return slices.MinFunc(o.Kills, func(a, b Death) int { return int(a.Seed) - int(b.Seed) }), true
}

func sums(r *Report) string {
	var parts []string
	for _, s := range []Status{Killed, Survived, Passed, Failed, Undecided, Unfinished} {
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.1fs", s)
	}
	return fmt.Sprintf("%.0fs", s)
}

// matrix lists for each peer the cases that kill it, with the first seed at which they do.
func matrix(r *Report) string {
	t := newTable()
	t.AppendHeader(table.Row{"peer", "cases", "killed by (case@first seed)"})
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, WidthMax: 100, WidthMaxEnforcer: text.WrapSoft}})
	for _, o := range r.Subjects {
		var by []string
		for _, d := range o.Kills {
			by = append(by, fmt.Sprintf("%s@%d", d.Case, d.Seed))
		}
		slices.Sort(by)
		t.AppendRow(table.Row{o.Name, len(o.Kills), strings.Join(by, " ")})
	}
	return t.Render()
}

// remarks are the lines below the table.
func remarks(r *Report) string {
	var b strings.Builder
	for _, o := range r.Subjects {
		switch o.Status {
		case Survived:
			fmt.Fprintf(&b, "survived: %s (%s)%s\n", o.Name, o.About, otherDeaths(o))
		case Failed:
			for _, d := range o.Kills[:min(len(o.Kills), 3)] {
				fmt.Fprintf(&b, "failed: %s (%s): %s seed %d: %s: %s\n", o.Name, o.About, d.Case, d.Seed, d.Reason(), oneLine(d.Message))
			}
		case Undecided:
			d := o.Troubles[0]
			fmt.Fprintf(&b, "no judgement: %s: %s seed %d: %s: %s\n", o.Name, d.Case, d.Seed, d.Outcome, oneLine(d.Message))
		}
	}
	if r.Matrix && r.Count(Killed) > 0 {
		fmt.Fprintf(&b, "killed by no more than 3 cases: %d of %s\n", r.FewKillers(3), suite.Plural(len(r.Subjects), "mutant"))
	}
	for _, n := range r.Notes {
		fmt.Fprintln(&b, "note:", n)
	}
	return b.String()
}

// otherDeaths says what a surviving mutant died of instead.
func otherDeaths(o Outcome) string {
	if len(o.Others) == 0 {
		return ""
	}
	var all []string
	for _, d := range o.Others {
		text := fmt.Sprintf("%q in %s", d.Reason(), d.Case)
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return "; it died of something else: " + strings.Join(all[:min(len(all), 5)], ", ")
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + ".."
	}
	return s
}
