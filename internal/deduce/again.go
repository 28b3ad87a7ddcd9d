package deduce

import (
	"strings"
	"time"

	"raftlab/internal/record"
)

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
			r = w.sent[at]
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
			w.asking(at)
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

// tooClose is how soon after another message to the same follower one without entries is one too many:
// heartbeats are further apart, and news of a commitment could have come with entries.
const tooClose = 50 * time.Millisecond

// firstEmpty finds the first AppendEntries without entries that follows soon on another one to the same
// follower, and that one.
func (w *weigher) firstEmpty() {
	type way struct{ from, to int }
	last := map[way]int{}
	for at, e := range w.events {
		if e.Kind != record.Sent || w.sent[at].RPC != Append {
			continue
		}
		on := way{e.Peer, e.Other}
		was, ok := last[on]
		if ok && len(w.sent[at].Entries) == 0 && !w.sent[at].More && e.Time-w.events[was].Time < tooClose && w.sent[was].Term == w.sent[at].Term &&
			len(w.sent[was].Entries) > 0 {
			w.raise(was, Decisive)
			w.raise(at, Decisive)
			return
		}
		last[on] = at
	}
}

// betweenGroups finds the first and the last request of each kind between groups of servers that was
// answered with a yes: what was given, and what was allowed to go. It says whether there are any.
func (w *weigher) betweenGroups() bool {
	group := w.groups()
	first, last := map[string]int{}, map[string]int{}
	for at, e := range w.events {
		asks, answers := group[e.Peer], group[e.Other]
		if e.Kind != record.Handled || asks == answers || !strings.HasPrefix(asks, "group ") || !strings.HasPrefix(answers, "group ") || !isYes(e.Detail) {
			continue
		}
		if _, ok := first[e.Method]; !ok {
			first[e.Method] = at
		}
		last[e.Method] = at
	}
	for method, at := range first {
		w.raise(at, Decisive)
		w.raise(last[method], Decisive)
		w.nextTo(w.events[at].Peer, w.events[at].Other, at) // by which it could be told that it may delete what it gave
	}
	return len(first) > 0
}

// firstLag finds the first entry that a follower has applied long after its leader, with what the leader
// sent it next: that could have told it at once. It says whether there is one.
func (w *weigher) firstLag() bool {
	leads := map[int]int{} // peers, by terms
	first := map[int]int{} // where a leader has applied an entry, by indexes
	for _, c := range w.changes {
		switch c.What {
		case Leads:
			leads[c.Peer] = c.Term
		case Follows, Down:
			delete(leads, c.Peer)
		case Applied:
			at, ok := first[c.Index]
			if _, leader := leads[c.Peer]; leader && !ok {
				first[c.Index] = c.At
			} else if ok && !leader && w.events[c.At].Time-w.events[at].Time > tooClose {
				w.raise(at, Decisive)
				w.raise(c.At, Decisive)
				w.nextTo(w.events[at].Peer, c.Peer, at)
				return true
			}
		}
	}
	return false
}

// nextTo finds what a peer sends another one next.
func (w *weigher) nextTo(from, to, after int) {
	for at := after + 1; at < len(w.events); at++ {
		if e := w.events[at]; e.Kind == record.Sent && e.Peer == from && e.Other == to {
			w.raise(at, Decisive)
			return
		}
	}
}
