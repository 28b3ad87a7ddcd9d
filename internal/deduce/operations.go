package deduce

import (
	"slices"
	"strings"

	"raftlab/internal/record"
)

// operations weighs what clients did to the key of the verdict.
func (w *weigher) operations() {
	w.answers()
	w.alike()
	if !w.subject.HasKey && len(w.subject.Times) == 0 {
		return
	}
	about := map[int]bool{} // clients with an operation on the key under way
	last := map[int]int{}   // their last operations that ended, where the verdict tells no times
	for at, e := range w.events {
		switch e.Kind {
		case record.Invoke:
			about[e.Peer] = !w.subject.HasKey || KeyOf(e.Text) == w.subject.Key
		case record.Return:
		default:
			continue
		}
		if about[e.Peer] {
			weight := Context
			if slices.Contains(w.subject.Clients, e.Peer) {
				weight = Related
				if len(w.subject.Times) == 0 && e.Kind == record.Return {
					last[e.Peer] = at
				}
				if w.subject.Ends(e) {
					weight = Decisive
				}
			}
			w.raise(at, weight)
		}
	}
	for _, at := range last {
		w.raise(at, Decisive)
	}
}

// alike finds the first two clients that were answered OK, where a verdict is about how many were and
// names none of them: two are too many. A verdict that names nothing comes with the end of an operation
// as a rule, the last one, which is shown with its server.
func (w *weigher) alike() {
	if w.subject.Rule != "wrong answer" || len(w.subject.Clients) > 0 || w.subject.HasKey {
		return
	}
	found := 0
	for at, e := range w.events {
		if e.Kind == record.Return && e.Text == "OK" && found < 2 {
			found++
			w.raise(at, Decisive)
			if found == 2 {
				w.servedBy(at)
			}
		}
	}
	for at, e := range slices.Backward(w.events) {
		if e.Kind == record.Return {
			w.raise(at, Decisive)
			w.servedBy(at)
			return
		}
	}
}

// answers finds where clients first got the answers that the verdict compares, and where they asked
// for what it names.
func (w *weigher) answers() {
	first := func(is func(e record.Event) bool) int {
		at := slices.IndexFunc(w.events, is)
		if at >= 0 {
			w.raise(at, Decisive)
		}
		return at
	}
	for _, answer := range w.subject.Answers {
		first(func(e record.Event) bool { return e.Kind == record.Return && strings.HasPrefix(e.Text, answer) })
	}
	for _, asked := range w.subject.Asked {
		at := first(func(e record.Event) bool { return e.Kind == record.Invoke && e.Method+" "+e.Text == asked })
		if end := w.ends(at); end >= 0 && strings.HasPrefix(asked, "query ") {
			w.raise(end, Decisive) // its answer is what it is for
		}
	}
}

// ends is the event with which the operation ends that began with one, or -1.
func (w *weigher) ends(began int) int {
	for at := began + 1; began >= 0 && at < len(w.events); at++ {
		if e := w.events[at]; e.Peer == w.events[began].Peer && e.Kind == record.Return {
			return at
		}
	}
	return -1
}

// servers finds which server gave the answers at the times that the verdict names.
func (w *weigher) servers() {
	for at, e := range w.events {
		if !w.subject.Ends(e) {
			continue
		}
		if e.Method != "get" { // a read that came to nothing has changed nothing
			w.doubts(at)
		}
		w.servedBy(at)
	}
}

// servedBy finds where the request arrived whose answer ends an operation.
func (w *weigher) servedBy(end int) {
	replied := end
	for replied >= 0 && !(w.events[replied].Kind == record.Replied && w.events[replied].Peer == w.events[end].Peer) {
		replied--
	}
	for back := replied - 1; back >= 0; back-- {
		r, d := w.events[replied], w.events[back]
		switch {
		case d.Kind == record.Invoke && d.Peer == r.Peer:
			return
		case d.Kind == record.Delivered && d.Peer == r.Peer && d.Other == r.Other && d.N == r.N:
			w.raise(back, Decisive)
			if w.events[end].Method == "get" && !w.sharded() {
				w.ledSince(d.Other, back)
			}
			return
		}
	}
}

// ledSince finds where a server began to lead that serves a read, if it was after the first of what the
// verdict names: it may know little yet.
func (w *weigher) ledSince(server, at int) {
	since := -1
	for _, c := range w.changes {
		if c.At < at && c.Peer == server && c.What == Leads {
			since = c.At
		}
	}
	if since >= 0 && len(w.subject.Times) > 0 && w.events[since].Time > slices.Min(w.subject.Times) {
		w.raise(since, Decisive)
	}
}

// mostDoubts is how many tries are shown of an operation before the one that ends it.
const mostDoubts = 2

// doubts finds the last tries of an operation, before the answer that ends it, of which its client did
// not hear what became of them: the answer was lost, or said that nobody knows.
func (w *weigher) doubts(end int) {
	client, found := w.events[end].Peer, 0
	for at := end - 1; at >= 0 && found < mostDoubts; at-- {
		e := w.events[at]
		if e.Peer != client || e.Time == w.events[end].Time && e.Kind == record.Replied {
			continue
		}
		if e.Kind == record.Invoke {
			return
		}
		err, ok := parse(e.Detail).find("err")
		open := ok && !slices.Contains(harmless, err.text) && !strings.Contains(err.text, "Wrong") // who is wrong has not done it
		if e.Kind == record.Dropped || e.Kind == record.Replied && open {
			w.raise(at, Decisive)
			found++
		}
	}
}
