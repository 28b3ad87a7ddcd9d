package timeline

import (
	"fmt"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// Moment is what an event looks like where each stands for itself.
type Moment struct {
	At     int    // position of the event
	Peer   int    // whose lane it stands in, or record.None for across
	Class  int    // position in Classes
	Text   string // the decisive first
	Detail string // all decoded arguments
	// Low and High are the log indexes that it is about, both inclusive; 0 for none.
	Low, High int
	Term      int
	Key       string // of a client's operation
}

// Moments returns one for each event, and one for links that change at one instant. Unlike the rows
// of a timeline they tell what a handler answered as well.
func Moments(events []record.Event) []Moment {
	moments := make([]Moment, 0, len(events))
	net := newNetwork(events)
	asked := map[call]deduce.Request{}
	keys := map[int]string{}
	news := newsOf(events)
	for i := 0; i < len(events); i++ {
		e := events[i]
		if isLink(e) {
			last := i
			for last+1 < len(events) && isLink(events[last+1]) && events[last+1].Time == e.Time {
				last++
			}
			if links, text := net.change(events[i : last+1]); len(links) > 0 {
				moments = append(moments, Moment{At: i, Peer: record.None, Class: ClassOf(e, deduce.Request{}), Text: text})
			}
			i = last
			continue
		}
		key := call{e.Peer, e.Other, e.N}
		switch e.Kind {
		case record.Start:
			net.start(e.Peer)
		case record.Sent:
			asked[key] = deduce.ReadRequest(e.Method, e.Detail)
		case record.Invoke:
			keys[e.Peer] = deduce.KeyOf(e.Text)
		}
		l := momentOf(e, asked[key])
		l.At = i
		if n, ok := news[i]; ok {
			l.Text += " [" + n + "]"
		}
		if e.Kind == record.Invoke || e.Kind == record.Return {
			l.Key = keys[e.Peer]
		}
		moments = append(moments, l)
	}
	return moments
}

// newsOf is what events tell beside what they are: a message of a leader that nobody has heard of,
// an entry overwritten.
func newsOf(events []record.Event) map[int]string {
	news := map[int]string{}
	for _, c := range deduce.Changes(events) {
		switch {
		case c.What == deduce.Truncated:
			news[c.At] = fmt.Sprintf("%s overwrites entry %d of term %d", Name(c.Peer), c.Index, c.Term)
		case c.What == deduce.Leads && events[c.At].Kind != record.State:
			news[c.At] = fmt.Sprintf("leads term %d", c.Term)
		}
	}
	return news
}

// answerOf is what a reply says.
func answerOf(r deduce.Request, e record.Event) string {
	if r.RPC == deduce.Other {
		return deduce.BriefService(e.Detail)
	}
	return r.BriefReply(e.Detail)
}

// momentOf makes the moment of one event that is not about a link.
func momentOf(e record.Event, r deduce.Request) Moment {
	row := rowOf(e)
	l := Moment{Peer: row.peer, Class: ClassOf(e, r), Text: row.text, Detail: row.detail, Low: e.Index, High: e.Index, Term: e.Term}
	said := ""
	switch e.Kind {
	case record.Sent, record.Delivered, record.Dropped:
		if said = r.Brief(); r.RPC == deduce.Other && e.Kind != record.Dropped {
			said = deduce.BriefService(e.Detail)
		}
	case record.Handled:
		l.Peer = e.Other
		l.Text = "answers " + Name(e.Peer) + " " + methodName(e.Method)
		said = answerOf(r, e)
	case record.Replied:
		said = answerOf(r, e)
	case KindPrint:
		l.Text = plain.Line(e.Text, plain.MaxText)
		return l
	default:
		return l
	}
	if l.Term = r.Term; r.Term == deduce.Unknown {
		l.Term = e.Term
	}
	switch {
	case r.RPC == deduce.Append && len(r.Entries) > 0:
		l.Low, l.High = r.Prev+1, r.End()
	case r.RPC == deduce.Install:
		l.Low, l.High = r.Prev, r.Prev
	}
	if said != "" {
		l.Text += ": " + said
	}
	return l
}
