package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"raftlab/internal/record"
)

// How much a row says about why a run failed. Among rows of equal weight the later one counts more.
const (
	noise  = iota // every message as it is sent and answered
	detail        // a message that arrived, or was lost; an entry applied
	event         // what the network or the case did; a peer's state
	key           // crashes, leaders, violations
)

// Tail returns the header and at most n lines about the end of a failed run. It prefers what the
// peers that the verdict names did, elections, crashes and cuts to the hum of heartbeats, of which
// only the last of each kind stays, with a count. With peers nil, all peers count the same.
func Tail(events []record.Event, peers []int, n, width int) []string {
	rows := fold(rowsOf(events))
	keep := make([]bool, len(rows))
	left := n
	for _, weight := range []int{key, event, detail} {
		share := left
		if weight != detail {
			share = min(left, (n+1)/2) // leave room for the next weight
		}
		for i := len(rows) - 1; i >= 0 && share > 0; i-- {
			if !keep[i] && weigh(rows[i], peers) == weight {
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
	var columns []int // only peers with something in their column
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

func weigh(r row, peers []int) int {
	named := len(peers) == 0 || slices.Contains(peers, r.peer)
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
	if named || slices.Contains(peers, r.other) {
		return detail
	}
	return noise
}

// fold joins runs of applies at one peer, and keeps only the last of equal messages, with a count.
func fold(rows []row) []row {
	type message struct {
		kind        record.Kind
		peer, other int
		method      string
	}
	last := map[message]int{} // where each message stands last
	count := map[message]int{}
	of := func(r row) (message, bool) {
		ok := r.kind == record.Delivered || r.kind == record.Dropped
		return message{r.kind, r.peer, r.other, r.method}, ok
	}
	for i, r := range rows {
		if m, ok := of(r); ok {
			last[m] = i
			count[m]++
		}
	}
	var out []row
	applied := map[int]int{}    // peer -> position in out of its current run of applies
	firstIndex := map[int]int{} // peer -> first index of that run
	for i, r := range rows {
		if m, ok := of(r); ok {
			if last[m] != i {
				continue
			}
			if n := count[m]; n > 1 {
				r.text += fmt.Sprintf(" (x%d)", n)
			}
		}
		if r.kind == record.Apply && r.peer >= 0 {
			if at, ok := applied[r.peer]; ok && out[at].index+1 == r.index {
				out[at].time, out[at].index = r.time, r.index
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
