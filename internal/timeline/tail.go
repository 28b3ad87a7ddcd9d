package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// How much a row says about why a run failed. Among rows of equal weight the later one counts more.
const (
	noise    = iota // every message as it is sent and answered
	detail          // a message that arrived, or was lost; an entry applied
	event           // what the network or the case did; a peer's state
	key             // crashes, leaders
	related         // about the terms, indexes, keys of the verdict
	decisive        // the verdict could be read off it
	pinned          // what it names: two commands at an index, as each was first applied
)

// Tail returns the header and at most n lines about the end of a failed run. It prefers what the
// verdict is about (the peers, terms, entries or keys that it names), then elections, crashes and
// cuts, to the hum of heartbeats, of which only the last of each kind stays, with a count. The
// peers that the verdict accuses have a column in any case.
func Tail(events []record.Event, subject deduce.Subject, n, width int) []string {
	w := weighing{subject: subject, weights: deduce.Weights(events, subject), pins: pinsIn(events, subject)}
	w.breaches = breachesIn(events, subject)
	rows := w.candidates(events)
	keep := make([]bool, len(rows))
	left := n
	for _, r := range rows { // contradictions are told to their ends
		if w.contradicts(r) {
			left -= len(Wrap(r.text, width-timeWidth-len(separator)-len("-- "))) - 1
		}
	}
	columns := accusedIn(events, subject) // and peers with something in their column
	most := max(width/leastColumn, len(columns), 2)
	fits := func(r row, weight int) bool { // more columns leave no room for words, so that only what decides adds some
		if r.peer < 0 || slices.Contains(columns, r.peer) {
			return true
		}
		if len(columns) >= most && (weight < decisive || weight == decisive && len(columns) >= width/narrowColumn) {
			return false
		}
		columns = append(columns, r.peer)
		return true
	}
	for weight := pinned; weight >= detail; weight-- {
		share := left
		if weight != detail && (weight != decisive || len(subject.Times) == 0) {
			share = min(left, (n+1)/2) // leave room for the next weight
			if weight == decisive {
				share = min(left, (2*n+1)/3)
			}
		}
		take := func(i int) bool {
			if share <= 0 || keep[i] || w.weigh(rows[i]) != weight || !fits(rows[i], weight) {
				return false
			}
			keep[i] = true
			share--
			left--
			return true
		}
		for i := 0; weight == decisive && share >= roomForFirst && len(subject.Times) == 0 && i < len(rows); i++ {
			if take(i) {
				break
			}
		}
		for i := len(rows) - 1; i >= 0 && share > 0; i-- {
			take(i)
		}
	}
	var chosen []row
	for i, r := range rows {
		if keep[i] {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	slices.Sort(columns)
	g := newGrid(columns, width, minTail)
	g.groups = groupsOf(events)
	lines := []string{g.header()}
	for _, r := range chosen {
		if w.contradicts(r) {
			lines = append(lines, g.wrapped(r)...)
			continue
		}
		if width < defaultWidth && w.weigh(r) >= related {
			lines = append(lines, g.broken(r)...) // what a narrow screen breaks is not at the cost of events
			continue
		}
		lines = append(lines, g.line(r))
	}
	return lines
}

// contradicts says whether the row tells a contradiction.
func (w *weighing) contradicts(r row) bool {
	return r.kind == record.Note && r.peer == record.None &&
		slices.ContainsFunc(w.breaches, func(b deduce.Breach) bool { return b.At == r.at })
}

// roomForFirst is how many lines there have to be for what decides until the first of all is among
// them, where it began; the others are the last. A verdict that tells times has its own beginning.
const roomForFirst = 4

// narrowColumn is the width of a column at which what decides still adds one.
const narrowColumn = 22

// leastColumn is the width at which a message can still be told from another.
const leastColumn = 26

// accusedIn are the peers that the verdict accuses, as far as they are there.
func accusedIn(events []record.Event, subject deduce.Subject) (peers []int) {
	there := Peers(events)
	for _, p := range subject.Peers {
		if slices.Contains(there, p) && !slices.Contains(peers, p) {
			peers = append(peers, p)
		}
	}
	return peers
}

// pinsIn are the events with which each command at an index of the verdict was first applied.
func pinsIn(events []record.Event, subject deduce.Subject) map[int]bool {
	pins, seen := map[int]bool{}, map[string]bool{}
	for at, e := range events {
		if e.Kind == record.Apply && slices.Contains(subject.Indexes, e.Index) && !seen[e.Text] {
			seen[e.Text], pins[at] = true, true
		}
	}
	return pins
}

// weighing weighs rows for one verdict.
type weighing struct {
	subject deduce.Subject
	weights []deduce.Weight // of events
	pins    map[int]bool    // events
	// breaches are told in words, across all columns.
	breaches []deduce.Breach
}

// candidates are the rows that can be chosen from: those of the events, and the life of the entry
// that the verdict is about.
func (w *weighing) candidates(events []record.Event) []row {
	rows := rowsOf(events)
	answers := map[call]int{}  // a request that arrives tells its answer as well, and weighs as much
	atOnce := map[int]string{} // what a server answered another one in the instant
	for i, e := range events {
		switch e.Kind {
		case record.Delivered:
			answers[call{e.Peer, e.Other, e.N}] = i
		case record.Handled:
			if at, ok := answers[call{e.Peer, e.Other, e.N}]; ok {
				w.weights[at] = max(w.weights[at], w.weights[i])
				if w.weights[i] == deduce.Decisive && events[at].Time == e.Time && e.Peer < record.FirstClient {
					atOnce[at] = deduce.ErrorIn(e.Detail)
				}
			}
		}
	}
	for i, r := range rows {
		if answer := atOnce[r.at]; answer != "" {
			rows[i].text += " " + plain.Line(answer, plain.MaxName)
		}
	}
	if own := w.entries(events); len(own) > 0 {
		told := map[int]bool{}
		for _, r := range own {
			told[r.at] = true
		}
		rows = append(slices.DeleteFunc(rows, func(r row) bool { return told[r.at] }), own...)
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	}
	for _, b := range w.breaches {
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.at == b.At })
		text := plain.Line(record.Who(b.Peer)+" "+b.What, plain.MaxText)
		rows = append(rows, row{time: events[b.At].Time, kind: record.Note, peer: record.None, other: record.None, at: b.At, text: text})
		w.pins[b.At] = true
		w.pinCause(events, b)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	return w.fold(w.joinOperations(events, rows))
}

// pinCause pins the event that made so what a contradiction denies, and the crash in between, if
// there was one: that is how a peer forgets.
func (w *weighing) pinCause(events []record.Event, b deduce.Breach) {
	if b.Since == 0 {
		return
	}
	at := b.Since
	if e := events[at]; e.Kind == record.Handled { // its line is where the request arrived
		for at > 0 && !(events[at].Kind == record.Delivered && events[at].Peer == e.Peer && events[at].Other == e.Other && events[at].N == e.N) {
			at--
		}
	}
	w.pins[at] = true
	for i := b.At; i > b.Since; i-- {
		if events[i].Kind == record.CrashPeer && events[i].Peer == b.Peer {
			w.pins[i] = true
			return
		}
	}
}

// mostBreaches is how many lines they may take.
const mostBreaches = 3

// breachesIn are the contradictions that a reader has to see: the first of all, and the first and
// the last of each of the accused, before what the verdict is about.
func breachesIn(events []record.Event, subject deduce.Subject) (chosen []deduce.Breach) {
	accused := slices.Concat(subject.Peers, subject.Clients)
	all := slices.DeleteFunc(deduce.Breaches(events), func(b deduce.Breach) bool {
		return subject.Last() > 0 && events[b.At].Time > subject.Last() || !b.Tells(subject)
	})
	take := func(b deduce.Breach) {
		known := slices.ContainsFunc(chosen, func(c deduce.Breach) bool { return c.At == b.At })
		if !known && len(chosen) < mostBreaches {
			chosen = append(chosen, b)
		}
	}
	named := func(b deduce.Breach) bool { return slices.Contains(subject.Values, b.Value) }
	if at := slices.IndexFunc(all, named); at >= 0 { // others that went the same way tell the same
		all = slices.DeleteFunc(all, func(b deduce.Breach) bool { return b.Value != "" && !named(b) })
	}
	if len(all) > 0 {
		take(all[0])
	}
	of := func(b deduce.Breach) bool { return slices.Contains(accused, b.Peer) || named(b) }
	for _, b := range slices.Backward(all) {
		if of(b) {
			take(b)
			break
		}
	}
	for _, b := range all {
		if of(b) {
			take(b)
			break
		}
	}
	return chosen
}

// entries tell about the log entries that the verdict is about: the life of the one that it names,
// or where the writes that it names got into logs.
func (w *weighing) entries(events []record.Event) (rows []row) {
	if len(w.subject.Indexes) > 0 {
		return slices.DeleteFunc(Life(events, w.subject.Indexes[0]), func(r row) bool { return r.kind == record.Violation })
	}
	for _, c := range deduce.Writes(events, w.subject) {
		text := plain.Line(fmt.Sprintf("logs %s at %d%s", c.Command, c.Index, ofTerm(c.Term)), plain.MaxText)
		rows = append(rows, row{time: events[c.At].Time, kind: events[c.At].Kind, peer: c.Peer, other: record.None, index: c.Index, at: c.At, text: text})
	}
	return rows
}

func (w *weighing) weigh(r row) int {
	if w.pins[r.at] {
		return pinned
	}
	named := len(w.subject.Peers) == 0 || slices.Contains(w.subject.Peers, r.peer)
	if w.weights[r.at] == deduce.Decisive {
		return decisive
	}
	if last := w.subject.Last(); last > 0 && r.time > last {
		return noise // the verdict came later than what it is about
	}
	if w.weights[r.at] == deduce.Related && (r.kind != record.Sent && r.kind != record.Replied || r.peer >= record.FirstClient || r.index > 0) {
		return related
	}
	switch r.kind {
	case record.Violation, record.CrashPeer, record.Restart:
		return key
	case record.State:
		if r.leader && named {
			return key
		}
		return event
	case record.Cut, record.Heal, record.Note:
		return event
	case record.Start, record.Sent, record.Replied:
		return noise
	}
	if named || slices.Contains(w.subject.Peers, r.other) {
		return detail
	}
	return noise
}

// fold joins runs of applies at one peer, and keeps only the last of messages that say alike, with
// a count. What decides is never folded.
func (w *weighing) fold(rows []row) []row {
	type message struct {
		kind        record.Kind
		peer, other int
		method      string
		refused     bool
	}
	last := map[message]int{} // where each message stands last
	count := map[message]int{}
	of := func(r row) (message, bool) {
		ok := (r.kind == record.Delivered || r.kind == record.Dropped) && w.weigh(r) < decisive && r.method != ""
		if client := max(r.peer, r.other) >= record.FirstClient; client && w.weights[r.at] == deduce.Related {
			ok = false // each try of a write counts
		}
		return message{r.kind, r.peer, r.other, r.method, strings.HasPrefix(r.brief, "refused")}, ok
	}
	for i, r := range rows {
		if m, ok := of(r); ok {
			last[m] = i
			count[m]++
		}
	}
	var out []row
	for i, r := range rows {
		if m, ok := of(r); ok {
			if last[m] != i {
				continue
			}
			if n := count[m]; n > 1 && r.brief != "" {
				r.brief += fmt.Sprintf(" (x%d)", n)
			} else if n > 1 {
				r.text += fmt.Sprintf(" (x%d)", n)
			}
		}
		out = append(out, r)
	}
	out = foldApplies(out, func(r row) bool { return w.weights[r.at] == deduce.Decisive || w.pins[r.at] })
	slices.SortStableFunc(out, func(a, b row) int { return cmp.Compare(a.time, b.time) })
	return out
}

// foldApplies joins runs of applies at one peer, but for those that decide.
func foldApplies(rows []row, decides func(row) bool) []row {
	var out []row
	applied := map[int]int{}    // peer -> position in out of its current run of applies
	firstIndex := map[int]int{} // peer -> first index of that run
	for _, r := range rows {
		if r.kind == record.Apply && r.peer >= 0 && strings.HasPrefix(r.text, "apply ") && !decides(r) {
			if at, ok := applied[r.peer]; ok && out[at].index+1 == r.index {
				out[at].time, out[at].index, out[at].at = r.time, r.index, r.at
				out[at].text = fmt.Sprintf("apply %d to %d", firstIndex[r.peer], r.index)
				continue
			}
			applied[r.peer], firstIndex[r.peer] = len(out), r.index
		} else if r.kind == record.CrashPeer || r.kind == record.Restart || r.kind == record.Snapshot {
			delete(applied, r.peer)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b row) int { return cmp.Compare(a.time, b.time) })
	return out
}
