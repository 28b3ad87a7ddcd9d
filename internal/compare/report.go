package compare

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/plain"
	"raftlab/internal/suite"
)

// Schema is the version of the JSON form.
const Schema = 3

// Report is what an experiment has found.
type Report struct {
	Schema     int                  `json:"schema"`
	Experiment string               `json:"experiment"`
	Question   string               `json:"question"`
	Setup      string               `json:"setup"`
	Hypothesis string               `json:"hypothesis"`
	Source     string               `json:"source"`
	LeftOut    string               `json:"leftOut"`
	Settings   []experiment.Setting `json:"settings"`        // those of the first point, if one is swept
	Swept      string               `json:"swept,omitempty"` // the setting that is
	Command    string               `json:"command"`         // that repeats it
	Seeds      []uint64             `json:"seeds"`
	Metrics    []experiment.Metric  `json:"metrics"`
	Rows       []Row                `json:"rows"`
	Findings   []Finding            `json:"findings"`
}

// Row is a variant on a kind of peer.
type Row struct {
	Variant string   `json:"variant"`
	Scene   string   `json:"scene,omitempty"`
	Peer    string   `json:"peer"`
	Against string   `json:"against,omitempty"` // the variant that this one is measured against
	At      string   `json:"at,omitempty"`      // the value of the setting that is swept
	Point   float64  `json:"point,omitempty"`   // the same in nanoseconds, bytes, or as it is
	Values  []Spread `json:"values"`            // in the order of the report's metrics
	Hashes  []string `json:"hashes"`            // of the trials, in the order of the seeds: equal numbers are the same run
}

// Spread sums up one metric over the seeds. If there is no number for one of them there is none
// here.
type Spread struct {
	Median float64   `json:"median"`
	Least  float64   `json:"least"`
	Most   float64   `json:"most"`
	All    []float64 `json:"all"` // in the order of the seeds; null if there are no numbers

	Short string `json:"short,omitempty"` // what to say instead of a number
	Why   string `json:"why,omitempty"`
}

// newReport is a report without rows.
func newReport(x experiment.Experiment, sweep experiment.Sweep, o Options) (*Report, error) {
	settings, err := x.With(sweep.Points[0].Set)
	if err != nil {
		return nil, err
	}
	return &Report{Schema: Schema, Experiment: x.Name, Question: x.Question, Setup: x.Setup, Hypothesis: x.Hypothesis,
		Source: x.Source, LeftOut: x.LeftOut, Settings: settings, Swept: sweep.Setting, Command: command(x, o), Seeds: o.Seeds, Metrics: x.Metrics, Rows: []Row{}}, nil
}

// command repeats the experiment.
func command(x experiment.Experiment, o Options) string {
	words := []string{"raftlab compare", x.Name, "--seeds", suite.FormatSeeds(o.Seeds)}
	if o.Settings != "" {
		words = append(words, "--set", o.Settings)
	}
	for _, s := range o.Subjects {
		if s.Untested {
			words = append(words, "--impl", cmp.Or(s.Given, s.Name))
			break
		}
	}
	return strings.Join(words, " ")
}

// sum sums up what trials have measured of one metric.
func sum(trials []*trial, metric string) Spread {
	var values []float64
	for _, t := range trials {
		m := t.values[metric]
		if m.Short != "" {
			return Spread{Short: m.Short, Why: m.Why}
		}
		values = append(values, m.Value)
	}
	return spreadOf(values)
}

// spreadOf needs at least one value.
func spreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Least: sorted[0], Most: sorted[n-1], All: values}
}

// add makes rows of trials, which come variant by variant for each subject: the rows have the
// subjects side by side.
func (r *Report) add(x experiment.Experiment, trials []*trial) {
	var rows []Row
	for group := range slices.Chunk(trials, len(r.Seeds)) {
		first := group[0]
		row := Row{Variant: first.variant.Name, Scene: first.variant.Scene, Peer: first.subject,
			Against: x.BaselineOf(first.variant), At: first.point.Label, Point: first.point.Value}
		for _, m := range x.Metrics {
			row.Values = append(row.Values, sum(group, m.Name))
		}
		for _, t := range group {
			row.Hashes = append(row.Hashes, t.hash)
		}
		rows = append(rows, row)
	}
	for _, v := range x.Variants {
		for _, row := range rows {
			if row.Variant == v.Name {
				r.Rows = append(r.Rows, row)
			}
		}
	}
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteCSV writes a line for each variant, peer, point and metric, for spreadsheets and plots of
// one's own.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"experiment", "scene", "variant", "peer", "swept", "at", "metric", "unit", "median", "least", "most", "instead"})
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, row := range r.Rows {
		for i, v := range row.Values {
			line := []string{r.Experiment, row.Scene, row.Variant, plain.Cell(row.Peer), r.Swept, row.At, r.Metrics[i].Name, r.Metrics[i].Unit}
			if v.Short != "" {
				line = append(line, "", "", "", plain.Cell(v.Short))
			} else {
				line = append(line, text(v.Median), text(v.Least), text(v.Most), "")
			}
			c.Write(line)
		}
	}
	c.Flush()
	return c.Error()
}

// WriteMarkdown writes the report for people. A cell is the median, and where the seeds differ the
// least and the most.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n%s\n\n", r.Experiment, r.Question, r.Setup)
	fmt.Fprintf(&b, "*Expected*: %s\n\n*Source*: %s\n\n*Left out*: %s\n\n", r.Hypothesis, r.Source, r.LeftOut)
	fmt.Fprintf(&b, "%s; %s; median, in brackets least and most.\n\n", r.settings(), suite.Plural(len(r.Seeds), "seed"))
	for i, row := range r.Rows {
		if i == 0 || row.Scene != r.Rows[i-1].Scene {
			r.writeHeader(&b, row.Scene)
		}
		fmt.Fprintf(&b, "| %s | %s |", row.Variant, row.Peer)
		if r.Swept != "" {
			b.WriteString(" " + row.At + " |")
		}
		for _, v := range row.Values {
			b.WriteString(" " + v.cell() + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, m := range r.Metrics {
		fmt.Fprintf(&b, "- *%s*: %s\n", m.Name, m.Meaning)
	}
	for _, g := range r.gaps() {
		fmt.Fprintf(&b, "- *%s* (%s): %s\n", g.short, strings.Join(g.peers, ", "), g.why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeHeader begins a table. Each scene has one of its own.
func (r *Report) writeHeader(b *strings.Builder, scene string) {
	if len(r.Rows) > 0 && r.Rows[0].Scene != scene {
		b.WriteString("\n")
	}
	b.WriteString("| variant | peer |")
	rule := "\n|---|---|"
	if r.Swept != "" {
		b.WriteString(" " + r.Swept + " |")
		rule += "---:|"
	}
	for _, m := range r.Metrics {
		b.WriteString(" " + m.Name)
		if m.Unit != "" {
			b.WriteString(", " + m.Unit)
		}
		b.WriteString(" |")
	}
	b.WriteString(rule + strings.Repeat("---:|", len(r.Metrics)) + "\n")
}

// settings are those of the experiment, in one line.
func (r *Report) settings() string {
	var set []string
	for _, s := range r.Settings {
		if s.Name == r.Swept {
			s.Default = "(swept)"
		}
		set = append(set, s.Name+"="+s.Default)
	}
	return strings.Join(set, " ")
}

// gap says why there is no number where there is none, and on which peers.
type gap struct {
	short, why string
	peers      []string
}

func (r *Report) gaps() (gaps []gap) {
	for _, row := range r.Rows {
		for _, v := range row.Values {
			if v.Short == "" {
				continue
			}
			at := slices.IndexFunc(gaps, func(g gap) bool { return g.short == v.Short && g.why == v.Why })
			if at < 0 {
				at = len(gaps)
				gaps = append(gaps, gap{short: v.Short, why: v.Why})
			}
			if g := &gaps[at]; !slices.Contains(g.peers, row.Peer) {
				g.peers = append(g.peers, row.Peer)
			}
		}
	}
	return gaps
}

func (s Spread) cell() string {
	if s.Short != "" {
		return s.Short
	}
	return strings.TrimSpace(number(s.Median) + " " + s.span())
}

// span is the least and the most in brackets, where the seeds differ.
func (s Spread) span() string {
	if number(s.Least) == number(s.Most) {
		return ""
	}
	return fmt.Sprintf("(%s-%s)", number(s.Least), number(s.Most))
}

// number writes three digits or all before the point, and two of what is below 1.
func number(v float64) string {
	switch {
	case v == float64(int64(v)):
		return strconv.FormatInt(int64(v), 10)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 1:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}
