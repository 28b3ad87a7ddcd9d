package deduce

import "raftlab/internal/record"

// What happens again and again has happened for a first time.

// firstEntriesAgain finds the first entries that a leader sends to a follower once more, although it has
// sent them in its term and nothing was lost or refused since; and the time before.
func (w *weigher) firstEntriesAgain() {
	type way struct{ from, to, term int }
	type entries struct{ at, end int }
	sent := map[way]entries{}
	for at, e := range w.events {
		r := w.asked[callOf(e)]
		if e.Kind == record.Sent {
			r = ReadRequest(e.Method, e.Detail)
		}
		if r.RPC != Append {
			continue
		}
		on := way{e.Peer, e.Other, r.Term}
		was := sent[on]
		answer, _ := ReadReply(e.Detail)
		switch {
		case e.Kind == record.Dropped || e.Kind == record.Replied && answer == No:
			delete(sent, on)
		case e.Kind == record.Sent && len(r.Entries) > 0 && r.Prev < was.end:
			w.raise(was.at, Decisive)
			w.raise(at, Decisive)
			return
		case e.Kind == record.Sent && r.End() > was.end && len(r.Entries) > 0:
			sent[on] = entries{at, r.End()}
		}
	}
}

// firstOfTheLast finds where that was refused for the first time which is refused at the end, by the
// same peer and in the same words.
func (w *weigher) firstOfTheLast() {
	type refusal struct {
		peer, prev int
		reply      string
	}
	first := map[refusal]int{}
	var last refusal
	for at, e := range w.events {
		if e.Kind == record.Sent {
			w.asking(e)
		}
		r := w.asked[callOf(e)]
		if e.Kind != record.Handled || r.RPC != Append {
			continue
		}
		if answer, _ := ReadReply(e.Detail); answer == No {
			last = refusal{e.Other, r.Prev, e.Detail}
			if _, ok := first[last]; !ok {
				first[last] = at
			}
		}
	}
	if at, ok := first[last]; ok {
		w.raise(at, Decisive)
	}
}
