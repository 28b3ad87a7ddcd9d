package deduce

import (
	"slices"

	"raftlab/internal/record"
)

// costs are the rules about too much of something that is right in itself.
var costs = []string{"too many RPCs", "too many bytes", "read costs too much", "persisted state too large"}

// beginnings finds where that began of which the verdict has had too much, or too little for too
// long: what was refused first, who stood first, what was said twice first. The end of such a run
// is a hundred times the same.
func (w *weigher) beginnings() {
	if slices.Contains(costs, w.subject.Rule) {
		w.firstRepetition()
		w.firstCost()
	}
	if w.subject.Liveness() {
		w.firstElections()
		w.firstRefusals()
		w.firstTries()
	}
}

// firstRefusals finds the first answer of each kind that refuses, and the first after the last time
// that an entry was applied.
func (w *weigher) firstRefusals() {
	progress := 0
	for at, e := range w.events {
		if e.Kind == record.Apply {
			progress = at
		}
	}
	seen := map[RPC]bool{}
	since := map[RPC]bool{}
	asked := map[edge]Request{}
	for at, e := range w.events {
		key := edge{e.Peer, e.Other, e.N}
		if e.Kind == record.Sent {
			asked[key] = ReadRequest(e.Method, e.Detail)
		}
		r := asked[key]
		if e.Kind != record.Handled || r.RPC == Other {
			continue
		}
		if answer, _ := ReadReply(e.Detail); answer != No {
			continue
		}
		if !seen[r.RPC] || at > progress && !since[r.RPC] {
			w.raise(at, Decisive)
		}
		seen[r.RPC] = true
		since[r.RPC] = since[r.RPC] || at > progress
	}
}

// firstElections finds the first candidate of all, the first two in one term, and the first one
// after there had been a leader.
func (w *weigher) firstElections() {
	type candidate struct{ peer, at int }
	stood := map[int]candidate{} // by terms
	split, led, again := false, false, false
	for _, c := range Changes(w.events) {
		switch c.What {
		case Leads:
			led = true
		case Stands:
			first, ok := stood[c.Term]
			if !ok {
				stood[c.Term] = candidate{c.Peer, c.At}
			}
			if ok && first.peer != c.Peer && !split {
				split = true
				w.raise(first.at, Decisive)
				w.raise(c.At, Decisive)
			}
			if len(stood) == 1 && !ok || led && !again {
				w.raise(c.At, Decisive)
				again = led
			}
		}
	}
}

// firstTries finds the first request of an operation that has not ended.
func (w *weigher) firstTries() {
	under := map[int]int{} // client -> the event with which its operation began
	for at, e := range w.events {
		switch {
		case e.Peer < record.FirstClient:
		case e.Kind == record.Invoke:
			under[e.Peer] = at
		case e.Kind == record.Return:
			delete(under, e.Peer)
		}
	}
	for client, began := range under {
		if !slices.Contains(w.subject.Clients, client) {
			continue
		}
		w.raise(began, Decisive)
		w.loop(client, began)
	}
}

// loop finds where a client began to ask the same again and again, twice, and the answer that made it.
func (w *weigher) loop(client, began int) {
	first, second, method := -1, -1, ""
	for at := len(w.events) - 1; at > began; at-- {
		e := w.events[at]
		if e.Peer != client {
			continue
		}
		if e.Kind == record.Sent && (method == "" || method == e.Method) {
			first, second, method = at, first, e.Method
		} else if e.Kind == record.Sent {
			break
		} else if first >= 0 && e.Method != method {
			w.raise(at, Decisive)
			break
		}
	}
	for _, at := range []int{first, second} {
		if at >= 0 {
			w.raise(at, Decisive)
		}
	}
}

// firstRepetition finds the first request that says what the one before to the same peer has said.
func (w *weigher) firstRepetition() {
	type way struct{ from, to int }
	last := map[way]int{}
	for at, e := range w.events {
		if e.Kind != record.Sent || e.Peer >= record.FirstClient {
			continue
		}
		k := way{e.Peer, e.Other}
		if was, ok := last[k]; ok && w.events[was].Method == e.Method && w.events[was].Detail == e.Detail {
			w.raise(was, Decisive)
			w.raise(at, Decisive)
			return
		}
		last[k] = at
	}
}

// firstCost finds what the first read of a client made its server ask of others.
func (w *weigher) firstCost() {
	reading := map[int]edge{} // server -> the read that it works on
	for at, e := range w.events {
		key := edge{e.Peer, e.Other, e.N}
		client := e.Peer >= record.FirstClient
		switch {
		case client && e.Kind == record.Delivered && isRead(e.Detail):
			if _, busy := reading[e.Other]; !busy {
				reading[e.Other] = key
			}
		case client && e.Kind == record.Handled && reading[e.Other] == key:
			delete(reading, e.Other)
		case !client && e.Kind == record.Sent:
			if _, busy := reading[e.Peer]; busy {
				w.raise(at, Decisive)
				return
			}
		}
	}
}

// isRead says whether a client's request is one that reads, by its fields.
func isRead(detail string) bool {
	v := parse(detail)
	_, key := v.find("key")
	_, value := v.find("value")
	return key && !value
}
