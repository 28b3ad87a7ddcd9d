package compare

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	_ "embed"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/plots"
)

//go:embed page/page.html
var pageText string

//go:embed page/style.css
var pageStyle string

//go:embed page/page.js
var pageScript string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"text": markedUp}).Parse(pageText))

// markedUp is a text with `code` and *emphasis*, as experiments write them, for the page.
func markedUp(s string) template.HTML {
	s = codeMarks.ReplaceAllString(template.HTMLEscapeString(s), "<code>$1</code>")
	return template.HTML(emphasisMarks.ReplaceAllString(s, "<i>$1</i>"))
}

var (
	codeMarks     = regexp.MustCompile("`([^`]+)`")
	emphasisMarks = regexp.MustCompile(`\*([^*]+)\*`)
)

// WritePage writes reports as one page for the browser that needs nothing else: a summary, then
// plots and tables of each.
func WritePage(w io.Writer, reports []*Report) error {
	data, err := json.Marshal(reports) // which escapes <, > and &, so that no text can end the script
	if err != nil {
		return fmt.Errorf("writing the numbers of the page: %w", err)
	}
	var sections []section
	for _, r := range reports {
		sections = append(sections, sectionOf(r))
	}
	return page.Execute(w, map[string]any{
		"Title":   title(reports),
		"Reports": sections,
		"Matrix":  experiment.Matrix(),
		"LeftOut": experiment.LeftOut(),
		"Style":   template.CSS(plots.Style + pageStyle),
		"Plots":   template.JS(plots.Script()),
		"Script":  template.JS(pageScript),
		"Data":    template.JS(data),
	})
}

func title(reports []*Report) string {
	if n := len(reports); n > 4 {
		return fmt.Sprintf("raftlab compare: %d experiments", n)
	}
	var names []string
	for _, r := range reports {
		names = append(names, r.Experiment)
	}
	return "raftlab compare: " + strings.Join(names, ", ")
}

// section is a report as the page has it.
type section struct {
	*Report
	SetupText string
	Picture   string
	Line      string // of the settings
	Scenes    []scene
	Explained []string

	Peers   []string
	Split   bool // the summary has workloads
	Summary []gain
	Same    []string // variants that differ from what they are measured against in nothing, on no peer
}

// gain is what a variant buys and costs, each peer in its cell.
type gain struct {
	Workload, Variant, Against string
	Cells                      []gainCell
}

type gainCell struct {
	Peer        string // empty where there is nothing to compare
	Buys, Costs []string
}

// summary puts the findings about a variant side by side, peer by peer.
func (s *section) summary() {
	for _, row := range s.Rows {
		if !slices.Contains(s.Peers, row.Peer) {
			s.Peers = append(s.Peers, row.Peer)
		}
	}
	for _, f := range s.Findings {
		workload := strings.TrimSpace(f.Scene + " " + f.At)
		if f.At != "" {
			workload = strings.TrimSpace(f.Scene + " " + s.Swept + "=" + f.At)
		}
		variant, against := withoutScene(f.Variant, f.Scene), withoutScene(f.Against, f.Scene)
		if f.rival != "" {
			against = f.rival
		}
		n := len(s.Summary)
		if n == 0 || s.Summary[n-1].Variant != variant || s.Summary[n-1].Workload != workload || s.Summary[n-1].Against != against {
			s.Summary = append(s.Summary, gain{workload, variant, against, make([]gainCell, len(s.Peers))})
			n++
		}
		s.Summary[n-1].Cells[slices.Index(s.Peers, f.Peer)] = gainCell{f.Peer, f.Buys, f.Costs}
		s.Split = s.Split || workload != ""
	}
	s.Summary = slices.DeleteFunc(s.Summary, func(g gain) bool {
		if slices.ContainsFunc(g.Cells, func(c gainCell) bool { return len(c.Buys)+len(c.Costs) > 0 }) {
			return false
		}
		same := strings.TrimSpace(g.Workload + " " + g.Variant)
		if slices.Contains(s.Peers, g.Against) { // a peer against a peer
			at := slices.IndexFunc(g.Cells, func(c gainCell) bool { return c.Peer != "" })
			same += " on " + g.Cells[at].Peer
		}
		s.Same = append(s.Same, same)
		return true
	})
	for i := len(s.Peers) - 1; i >= 0; i-- {
		if !slices.ContainsFunc(s.Summary, func(g gain) bool { return g.Cells[i].Peer != "" }) {
			s.withoutPeer(i)
		}
	}
}

// withoutPeer leaves out a peer that has nothing to be compared with.
func (s *section) withoutPeer(i int) {
	s.Peers = slices.Delete(s.Peers, i, i+1)
	for n := range s.Summary {
		s.Summary[n].Cells = slices.Delete(s.Summary[n].Cells, i, i+1)
	}
}

func withoutScene(variant, scene string) string {
	if scene == "" {
		return variant
	}
	return strings.TrimPrefix(variant, scene+"-")
}

// scene is a table with its plots.
type scene struct {
	Name  string
	Plots []figure
	Rows  []line
}

// figure is a plot of a metric.
type figure struct {
	Scene   string
	Metric  int // its position
	Caption string
}

type line struct {
	Row
	Cells []cell
}

type cell struct{ Text, Spread, Why string }

func sectionOf(r *Report) section {
	s := section{Report: r, Line: r.settings()}
	s.SetupText, s.Picture, _ = strings.Cut(r.Setup, "\n\n    ")
	if s.Picture != "" { // the lines of a picture are indented, as in Markdown; what follows them is text again
		picture, text, _ := strings.Cut(s.Picture, "\n\n")
		s.Picture = "    " + picture
		s.SetupText += " " + text
	}
	for _, row := range r.Rows {
		at := slices.IndexFunc(s.Scenes, func(of scene) bool { return of.Name == row.Scene })
		if at < 0 {
			at = len(s.Scenes)
			s.Scenes = append(s.Scenes, r.sceneOf(row.Scene))
		}
		l := line{Row: row}
		for _, v := range row.Values {
			l.Cells = append(l.Cells, cellOf(v))
		}
		s.Scenes[at].Rows = append(s.Scenes[at].Rows, l)
	}
	s.summary()
	for _, g := range r.gaps() {
		s.Explained = append(s.Explained, fmt.Sprintf("%s (%s): %s", g.short, strings.Join(g.peers, ", "), g.why))
	}
	return s
}

func (r *Report) sceneOf(name string) scene {
	s := scene{Name: name}
	for i, m := range r.Metrics {
		if !m.Plot {
			continue
		}
		f := figure{Scene: name, Metric: i, Caption: m.Name + ": " + m.Meaning}
		switch m.Better {
		case experiment.Less:
			f.Caption += " (less is better)"
		case experiment.More:
			f.Caption += " (more is better)"
		}
		s.Plots = append(s.Plots, f)
	}
	return s
}

func cellOf(v Spread) cell {
	if v.Short != "" {
		return cell{Text: v.Short, Why: v.Why}
	}
	return cell{Text: number(v.Median), Spread: v.span()}
}
