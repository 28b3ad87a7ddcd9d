package deduce

import (
	"fmt"
	"math"
	"time"

	"raftlab/internal/record"
)

// promise is what a peer has told the leader of a term that it has, with the event.
type promise struct{ index, at int }

// promises notes that a peer has told the leader of a term that it has entries up to an index.
func (p *member) promises(term, index, at int) {
	if index > p.promised[term].index {
		p.promised[term] = promise{index, at}
	}
}

// returns notes up to where a peer's snapshot goes that starts again, if that is known.
func (p *member) returns(e record.Event, services bool) {
	p.back = math.MaxInt
	if n, _ := fmt.Sscanf(e.Text, "snapshot to %d", &p.back); n == 0 && !services {
		p.back = 0
	}
}

// breaksPromise judges that a peer that has started again refuses entries behind what it has told the
// leader of the same term that it has: what it has said it has to keep (§5.3, §8). In between only a
// leader of a newer term could have had it remove them, and to that it would refer.
func (w *witness) breaksPromise(e record.Event, c *asked) {
	q := w.of(e.Other)
	_, term := ReadReply(e.Detail)
	had := q.promised[c.Term]
	if had.index == 0 || had.at >= q.backAt || c.Prev <= q.back || c.Prev > had.index || term != c.Term || q.toldBroken {
		return
	}
	q.toldBroken = true
	w.denies(e.Other, had.at, "refuses entries after %d, but had told the leader of term %d that it has %d", c.Prev, c.Term, had.index)
}

// refused is the lowest place behind which a follower has refused entries, as its leader knows.
type refused struct {
	term, prev  int
	event       int
	at          time.Duration
	first, many int // messages that take no notice of it
}

// mostDeaf is how many messages a leader may send that take no notice of a refusal: calls that are tried
// again may bring what was right before.
const mostDeaf = 3

// steps notes that a follower has refused entries, or that it has some.
func (w *witness) steps(e record.Event, c *asked, answer Answer) {
	p := w.of(e.Peer)
	_, term := ReadReply(e.Detail)
	switch {
	case c.Term != p.leads:
	case c.RPC == Append && answer == No && term == c.Term:
		if q := w.of(e.Other); c.Prev <= max(q.base, q.told) {
			return // its snapshot may cover that, and it may have said so
		}
		if was, ok := p.refused[e.Other]; !ok || was.term != c.Term || c.Prev < was.prev {
			p.refused[e.Other] = &refused{term: c.Term, prev: c.Prev, event: w.at, at: e.Time}
		}
	case c.RPC == Append && answer == Yes || c.RPC == Install:
		delete(p.refused, e.Other)
	}
}

// goesBack judges that a leader goes back in its log for a follower that has refused entries, until that
// has said that it has some (Figure 2, leaders, 3).
func (w *witness) goesBack(e record.Event, r Request) {
	p := w.of(e.Peer)
	was := p.refused[e.Other]
	if r.RPC == Install {
		delete(p.refused, e.Other) // it cannot go back any further, and its heartbeats have to say something
	}
	if was == nil || was.term != r.Term || r.RPC != Append || r.Prev < was.prev || p.toldDeaf {
		return
	}
	if was.many++; was.many == 1 {
		was.first = w.at
	}
	if was.many < mostDeaf || e.Time-was.at <= patience {
		return
	}
	p.toldDeaf = true
	b := w.denies(e.Peer, was.event, "goes on from here to send %d entries after %d, but %d had refused those after %d: it does not go back in its log",
		e.Other, w.sentPrev(was.first), e.Other, was.prev)
	b.At, b.Idle = was.first, true
}

// sentPrev is behind what the entries stand that an event sends.
func (w *witness) sentPrev(at int) int {
	return ReadRequest(w.events[at].Method, w.events[at].Detail).Prev
}
