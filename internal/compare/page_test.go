package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/browsing"
	"raftlab/internal/compare/experiment"
)

// made is a report of an experiment with two variants on two peers, with a swept setting if there
// are several points.
func made(name string, points ...string) *Report {
	x := experiment.Experiment{Name: name, Question: "What <does> it cost?", Baseline: "none", Setup: "Two peers.", LeftOut: "Loss.",
		Variants: []experiment.Variant{{Name: "calm-none", Scene: "calm"}, {Name: "calm-some", Scene: "calm"}},
		Metrics:  []experiment.Metric{{Name: "wait", Unit: "ms", Meaning: "how long", Better: experiment.Less, Plot: true}, {Name: "commits", Better: experiment.More}}}
	r := &Report{Experiment: name, Question: x.Question, Setup: x.Setup, LeftOut: x.LeftOut, Command: "raftlab compare " + name, Seeds: []uint64{1, 2}, Metrics: x.Metrics}
	if len(points) > 1 {
		r.Swept = "rtt"
	}
	var trials []*trial
	for s, subject := range []string{"reference", "etcdraft"} {
		for v, variant := range x.Variants {
			for p, point := range points {
				for seed := range 2 {
					trials = append(trials, &trial{subject: subject, experiment: x, variant: variant,
						point:  experiment.Point{Label: point, Value: float64(p + 1)},
						values: values("wait", 100*(v+1)+10*s+seed+p, "commits", 50-40*v)})
				}
			}
		}
	}
	r.add(x, trials)
	r.Findings = r.findings()
	return r
}

// A variant that is slower costs; what is the same on all seeds, within a spread or without a
// direction is not told.
func TestFindings(t *testing.T) {
	var texts []string
	for _, f := range made("x", "").Findings {
		texts = append(texts, f.Variant+" on "+f.Peer+" against "+f.Against+": +"+strings.Join(f.Buys, "; ")+" -"+strings.Join(f.Costs, "; "))
	}
	require.Equal(t, []string{
		"calm-none on etcdraft against calm-none on reference: + -wait 100 → 110 ms",
		"calm-some on reference against calm-none: + -wait 100 → 200 ms; commits 50 → 10",
		"calm-some on etcdraft against calm-none: + -wait 110 → 210 ms; commits 50 → 10",
	}, texts)
	overlap := func(before, after Spread, better experiment.Better) string {
		text, _ := difference(experiment.Metric{Name: "m", Better: better}, before, after)
		return text
	}
	require.Empty(t, overlap(spreadOf([]float64{1, 5}), spreadOf([]float64{5, 9}), experiment.Less))
	require.Empty(t, overlap(spreadOf([]float64{100}), spreadOf([]float64{104}), experiment.Less))
	require.Empty(t, overlap(spreadOf([]float64{100}), spreadOf([]float64{200}), ""))
	require.Empty(t, overlap(Spread{Short: "no lease"}, spreadOf([]float64{1}), experiment.Less))
	require.Equal(t, "m 0 → 1", overlap(spreadOf([]float64{0}), spreadOf([]float64{1}), experiment.Less))
}

// A peer without the variant that others are measured against is compared with the first peer, in
// a row of its own; one with nothing to compare has no column.
func TestPeersWithoutBaseline(t *testing.T) {
	r := made("x", "")
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Peer == "etcdraft" && row.Variant == "calm-none" })
	r.Findings = r.findings()
	s := sectionOf(r)
	require.Equal(t, []string{"calm some on etcdraft"}, s.Same)
	require.Equal(t, []string{"reference"}, s.Peers)

	r.row("calm-some", "etcdraft", "").Values[0] = spreadOf([]float64{300})
	r.Findings = r.findings()
	s = sectionOf(r)
	require.Equal(t, []string{"reference", "etcdraft"}, s.Peers)
	require.Len(t, s.Summary, 2)
	require.Equal(t, "reference", s.Summary[1].Against)
	require.Equal(t, []gainCell{{}, {"etcdraft", []string{}, []string{"wait 200 → 300 ms"}}}, s.Summary[1].Cells)

	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Peer == "reference" && row.Variant == "calm-some" })
	r.Findings = r.findings()
	require.Empty(t, sectionOf(r).Summary, "nobody has two rows of the same")
}

// Variants that change nothing are listed below the table, and not in it.
func TestSummary(t *testing.T) {
	r := made("x", "")
	before := len(sectionOf(r).Summary)
	r.Findings = append(r.Findings, Finding{Variant: "calm-idle", Against: "calm-none", Peer: "reference", Scene: "calm"})
	s := sectionOf(r)
	require.Equal(t, []string{"calm idle"}, s.Same)
	require.Len(t, s.Summary, before)
	require.NotEmpty(t, s.Summary)
}

// TestPage opens a page with an experiment and with a sweep, on a wide screen and on a telephone.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WritePage(&b, []*Report{made("one", ""), made("two", "1ms", "10ms", "100ms")}))
	require.NotRegexp(t, `(src|href)="https?:`, b.String())
	require.Contains(t, b.String(), "<b>Left out.</b> Loss.")
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
	for _, width := range []int{1400, 390} {
		p := browsing.Open(t, file, width, `document.querySelectorAll("figure.plot svg").length > 0`, time.Minute)
		var found struct{ Plots, Marks, Lines, Repeats, Overflow int }
		p.Eval(`({Plots: document.querySelectorAll("figure.plot").length, Marks: document.querySelectorAll("figure.plot [aria-label=dot] path").length,
			Lines: document.querySelectorAll("figure.plot [aria-label=line] path").length,
			Repeats: [...document.querySelectorAll("figure.plot .repeat")].filter(p => /^raftlab compare (one|two)$/.test(p.innerText)).length,
			Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth})`, &found)
		assert.Equal(t, 2, found.Plots)
		assert.Equal(t, 4+12, found.Marks, "a mark for each row of a table")
		assert.Equal(t, 4, found.Lines)
		assert.Equal(t, 2, found.Repeats, "a figure says which command repeats it")
		assert.Zero(t, found.Overflow, "the page scrolls sideways at %d pixels", width)
		assertTells(t, p)
		assert.Empty(t, p.Console())
	}
}

// assertTells points at the first mark of each figure, which then says whose it is.
func assertTells(t *testing.T, p *browsing.Page) {
	var told []string
	p.Eval(`Promise.all([...document.querySelectorAll("figure.plot")].map(async figure => {
		const mark = figure.querySelector("[aria-label=dot] path"), svg = mark.closest("svg"), r = mark.getBoundingClientRect();
		for (const kind of ["pointerenter", "pointermove"])
			svg.dispatchEvent(new PointerEvent(kind, {clientX: r.x + r.width / 2, clientY: r.y + r.height / 2, bubbles: true, pointerType: "mouse"}));
		await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
		return svg.querySelector("[aria-label=tip]").textContent;
	}))`, &told)
	for i, want := range []string{"none.*reference: 10", "none, 1ms.*reference: 10"} {
		assert.Regexp(t, want, told[i])
	}
}
