package deduce

import (
	"slices"
	"time"

	"raftlab/internal/record"
)

// Weight is how much an event says about why a run failed.
type Weight int

// The weights.
const (
	Hum      Weight = iota // every message as it is sent and answered
	Context                // what the network or the case did, and who led
	Related                // about the peers, terms, indexes or keys of the verdict
	Decisive               // the verdict could be read off it
)

// liveness are the rules that are broken by something that does not happen. Their story is who refused whom.
var liveness = []string{"no leader elected", "no agreement", "no progress", "too slow", "terms do not agree",
	"term changed without failure", "working leader disturbed", "virtual time used up"}

// Liveness says whether the verdict is about something that does not happen.
func (s Subject) Liveness() bool { return slices.Contains(liveness, s.Rule) }

// weigher weighs the events of one run.
type weigher struct {
	events  []record.Event
	subject Subject
	weights []Weight
	asked   map[edge]Request
}

// Weights weighs every event by what it says about the subject.
func Weights(events []record.Event, s Subject) []Weight {
	w := &weigher{events: events, subject: s, weights: make([]Weight, len(events)), asked: map[edge]Request{}}
	for at, e := range events {
		w.raise(at, w.alone(at, e))
	}
	for _, c := range Changes(events) {
		w.raise(c.At, w.change(c))
	}
	for _, l := range Legs(events) {
		if l.Fate == Refused && s.Liveness() {
			w.raise(l.From, Related)
			w.raise(l.Request, Context)
		}
	}
	w.operations()
	return w.weights
}

func (w *weigher) raise(at int, to Weight) { w.weights[at] = max(w.weights[at], to) }

// alone weighs an event without what came before it.
func (w *weigher) alone(at int, e record.Event) Weight {
	accused := slices.Contains(w.subject.Peers, e.Peer)
	switch e.Kind {
	case record.Violation:
		return Decisive
	case record.CrashPeer, record.Restart:
		if accused {
			return Related
		}
		return Context
	case record.Cut, record.Heal, record.Note:
		return Context
	case record.Sent:
		w.asked[edge{e.Peer, e.Other, e.N}] = ReadRequest(e.Method, e.Detail)
	case record.Delivered:
		if r := w.asked[edge{e.Peer, e.Other, e.N}]; r.RPC == Vote && slices.Contains(w.subject.Terms, r.Term) {
			return Context
		}
	case record.Handled:
		return w.answer(e)
	}
	return Hum
}

// answer weighs what a peer answers to a request.
func (w *weigher) answer(e record.Event) Weight {
	r := w.asked[edge{e.Peer, e.Other, e.N}]
	answer, _ := ReadReply(e.Detail)
	about := slices.Contains(w.subject.Terms, r.Term)
	accused := slices.Contains(w.subject.Peers, e.Other)
	switch {
	case r.RPC == Vote && about && answer == Yes && (accused || w.subject.Rule == "two leaders in a term"):
		return Decisive
	case r.RPC == Vote && about:
		return Related
	case r.RPC == Append && len(r.Entries) > 0 && slices.ContainsFunc(w.subject.Indexes, r.Carries):
		return Context // and more, if it changed a log
	}
	return Hum
}

// change weighs what an event says about the state of a peer.
func (w *weigher) change(c Change) Weight {
	accused := slices.Contains(w.subject.Peers, c.Peer)
	aboutTerm := slices.Contains(w.subject.Terms, c.Term)
	aboutIndex := slices.Contains(w.subject.Indexes, c.Index)
	switch c.What {
	case Leads:
		if aboutTerm {
			return Decisive
		}
		return Context
	case Stands, Votes:
		switch {
		case aboutTerm && accused && c.What == Votes:
			return Decisive
		case aboutTerm:
			return Related
		}
	case Follows:
		if accused && aboutTerm {
			return Related
		}
	case Entered, Truncated, Applied:
		switch {
		case aboutIndex && (accused || c.What == Truncated):
			return Decisive
		case aboutIndex:
			return Related
		}
	case Compacted:
		if accused {
			return Related
		}
	}
	return Hum
}

// operations weighs what clients did to the key of the verdict.
func (w *weigher) operations() {
	if !w.subject.HasKey {
		return
	}
	about := map[int]bool{} // clients with an operation on the key under way
	for at, e := range w.events {
		switch e.Kind {
		case record.Invoke:
			about[e.Peer] = KeyOf(e.Text) == w.subject.Key
		case record.Return:
		default:
			continue
		}
		if about[e.Peer] {
			weight := Context
			if slices.Contains(w.subject.Clients, e.Peer) {
				weight = Related
				if slices.Contains(w.subject.Times, e.Time.Round(100*time.Microsecond)) {
					weight = Decisive
				}
			}
			w.raise(at, weight)
		}
	}
}
