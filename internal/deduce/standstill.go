package deduce

import (
	"maps"
	"slices"
	"time"

	"raftlab/internal/record"
)

// longStandstill is how long nothing may follow from what peers have told each other: longer than any
// service, disk or election in a run that goes on.
const longStandstill = 3 * time.Second

// due is what a peer has said it has, and what its service has got of it.
type due struct {
	committed, at int // the newest index, and the event with which it first said so
	applied       int
}

// owes notes that a peer has answered a leader that it has what that vouches for as committed.
func (p *member) owes(index, at int) {
	if index > p.due.committed {
		if p.due.committed <= p.due.applied {
			p.due.at = at
		}
		p.due.committed = index
	}
}

// gives notes what the service of a peer has got.
func (p *member) gives(index, at int) {
	p.due.applied, p.due.at = max(p.due.applied, index), at
}

// withholds judges peers that up to the end of the run have given their service nothing for long,
// although there is something that they have, and know to be committed (§5.3, rules for all servers;
// Figure 13, 8).
func (w *witness) withholds() {
	end := w.end()
	for _, peer := range slices.Sorted(maps.Keys(w.members)) {
		p := w.members[peer]
		if !w.hands || p.down || p.paused || p.due.committed <= max(p.due.applied, p.base) || end-w.events[p.due.at].Time < longStandstill {
			continue
		}
		w.at = p.due.at
		w.breach(peer, "gives its service nothing from here on, %v to the end, although it has answered that it has the committed entry %d",
			(end - w.events[w.at].Time).Round(100*time.Millisecond), p.due.committed).Idle = true
	}
}

// vain are requests for votes, and for pre-votes, that were refused one like the other.
type vain struct {
	at, many         int // the first one, and how many
	voter, candidate int
	term             int
}

// leastInVain is how many votes have to be refused.
const leastInVain = 10

// polls follows answers to candidates: the first yes ends what was in vain.
func (w *witness) polls(e record.Event, c *asked, answer Answer) {
	v := w.vain[c.RPC]
	switch {
	case answer == Yes:
		v = vain{}
	case answer == No && v.many == 0:
		v = vain{at: w.at, many: 1, voter: e.Other, candidate: e.Peer, term: c.Term}
	case answer == No:
		v.many++
	}
	w.vain[c.RPC] = v
}

// inVain tells that up to the end of the run nobody has given anybody a vote, or a pre-vote, although
// many were asked and have answered, and that there was no leader. It accuses nobody: the one that asks
// may be wrong, or the one that answers.
func (w *witness) inVain() {
	end := w.end()
	for rpc, kind := range map[RPC]string{Vote: "votes", PreVote: "pre-votes"} {
		v := w.vain[rpc]
		if v.many < leastInVain || end-w.events[v.at].Time < longStandstill || w.ledAt > v.at {
			continue
		}
		w.at = v.at
		w.breach(v.voter, "refuses %d in term %d; from here on, %v to the end, all %d answers to requests for %s are refusals", v.candidate, v.term,
			(end - w.events[w.at].Time).Round(100*time.Millisecond), v.many, kind).Idle = true
	}
}

// end is when the run ended.
func (w *witness) end() time.Duration {
	if len(w.events) == 0 {
		return 0
	}
	return w.events[len(w.events)-1].Time
}
