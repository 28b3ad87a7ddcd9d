package view

import (
	"slices"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/timeline"
)

// encoded is a run as the page reads it. Lines, legs and changes are columns, because a hundred
// thousand objects would be ten times as large and slow; texts are numbers of a common table,
// because few are unlike each other.
type encoded struct {
	Title    string   `json:"title"`
	Code     string   `json:"code,omitempty"`
	Verdict  string   `json:"verdict"`
	Failed   bool     `json:"failed"`
	Message  []string `json:"message,omitempty"`
	Checks   string   `json:"checks,omitempty"`
	Replay   string   `json:"replay,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Lanes    []lane   `json:"lanes"`
	Accused  []int    `json:"accused,omitempty"` // lanes
	Focus    *int     `json:"focus,omitempty"`   // the line at which it opens, if that is not the violation
	Texts    []string `json:"texts"`
	Lines    lines    `json:"lines"`
	Legs     legs     `json:"legs"`
	Changes  changes  `json:"changes"`
	History  *history `json:"history,omitempty"`
}

type lane struct {
	Peer  int    `json:"peer"`
	Name  string `json:"name"`
	Short string `json:"short"`
	Group string `json:"group,omitempty"`
}

// lines has a line in each row of its columns.
type lines struct {
	Time   []int64 `json:"time"` // nanoseconds since the line before
	Lane   []int   `json:"lane"` // -1 for across all
	Class  []int   `json:"class"`
	Text   []int   `json:"text"`
	Detail []int   `json:"detail"`
	Weight []int   `json:"weight"`
	Term   []int   `json:"term"`
	Low    []int   `json:"low"`
	High   []int   `json:"high"`
	Key    []int   `json:"key"`    // a text
	Number []int   `json:"number"` // of the call on its way, of a message
	Fault  []int   `json:"fault"`  // a text: the key by which a scenario calls it
	Where  []int   `json:"where"`  // a text: the place in the code that a message comes from
}

// fates are the fates by their numbers in the page.
var fates = []deduce.Fate{deduce.Arrives, deduce.Late, deduce.Lost, deduce.Refused, deduce.Duplicate, deduce.Underway}

// legs has the way of a message in each row: from one line to another, or to the lane of Target if
// it does not arrive.
type legs struct {
	From   []int         `json:"from"`
	To     []int         `json:"to"` // -1: under way at the end
	Target []int         `json:"target"`
	Fate   []int         `json:"fate"`
	Reply  []int         `json:"reply"`
	Fates  []deduce.Fate `json:"fates"`
}

// changes has in each row what a line tells about the state of a lane.
type changes struct {
	At    []int         `json:"at"`
	Lane  []int         `json:"lane"`
	What  []int         `json:"what"`
	Index []int         `json:"index"`
	Term  []int         `json:"term"`
	Text  []int         `json:"text"`
	Whats []deduce.What `json:"whats"` // by the numbers in What
}

// history is the judgement on what clients saw, with lines instead of events.
type history struct {
	Result string `json:"result"`
	Key    string `json:"key"`
	Why    string `json:"why"`
	Call   int    `json:"call"`
	Order  []int  `json:"order"`
}

// table numbers texts.
type table struct {
	texts   []string
	numbers map[string]int
}

func (t *table) number(s string, most int) int {
	s = plain.Line(s, most)
	n, ok := t.numbers[s]
	if !ok {
		n = len(t.texts)
		t.numbers[s] = n
		t.texts = append(t.texts, s)
	}
	return n
}

// Sizes in bytes. Decoded arguments are most of a page, so that they are shortened in long runs.
const (
	maxText       = 300
	maxDetail     = 700
	maxAllDetails = 8 << 20
)

// encode turns a run into columns.
func encode(r Run) encoded {
	events, moved := WithPrints(r.Events, r.Prints)
	t := &table{numbers: map[string]int{}}
	t.number("", 0)
	e := encoded{Title: plain.Line(r.Title, plain.MaxLine), Code: plain.Line(r.Code, plain.MaxLine),
		Verdict: plain.Line(r.Verdict, plain.MaxLine), Failed: r.Failed, Checks: r.Checks,
		Replay: plain.Line(r.Replay, plain.MaxLine), Lanes: lanes(events)}
	if r.Message != "" {
		e.Message = []string{plain.Text(r.Message, plain.MaxLine)}
	}
	for _, w := range r.Warnings {
		e.Warnings = append(e.Warnings, plain.Line(w, plain.MaxLine))
	}
	subject := r.subject()
	for _, p := range slices.Concat(subject.Peers, subject.Clients) {
		if at := indexOf(e.Lanes, p); at >= 0 {
			e.Accused = append(e.Accused, at)
		}
	}
	shown := r.Where
	if shown == nil {
		shown = func(where string) string { return where }
	}
	lineOf := e.putLines(t, events, deduce.Weights(events, subject), shown)
	e.putLegs(events, lineOf)
	e.putChanges(t, events, lineOf)
	if h := r.History; h != nil {
		e.History = &history{Result: h.Result, Key: plain.Line(h.Key, maxText), Why: plain.Line(h.Why, plain.MaxLine), Call: -1}
		if h.Call >= 0 {
			e.History.Call = lineOf[moved[h.Call]]
			focus := lineOf[answerTo(events, moved[h.Call])]
			e.Focus = &focus
		}
		for _, call := range h.Order {
			e.History.Order = append(e.History.Order, lineOf[moved[call]])
		}
	}
	e.Texts = t.texts
	return e
}

// answerTo is the event with which a client's operation ended that began with another, or that one
// if it never did. A history is judged at the end of a run, which may be long after that.
func answerTo(events []record.Event, call int) int {
	for at := call + 1; at < len(events); at++ {
		if e := events[at]; e.Peer == events[call].Peer && e.Kind == record.Return {
			return at
		}
	}
	return call
}

// putLines fills the columns of lines, and returns the line of each event; links that change
// together share one.
func (e *encoded) putLines(t *table, events []record.Event, weights []deduce.Weight, shown func(where string) string) (lineOf []int) {
	details := 0
	for i := range events {
		details += min(len(events[i].Detail), maxDetail)
	}
	detail := maxDetail
	if details > maxAllDetails {
		detail = max(maxDetail*maxAllDetails/details, 60)
	}
	laneOf := map[int]int{record.None: -1}
	for i, l := range e.Lanes {
		laneOf[l.Peer] = i
	}
	lineOf = make([]int, len(events))
	c := &e.Lines
	all := timeline.Moments(events)
	before := int64(0)
	for n, l := range all {
		last := len(events)
		if n+1 < len(all) {
			last = all[n+1].At
		}
		weight := deduce.Hum
		for at := l.At; at < last; at++ {
			lineOf[at] = n
			weight = max(weight, weights[at])
		}
		now := int64(events[l.At].Time)
		lane, ok := laneOf[l.Peer]
		if !ok {
			lane = -1
		}
		c.Time = append(c.Time, now-before)
		c.Lane = append(c.Lane, lane)
		c.Class = append(c.Class, l.Class)
		c.Text = append(c.Text, t.number(l.Text, maxText))
		c.Detail = append(c.Detail, t.number(l.Detail, detail))
		c.Weight = append(c.Weight, int(weight))
		c.Term = append(c.Term, max(l.Term, 0))
		c.Low = append(c.Low, max(l.Low, 0))
		c.High = append(c.High, max(l.High, 0))
		c.Key = append(c.Key, t.number(l.Key, maxText))
		c.Number = append(c.Number, int(events[l.At].N))
		c.Fault = append(c.Fault, t.number(faultOf(events[l.At]), maxText))
		c.Where = append(c.Where, t.number(shown(events[l.At].Where), maxText))
		before = now
	}
	return lineOf
}

// faultOf is the key of a fault of the case, or "".
func faultOf(e record.Event) string {
	if _, err := scenario.ParseKey(e.Detail); err != nil || e.N > 0 {
		return ""
	}
	return e.Detail
}

func (e *encoded) putLegs(events []record.Event, lineOf []int) {
	c := &e.Legs
	c.Fates = fates
	for _, l := range deduce.Legs(events) {
		to, target := -1, l.Callee
		if l.To != deduce.Unknown {
			to = lineOf[l.To]
		}
		if l.Reply {
			target = l.Caller
		}
		c.From = append(c.From, lineOf[l.From])
		c.To = append(c.To, to)
		c.Target = append(c.Target, indexOf(e.Lanes, target))
		reply := 0
		if l.Reply {
			reply = 1
		}
		c.Reply = append(c.Reply, reply)
		for n, fate := range fates {
			if fate == l.Fate {
				c.Fate = append(c.Fate, n)
			}
		}
	}
}

func (e *encoded) putChanges(t *table, events []record.Event, lineOf []int) {
	c := &e.Changes
	numbers := map[deduce.What]int{}
	for _, ch := range deduce.Changes(events) {
		c.At = append(c.At, lineOf[ch.At])
		c.Lane = append(c.Lane, indexOf(e.Lanes, ch.Peer))
		what, ok := numbers[ch.What]
		if !ok {
			what = len(c.Whats)
			numbers[ch.What] = what
			c.Whats = append(c.Whats, ch.What)
		}
		c.What = append(c.What, what)
		c.Index = append(c.Index, ch.Index)
		c.Term = append(c.Term, ch.Term)
		c.Text = append(c.Text, t.number(ch.Command, maxText))
	}
}
