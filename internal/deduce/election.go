package deduce

import (
	"time"

	"raftlab/internal/record"
)

// stands judges the request of a candidate, or of a peer that asks whether it should be one.
func (w *witness) stands(peer int, r Request) {
	p := w.of(peer)
	w.leaps(peer, r)
	w.leftToStand(peer)
	w.passedOver(peer)
	if r.RPC == Vote {
		p.heardOf = max(p.heardOf, r.Term)
		p.says(r.Term, w.at)
		if whom, ok := p.votes[r.Term]; ok && whom != peer {
			w.denies(peer, p.voteAt[r.Term], "stands in term %d, in which it has voted for %d", r.Term, whom)
		}
		p.votes[r.Term], p.voteAt[r.Term] = peer, w.at
	}
	if r.RPC == PreVote || r.Last == Unknown || r.LastTerm == Unknown || p.heardIn >= r.Term {
		return // what it says may be older than the last thing that it heard
	}
	if !atLeast(r.Last, r.LastTerm, p.last, p.log[p.last]) && !p.toldEnd {
		p.toldEnd = true
		w.denies(peer, p.endAt, "says that its log ends at %d%s, but it had accepted %d%s", r.Last, ofTerm(r.LastTerm), p.last, ofTerm(p.log[p.last]))
	}
}

// leaps judges that a candidate's term is one above the newest that it knows, of its own elections and
// of others (§5.2). Whoever only asks whether it should stand is not in that term yet (§9.6), so that
// asking once more does not raise it.
func (w *witness) leaps(peer int, r Request) {
	p := w.of(peer)
	was := p.tried[r.RPC]
	p.tried[r.RPC] = r.Term
	w.staysInTerm(peer, r, was)
	if was == 0 || r.Term <= max(was, p.heardOf+1) || p.toldLeap {
		return // where the first term begins is everybody's own affair
	}
	p.toldLeap = true
	kind := "votes"
	if r.RPC == PreVote {
		kind = "pre-votes"
	}
	w.breach(peer, "asks for %s in term %d, but the newest term that it has stood in or heard of is %d", kind, r.Term, p.heardOf)
}

// longElection is how long a candidate asks for votes in one term at most: then it stands in the next one
// (§5.2).
const longElection = time.Second

// staysInTerm judges that a candidate that is not elected does not ask again in the same term.
func (w *witness) staysInTerm(peer int, r Request, was int) {
	p := w.of(peer)
	now := w.events[w.at].Time
	if r.RPC != Vote || r.Term != was {
		if r.RPC == Vote {
			p.stoodAt = now
		}
		return
	}
	if now-p.stoodAt > longElection && !p.toldStay {
		p.toldStay = true
		w.breach(peer, "still asks for votes in term %d, %v after it first did", r.Term, (now - p.stoodAt).Round(time.Millisecond)).Idle = true
	}
}

// soon is the least election timeout that a peer may draw (docs/timing.md), without the time that
// a message may take.
const soon = 120 * time.Millisecond

// early judges that a peer stands, or asks whether it should, soon after it has heard the leader of its
// term, whose entries it may have refused: a refusal is an answer to a leader all the same.
func (w *witness) early(e record.Event, r Request) {
	p := w.of(e.Peer)
	if p.urged > 0 && e.Time-p.urged < time.Second {
		return
	}
	if p.heardAt > 0 && e.Time-p.heardAt < soon && r.Term > p.heardIn && !p.hasty {
		p.hasty = true
		w.breach(e.Peer, "stands in term %d, %v after it has heard the leader", r.Term, (e.Time - p.heardAt).Round(time.Millisecond))
	}
}

// lives notes signs of life.
func (w *witness) lives(e record.Event, p *member) {
	switch e.Kind {
	case record.CrashPeer:
		p.down = true
	case record.Start, record.Restart:
		p.down, p.stirred = false, w.at
	case record.Sent:
		p.stirred = w.at
	case record.Delivered, record.Handled:
		if e.Other < record.FirstClient {
			q := w.of(e.Other)
			if r := w.calls[callOf(e)]; r == nil || (r.RPC == Append || r.RPC == Install) && r.Term >= q.term { // whose term is over leads nobody
				q.stirred = w.at
			}
		}
	}
}

// patience is how long a leader may go on after a reply with a newer term has come: it may have
// sent something at the same time, or wait for its disk.
const patience = 30 * time.Millisecond

// goesOn judges that a leader still leads a term that it has been told is over.
func (w *witness) goesOn(e record.Event, r Request) {
	p := w.of(e.Peer)
	if n := p.news; n.term > r.Term && e.Time-n.at > patience && !p.obstinate {
		p.obstinate = true
		w.denies(e.Peer, n.event, "goes on as leader of term %d, but %d had told it of term %d", r.Term, n.by, n.term)
	}
}

// atLeast says whether a log that ends like the first is at least as new as one that ends like the
// second (§5.4.1).
func atLeast(last, lastTerm, other, otherTerm int) bool {
	return lastTerm > otherTerm || lastTerm == otherTerm && last >= other
}

// grants judges a vote.
func (w *witness) grants(voter, candidate int, c *asked) {
	p := w.of(voter)
	kind := "vote"
	if c.RPC == PreVote {
		kind = "pre-vote"
	}
	if c.Last != Unknown && c.LastTerm != Unknown && !atLeast(c.Last, c.LastTerm, c.then.last, c.then.lastTerm) {
		w.denies(voter, c.then.endAt, "grants its %s to %d, whose log ends at %d%s, but its own at %d%s", kind, candidate, c.Last, ofTerm(c.LastTerm),
			c.then.last, ofTerm(c.then.lastTerm))
	}
	if c.RPC == PreVote {
		return
	}
	if c.Term < c.then.term {
		w.denies(voter, c.then.termAt, "votes for %d in term %d, but had been in term %d already", candidate, c.Term, c.then.term)
	}
	if whom, ok := p.votes[c.Term]; ok && whom != candidate {
		w.denies(voter, p.voteAt[c.Term], "votes for %d in term %d, in which it has voted for %d", candidate, c.Term, whom)
		return
	}
	p.votes[c.Term], p.voteAt[c.Term] = candidate, w.at
	p.says(c.Term, w.at)
}

// refusal is a vote that was refused without a reason that could be seen.
type refusal struct {
	at, voter, candidate, term int
	p                          *member
}

// refusesVote notes a refusal by a peer that has moved to the term, and cannot have a newer log: it
// is no longer, and of no later term; or all terms of which it can have entries, which it has led or
// heard a leader of, are older than the candidate's last one.
func (w *witness) refusesVote(e record.Event, c *asked) {
	p := w.of(e.Other)
	_, term := ReadReply(e.Detail)
	known := c.Last != Unknown && c.LastTerm != Unknown &&
		(p.exact && (p.longest == 0 || p.longest <= c.Last && p.heardIn <= max(c.LastTerm, 0)) || p.started && max(p.leads, p.led) < c.LastTerm)
	_, voted := p.votes[c.Term]
	if voted || !known || term != c.Term || max(p.leads, p.led) >= c.Term { // or the term has its leader already
		return
	}
	w.refusals = append(w.refusals, refusal{w.at, e.Other, e.Peer, c.Term, p})
}

// unfounded judges refusals at the end, when it is known who else got the vote.
func (w *witness) unfounded() {
	for _, r := range w.refusals {
		if _, voted := r.p.votes[r.term]; !voted && !r.p.toldRefusal {
			r.p.toldRefusal = true
			w.at = r.at
			w.breach(r.voter, "refuses its vote to %d in term %d, in which it votes for nobody, and its log is no newer", r.candidate, r.term)
		}
	}
}

// leads judges that a peer leads a term: the votes have to have come.
func (w *witness) leads(peer, term int) {
	p := w.of(peer)
	p.says(term, w.at)
	if p.leads >= term {
		return
	}
	// What it knew to be committed as the leader of an older term it need not have told anybody.
	if end := w.counted(p); p.log[end] == p.leads || end > p.last {
		p.told = max(p.told, end)
	}
	p.leads, p.exact = term, false
	clear(p.match)
	if votes := len(p.grants[term]) + 1; votes < w.majority(p) {
		w.breach(peer, "leads term %d with %d of %d votes, its own among them", term, votes, w.groups[p.group])
	}
}
