package deduce

import (
	"fmt"
	"math"

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
