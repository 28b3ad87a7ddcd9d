package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/deduce"
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
)

// Tail returns the header and at most n lines about the end of a failed run. It prefers what the verdict is about
// (the peers, terms, entries or keys that it names), then elections, crashes and cuts, to the hum of heartbeats, of
// which only the last of each kind stays, with a count. The peers that the verdict accuses have a column in any case.
func Tail(events []record.Event, subject deduce.Subject, n, width int) []string {
	w := weighing{subject: subject, weights: deduce.Weights(events, subject)}
	rows := w.candidates(events)
	keep := make([]bool, len(rows))
	left := n
	for weight := decisive; weight >= detail; weight-- {
		share := left
		if weight != detail {
			share = min(left, (n+1)/2) // leave room for the next weight
		}
		for i := len(rows) - 1; i >= 0 && share > 0; i-- {
			if !keep[i] && w.weigh(rows[i]) == weight {
				keep[i] = true
				share--
				left--
			}
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
	var columns []int // only peers with something in their column, and the accused
	there := Peers(events)
	for _, p := range subject.Peers {
		if slices.Contains(there, p) && !slices.Contains(columns, p) {
			columns = append(columns, p)
		}
	}
	for _, r := range chosen {
		if r.peer >= 0 && !slices.Contains(columns, r.peer) {
			columns = append(columns, r.peer)
		}
	}
	slices.Sort(columns)
	g := newGrid(columns, width, minTail)
	g.groups = groupsOf(events)
	lines := []string{g.header()}
	for _, r := range chosen {
		lines = append(lines, g.line(r))
	}
	return lines
}

// weighing weighs rows for one verdict.
type weighing struct {
	subject deduce.Subject
	weights []deduce.Weight // of events
}

// candidates are the rows that can be chosen from: those of the events, and the life of the entry that the verdict
// is about.
func (w *weighing) candidates(events []record.Event) []row {
	rows := rowsOf(events)
	answers := map[call]int{} // a request that arrives tells its answer as well, and weighs as much
	for i, e := range events {
		switch e.Kind {
		case record.Delivered:
			answers[call{e.Peer, e.Other, e.N}] = i
		case record.Handled:
			if at, ok := answers[call{e.Peer, e.Other, e.N}]; ok {
				w.weights[at] = max(w.weights[at], w.weights[i])
			}
		}
	}
	if len(w.subject.Indexes) > 0 {
		lives := map[int]bool{}
		var life []row
		for _, r := range Life(events, w.subject.Indexes[0]) {
			if r.kind != record.Violation {
				lives[r.at] = true
				life = append(life, r)
			}
		}
		rows = append(slices.DeleteFunc(rows, func(r row) bool { return lives[r.at] }), life...)
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	}
	return w.fold(rows)
}

func (w *weighing) weigh(r row) int {
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

// fold joins runs of applies at one peer, and keeps only the last of messages that say alike, with a count. What
// decides is never folded.
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
		ok := (r.kind == record.Delivered || r.kind == record.Dropped) && w.weigh(r) != decisive && r.method != ""
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
	out = foldApplies(out)
	slices.SortStableFunc(out, func(a, b row) int { return cmp.Compare(a.time, b.time) })
	return out
}

// foldApplies joins runs of applies at one peer.
func foldApplies(rows []row) []row {
	var out []row
	applied := map[int]int{}    // peer -> position in out of its current run of applies
	firstIndex := map[int]int{} // peer -> first index of that run
	for _, r := range rows {
		if r.kind == record.Apply && r.peer >= 0 && strings.HasPrefix(r.text, "apply ") {
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
