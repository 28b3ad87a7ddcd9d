package deduce

import (
	"slices"
	"strconv"
	"strings"

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

// liveness are the rules that are broken by something that does not happen. Their story is who
// refused whom.
var liveness = []string{"no leader elected", "no agreement", "no progress", "too slow", "terms do not agree",
	"term changed without failure", disturbed, "virtual time used up"}

const disturbed = "working leader disturbed"

// Liveness says whether the verdict is about something that does not happen.
func (s Subject) Liveness() bool { return slices.Contains(liveness, s.Rule) }

// Costs says whether the verdict is about what messages cost.
func (s Subject) Costs() bool { return s.Rule == "too many RPCs" || s.Rule == "too many bytes" }

// weigher weighs the events of one run.
type weigher struct {
	events  []record.Event
	subject Subject
	weights []Weight
	// What events say is read once: some runs have half a million.
	sent    []Request // at the positions of events that send one
	changes []Change
	asked   map[edge]Request
}

func newWeigher(events []record.Event, s Subject) *weigher {
	w := &weigher{events: events, subject: s, weights: make([]Weight, len(events)), sent: make([]Request, len(events)),
		changes: Changes(events), asked: map[edge]Request{}}
	for at, e := range events {
		if e.Kind == record.Sent {
			w.sent[at] = ReadRequest(e.Method, e.Detail)
		}
	}
	return w
}

// Weights weighs every event by what it says about the subject.
func Weights(events []record.Event, s Subject) []Weight {
	w := newWeigher(events, s)
	for at, e := range events {
		w.raise(at, w.alone(at, e))
	}
	for _, c := range w.changes {
		w.raise(c.At, w.change(c))
	}
	for _, l := range Legs(events) {
		if l.Fate == Refused && s.Liveness() {
			w.raise(l.From, Related)
			w.raise(l.Request, Context)
		}
	}
	w.votes()
	w.operations()
	w.requests()
	w.beginnings(w.seldom())
	w.aftermath()
	w.servers()
	w.handovers()
	w.installs()
	for _, c := range writesIn(w.changes, s) {
		w.raise(c.At, Decisive)
	}
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
		w.asking(at)
	case record.Delivered:
		if r := w.asked[callOf(e)]; r.RPC == Vote && slices.Contains(w.subject.Terms, r.Term) {
			return Context
		}
	case record.Handled:
		return w.answer(e)
	}
	return Hum
}

// asking notes what is asked. After a restart calls are numbered anew.
func (w *weigher) asking(at int) { w.asked[callOf(w.events[at])] = w.sent[at] }

// answer weighs what a peer answers to a request.
func (w *weigher) answer(e record.Event) Weight {
	r := w.asked[callOf(e)]
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

// votes finds the last vote that each peer gave to the accused who should not have had it.
func (w *weigher) votes() {
	for _, voter := range w.subject.Voters {
		for at, e := range slices.Backward(w.events) {
			if e.Kind != record.Handled || e.Other != voter || w.asked[callOf(e)].RPC != Vote {
				continue
			}
			if answer, _ := ReadReply(e.Detail); answer == Yes {
				w.raise(at, Decisive)
				break
			}
		}
	}
}

// requests weighs the requests of clients that have to do with the verdict: those with a value that
// it names, and where it names none, the writes of the key by the clients it names.
func (w *weigher) requests() {
	asked := map[edge]bool{}
	for at, e := range w.events {
		key := callOf(e)
		if e.Kind == record.Sent && e.Peer >= record.FirstClient {
			asked[key] = w.concerns(e)
		}
		if asked[key] && e.N > 0 && e.Kind != record.Sent && e.Kind != record.Handled {
			w.raise(at, Related)
		}
	}
}

// ofSnapshots are rules whose verdicts may be about what came with a snapshot.
var ofSnapshots = []string{"wrong snapshot", "applies out of order", "persisted state too large"}

// installs finds the first and the last snapshot that was sent to one of the accused, if that is
// what the verdict is about.
func (w *weigher) installs() {
	if !slices.Contains(ofSnapshots, w.subject.Rule) {
		return
	}
	for _, peer := range w.subject.Peers {
		is := func(e record.Event) bool {
			return e.Kind == record.Sent && e.Other == peer && w.asked[callOf(e)].RPC == Install
		}
		first := slices.IndexFunc(w.events, is)
		for at := len(w.events) - 1; at >= 0 && first >= 0; at-- {
			if is(w.events[at]) {
				w.raise(first, Decisive)
				w.raise(at, Decisive)
				break
			}
		}
	}
}

func (w *weigher) concerns(e record.Event) bool {
	if len(w.subject.Values) > 0 {
		return valueIn(e.Detail, w.subject.Values) != ""
	}
	write := strings.Contains(strings.ToLower(e.Detail), "value:")
	return w.subject.HasKey && write && slices.Contains(w.subject.Clients, e.Peer) && strings.Contains(e.Detail, strconv.Quote(w.subject.Key))
}

// valueIn is the first of the values that the text has in quotation marks, or "".
func valueIn(text string, values []string) string {
	for _, v := range values {
		quoted := strconv.Quote(v)
		if strings.Contains(text, quoted) || strings.Contains(text, strings.ReplaceAll(quoted, `"`, `\"`)) {
			return v
		}
	}
	return ""
}

// maxWrite is how long a command is at most that is one write, and not the contents of a shard.
const maxWrite = 300

// mostWrites is how many entries with one value are told of: a client that waits for ever may have
// put it into a thousand.
const mostWrites = 3

// Writes are the log entries with values that the verdict names: of each, where it is seen first.
// Text in Command is the value. A write that stands in two entries was done twice, or should have
// been recognised. Of many the first two and the last are told of.
func Writes(events []record.Event, s Subject) []Change {
	if len(s.Values) == 0 {
		return nil
	}
	return writesIn(Changes(events), s)
}

func writesIn(changes []Change, s Subject) (entries []Change) {
	if len(s.Values) == 0 {
		return nil
	}
	type entry struct {
		index, term int
		command     string
	}
	seen, of := map[entry]bool{}, map[string][]int{}
	for _, c := range changes {
		value := ""
		if c.What == Entered && len(c.Command) <= maxWrite {
			value = valueIn(c.Command, s.Values)
		}
		if k := (entry{c.Index, c.Term, c.Command}); value != "" && !seen[k] {
			seen[k] = true
			c.Command = value
			of[value] = append(of[value], len(entries))
			entries = append(entries, c)
		}
	}
	gone := map[int]bool{}
	for _, all := range of {
		for n, i := range all {
			gone[i] = n >= mostWrites-1 && n < len(all)-1
		}
	}
	kept := entries[:0]
	for i, c := range entries {
		if !gone[i] {
			kept = append(kept, c)
		}
	}
	return kept
}
