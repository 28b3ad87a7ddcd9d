// Package view writes a run as one page of HTML that needs nothing else: a space-time diagram with
// a lane for each peer and client, the state of the peers at the cursor, and what the clients saw.
//
//	events ----> internal/timeline: a line for each      ----+
//	       ----> internal/deduce: calls, states, weights ----+--> columns (columns.go) --> JSON in the page
//	prints, verdict, history --------------------------------+
//
// What can be found out in Go is found out here, where it is tested; the page draws, and answers
// keys. Its modules stand in page/, small and without a tool chain: [Write] puts them into one
// script (bundle.go). docs/view.md tells users what they see.
package view

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	_ "embed"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// Run is what is known about one run.
type Run struct {
	Title    string // "2A/ReElection, seed 2"
	Code     string // whose code it is, if there is more than one
	Verdict  string // in one line
	Failed   bool   //
	Message  string // what was observed, in a few lines
	Checks   string // what the case checks, in one sentence
	Replay   string // the command that runs it again
	Rule     string // that was broken
	Peers    []int  // that the verdict is about
	Events   []record.Event
	Prints   []Print
	History  *History
	Warnings []string
	// Where turns the places of an event (record.Event.Where) into what the reader calls them; nil
	// leaves them as they are.
	Where func(where string) string
}

// Print is a line that the code under test printed.
type Print struct {
	Time time.Duration
	Peer int // record.None if nobody knows whose it is
	Text string
}

// History is porcupine's judgement on the operations of clients.
type History struct {
	Result string
	Key    string // that is not linearizable
	Why    string
	Call   int   // the event with which the first operation began that cannot be explained, or -1
	Order  []int // the longest order of operations on Key that explains answers, as events with which they began
}

//go:embed page/page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Write writes the page for one run, or for two to compare.
func Write(w io.Writer, runs ...Run) error {
	data := document{Classes: timeline.Classes}
	for _, r := range runs {
		data.Runs = append(data.Runs, encode(r))
	}
	if len(runs) == 2 {
		data.Differ = differ(data.Runs[0], data.Runs[1])
	}
	encoded, err := json.Marshal(data) // which escapes <, > and &, so that no text can end the script
	if err != nil {
		return fmt.Errorf("writing the events of the page: %w", err)
	}
	script, err := bundle()
	if err != nil {
		return err
	}
	style, err := files.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"Title":  plain.Line(runs[0].Title, plain.MaxName),
		"Style":  template.CSS(style),
		"Script": template.JS(script),
		"Data":   template.JS(encoded),
	})
}

// document is what the page gets.
type document struct {
	Classes []timeline.Class `json:"classes"`
	Runs    []encoded        `json:"runs"`
	Differ  []int            `json:"differ,omitempty"` // the first lines of the two runs that are not the same
}

// WithPrints puts what was printed between the events, after those of the same time. It returns
// where each event stands now.
func WithPrints(events []record.Event, prints []Print) (all []record.Event, moved []int) {
	moved = make([]int, len(events))
	next := 0
	put := func(until time.Duration) {
		for ; next < len(prints) && prints[next].Time < until; next++ {
			p := prints[next]
			all = append(all, record.Event{Time: p.Time, Kind: timeline.KindPrint, Peer: p.Peer, Other: record.None, Text: p.Text})
		}
	}
	for at, e := range events {
		put(e.Time)
		moved[at] = len(all)
		all = append(all, e)
	}
	put(1<<63 - 1)
	return all, moved
}

// subject is what the verdict is about.
func (r Run) subject() deduce.Subject {
	if r.Rule == "" {
		return deduce.SubjectIn(r.Events)
	}
	return deduce.SubjectOf(r.Rule, r.Message, r.Peers)
}

// lanes are the peers and clients that a diagram has a lane for.
func lanes(events []record.Event) []lane {
	groups := map[int]string{}
	for _, e := range events {
		if e.Kind == record.Start && e.Text != "" {
			groups[e.Peer] = plain.Line(e.Text, plain.MaxName)
		}
	}
	var all []lane
	for _, p := range timeline.Peers(events) {
		l := lane{Peer: p, Name: "peer " + timeline.Name(p), Short: timeline.Name(p), Group: groups[p]}
		if p >= record.FirstClient {
			l.Name = "client " + strings.TrimPrefix(timeline.Name(p), "c")
		}
		all = append(all, l)
	}
	return all
}

// differ finds the first lines that two runs do not share: their positions in each.
func differ(a, b encoded) []int {
	at := 0
	for at < len(a.Lines.Time) && at < len(b.Lines.Time) && a.same(b, at) {
		at++
	}
	return []int{at, at}
}

func (e encoded) same(o encoded, at int) bool {
	l, k := e.Lines, o.Lines
	return l.Time[at] == k.Time[at] && l.Lane[at] == k.Lane[at] &&
		e.Texts[l.Text[at]] == o.Texts[k.Text[at]] && e.Texts[l.Detail[at]] == o.Texts[k.Detail[at]]
}

// indexOf is the position of a peer's lane, or -1.
func indexOf(all []lane, peer int) int {
	return slices.IndexFunc(all, func(l lane) bool { return l.Peer == peer })
}
