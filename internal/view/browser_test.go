package view

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/browsing"
	"raftlab/internal/record"
)

// browser opens a page of the runs and waits until it is drawn.
func browser(t *testing.T, runs ...Run) *browsing.Page {
	t.Helper()
	return browserOf(t, 1400, runs...)
}

// browserOf is browser in a window of this width.
func browserOf(t *testing.T, width int, runs ...Run) *browsing.Page {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, Write(&page, runs...))
	file := filepath.Join(t.TempDir(), "run.html")
	require.NoError(t, os.WriteFile(file, page.Bytes(), 0o644))
	return browsing.Open(t, file, width, "window.raftlab?.diagrams.every(d => d.frames.length > 0)", time.Minute)
}

// press presses a key in the page.
const press = `(key => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })))`

// failedRun is a short run in which a peer votes twice.
func failedRun() Run {
	at := func(ms float64) time.Duration { return time.Duration(ms * 1e6) }
	var events []record.Event
	for p := range 3 {
		events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	ask := func(ms float64, from, to int, n uint64, granted bool) {
		args, reply := fmt.Sprintf("{Term:2 CandidateId:%d LastLogIndex:0 LastLogTerm:0}", from), fmt.Sprintf("{Term:2 VoteGranted:%t}", granted)
		for i, k := range []record.Kind{record.Sent, record.Delivered, record.Handled, record.Replied} {
			e := record.Event{Time: at(ms + float64(i)), Kind: k, Peer: from, Other: to, N: n, Method: "Raft.RequestVote", Term: 2, Detail: args}
			if i > 1 {
				e.Term, e.Detail = 0, reply
			}
			events = append(events, e)
		}
	}
	ask(100, 0, 2, 1, true)
	events = append(events, record.Event{Time: at(105), Kind: record.Note, Peer: record.None, Other: record.None,
		Text: `</script><img src=x onerror="console.log(1)">`})
	ask(110, 1, 0, 1, false)
	ask(120, 1, 2, 1, true)
	const message = "peer 2 voted in term 2 for peer 0, and then for peer 1"
	events = append(events, record.Event{Time: at(123), Kind: record.Violation, Peer: 2, Other: record.None, Text: "two votes in a term: " + message})
	return Run{Title: "2A/Made <up>, seed 1", Verdict: "two votes in a term", Failed: true, Message: message,
		Rule: "two votes in a term", Peers: []int{2}, Events: events,
		Prints: []Print{{Time: at(121.5), Peer: 2, Text: "<b>hello</b>"}}}
}

// TestPage opens a failed run: nothing on the console, the violation in view, its causes marked; a
// filter and keys work.
func TestPage(t *testing.T) {
	page := browser(t, failedRun())
	var ok bool
	page.Eval(`(() => { const d = raftlab.diagrams[0], y = d.y(d.run.violation);
		return d.chosen === d.run.violation && y > 40 && y < d.box.clientHeight; })()`, &ok)
	assert.True(t, ok, "the violation is not in view")

	var causes []string
	page.Eval(`[...document.querySelectorAll("#panel ol li")].map(e => e.textContent)`, &causes)
	assert.Contains(t, strings.Join(causes, "\n"), "2 answers 0 RequestVote: granted")
	assert.Contains(t, strings.Join(causes, "\n"), "2 answers 1 RequestVote: granted")

	var images int
	page.Eval(`document.images.length + document.querySelectorAll("#panel b").length - document.querySelectorAll(".logs b").length`, &images)
	assert.Zero(t, images, "text from outside has become HTML")

	var before, after int
	page.Eval(`raftlab.diagrams[0].axis.visible.length`, &before)
	page.Eval(`(() => { const f = document.getElementById("filter"); f.value = "peer:2 kind:votes";
		f.dispatchEvent(new Event("input")); return raftlab.diagrams[0].axis.visible.length; })()`, &after)
	assert.Equal(t, 5, after, "two requests arrive at peer 2, and it answers two; and the violation")
	assert.Less(t, after, before)

	var chosen []int
	page.Eval(`(() => { const d = raftlab.diagrams[0], was = d.chosen; `+press+`("k"); return [was, d.chosen]; })()`, &chosen)
	assert.Less(t, chosen[1], chosen[0], "k goes to an earlier event")
	var lines []string
	page.Eval(`(() => { const d = raftlab.diagrams[0]; d.choose(d.run.legs.from[0]);
		return [...document.querySelectorAll("#panel [data-scenario]")].map(b => b.dataset.scenario); })()`, &lines)
	assert.Equal(t, []string{"lose request 1 of 0->2", "hold request 1 of 0->2 for 300ms", "repeat request 1 of 0->2 after 100ms",
		"leave alone 1 of 0->2"}, lines)
	page.Eval(`(() => { `+press+`("?"); return document.getElementById("keys").open; })()`, &ok)
	assert.True(t, ok, "? shows the keys")
	assert.Empty(t, page.Console())
}

// TestKeyboard searches, goes on with n after Escape, follows a cause, and pastes a permalink, all
// with the keyboard.
func TestKeyboard(t *testing.T) {
	page := browser(t, failedRun())
	type standing struct {
		Chosen       int
		Found, Focus string
	}
	now := func() (s standing) {
		page.Eval(`({ chosen: raftlab.diagrams[0].chosen, found: document.getElementById("found").textContent, focus: document.activeElement.textContent })`, &s)
		return s
	}
	var ok bool
	page.Eval(`(() => { `+press+`("/"); return document.activeElement.id === "search"; })()`, &ok)
	require.True(t, ok, "/ goes to the search")
	page.Type("granted\r")
	first := now()
	assert.Equal(t, "1 of 6", first.Found)
	page.Type("\u001bn")
	second := now()
	assert.Equal(t, "2 of 6", second.Found, "Escape leaves the field, and n goes on")
	page.Type("N")
	assert.Equal(t, first.Chosen, now().Chosen)

	page.Type("p\t\r") // to the panel, to the first thing there that can be pressed
	page.Eval(`(() => { const li = document.querySelector("#panel li"); li.focus(); return true; })()`, &ok)
	page.Type("\r")
	var line int
	page.Eval(`Number(document.activeElement.dataset.line)`, &line)
	assert.Equal(t, now().Chosen, line, "Enter goes to the cause, which keeps the focus")

	// The page is about to write its own address when it is given another one, and is busy meanwhile.
	page.Eval(`(() => { `+press+`("k"); location.hash = "#line=4&filter=kind:votes";
		for (const until = performance.now() + 500; performance.now() < until;); return true; })()`, &ok)
	assert.True(t, page.Becomes(`Boolean(window.raftlab) && raftlab.diagrams[0].chosen === 4 && document.getElementById("filter").value === "kind:votes"`,
		20*time.Second), "another address in the same page")
	assert.Empty(t, page.Console())
}

// TestSideBySide: a run that did not fail is shown where the other one did.
func TestSideBySide(t *testing.T) {
	failed := failedRun()
	passed := Run{Title: "passes", Verdict: "pass", Events: slices.Clone(failed.Events[:len(failed.Events)-1])}
	passed.Events = append(passed.Events, record.Event{Time: time.Second, Kind: record.Note, Peer: record.None, Other: record.None, Text: "shutdown"})
	page := browser(t, failed, passed)
	var times []float64
	page.Eval(`(() => { `+press+`("v"); return raftlab.diagrams.map(d => d.run.time[d.chosen] / 1e6); })()`, &times)
	assert.InDelta(t, times[0], times[1], 5)
	assert.Empty(t, page.Console())
}

// TestNarrow: on a telephone nothing stands above the word at the left edge, what is said of a run can
// be read whole, and two runs stand one above the other.
func TestNarrow(t *testing.T) {
	run := failedRun()
	run.Message = strings.Repeat("a long story of what was seen; ", 12)
	for p := 3; p < 9; p++ {
		run.Events = slices.Insert(run.Events, p, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	page := browserOf(t, 390, run, run)
	type text struct {
		Text string
		X, Y float64
	}
	var drawn []text
	page.Eval(`(async () => {
		const all = [], was = CanvasRenderingContext2D.prototype.fillText;
		const d = raftlab.diagrams[0];
		CanvasRenderingContext2D.prototype.fillText = function (s, x, y) {
			if (this.canvas === d.canvas) all.push({ text: s, x, y });
			return was.call(this, s, x, y);
		};
		d.left = 130; d.choose(d.run.violation); d.repaint();
		await new Promise(done => setTimeout(done, 300));
		CanvasRenderingContext2D.prototype.fillText = was;
		return all; })()`, &drawn)
	var texts []string
	for _, s := range drawn {
		texts = append(texts, s.Text)
		if s.Y < 40 && s.X < 66 && !strings.Contains(s.Text, ".") { // times go on below the head
			assert.Equal(t, "seconds", s.Text)
		}
	}
	assert.Contains(t, texts, "seconds")
	assert.NotContains(t, texts, "0", "that lane is scrolled away")
	assert.Contains(t, texts, "8")

	var widths, heights []float64
	page.Eval(`raftlab.diagrams.map(d => d.box.clientWidth)`, &widths)
	page.Eval(`raftlab.diagrams.map(d => d.box.clientHeight)`, &heights)
	for i := range widths {
		assert.InDelta(t, 390, widths[i], 2)
		assert.Greater(t, heights[i], 80.0)
	}
	var cut bool
	page.Eval(`[...document.querySelectorAll("#verdicts p")].some(p => p.scrollHeight > p.clientHeight + 1)`, &cut)
	assert.False(t, cut, "the whole text is there, and scrolls with the rest")
	assert.Empty(t, page.Console())
}

// longRun is a run with many events, as a soak of a large cluster has them.
func longRun(n int) Run {
	var events []record.Event
	for p := range 5 {
		events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	for i := uint64(1); len(events) < n; i++ {
		to := 1 + int(i%4)
		now := time.Duration(i) * 300 * time.Microsecond
		args := fmt.Sprintf("{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[{Term:1 Command:%d}] LeaderCommit:%d}", i, i, i)
		for k, kind := range []record.Kind{record.Sent, record.Delivered, record.Handled, record.Replied} {
			e := record.Event{Time: now + time.Duration(k)*time.Microsecond*60, Kind: kind, Peer: 0, Other: to, N: i, Method: "Raft.AppendEntries", Term: 1, Detail: args}
			if k > 1 {
				e.Detail = "{Term:1 Success:true}"
			}
			events = append(events, e)
		}
	}
	return Run{Title: "long", Verdict: "pass", Events: events[:n]}
}

// TestLongRun opens 100,000 events, and scrolls through them.
func TestLongRun(t *testing.T) {
	const n = 100_000
	var page bytes.Buffer
	require.NoError(t, Write(&page, longRun(n)))
	assert.Less(t, page.Len(), 20<<20)
	opened := browser(t, longRun(n))
	var shown int
	opened.Eval(`raftlab.diagrams[0].axis.visible.length`, &shown)
	assert.Equal(t, n, shown)
	// Each zoom draws no more than what is in view; how long it took is told, and asserted nowhere.
	var frames []float64
	opened.Eval(`(async () => {
		const d = raftlab.diagrams[0];
		d.frames.length = 0;
		for (const zoom of ["near", "far"]) {
			if (zoom === "far") d.fit(); else d.center(0);
			for (let i = 0; i < 25; i++) {
				if (zoom === "far") d.zoom(1.05); else d.scroll(700 + i * 997);
				await new Promise(done => requestAnimationFrame(done));
			}
		}
		const sorted = [...d.frames].sort((a, b) => a - b);
		return [raftlab.ready, sorted[Math.floor(sorted.length * 0.5)], sorted[Math.floor(sorted.length * 0.95)], sorted.length];
	})()`, &frames)
	t.Logf("open after %.0f ms; %d bytes; drawing a frame: median %.1f ms, 95th percentile %.1f ms, of %.0f frames", frames[0], page.Len(), frames[1], frames[2], frames[3])
	assert.Greater(t, frames[3], 25.0, "the diagram was drawn again while it was scrolled")
	assert.Empty(t, opened.Console())
}
