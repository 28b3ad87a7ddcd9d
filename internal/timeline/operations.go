package timeline

import (
	"fmt"
	"time"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// atOnce is how long an operation takes at most that is one line: of a longer one the beginning is
// a story of its own.
const atOnce = 100 * time.Millisecond

// joinOperations makes one row of a short operation that decides: of its end, which says when it
// began, and what was asked.
func (w *weighing) joinOperations(events []record.Event, rows []row) []row {
	began := map[int]int{}  // client -> the position in rows of its operation's beginning
	answer := map[int]int{} // client -> that of the last answer that it got
	gone := map[int]bool{}
	several := len(servers(rows)) > 1
	for i, r := range rows {
		switch r.kind {
		case record.Invoke:
			began[r.peer] = i
			delete(answer, r.peer)
		case record.Replied:
			answer[r.peer] = i
		case record.Return:
			b, ok := began[r.peer]
			delete(began, r.peer)
			if last, ok := answer[r.peer]; ok && several && w.weights[r.at] == deduce.Decisive && rows[last].time == r.time {
				gone[last] = true
				rows[i].text += " from " + Name(rows[last].other)
			}
			if !ok || r.time-rows[b].time > atOnce || w.weights[r.at] != deduce.Decisive || w.weights[rows[b].at] != deduce.Decisive {
				continue
			}
			gone[b] = true
			asked := plain.Line(events[rows[b].at].Text, plain.MaxText)
			rows[i].text = fmt.Sprintf("%s (%s, since %.4f)", rows[i].text, asked, rows[b].time.Seconds())
		}
	}
	var left []row
	for i, r := range rows {
		if !gone[i] {
			left = append(left, r)
		}
	}
	return left
}

// servers are those that have answered clients.
func servers(rows []row) map[int]bool {
	all := map[int]bool{}
	for _, r := range rows {
		if r.kind == record.Replied && r.peer >= record.FirstClient {
			all[r.other] = true
		}
	}
	return all
}
