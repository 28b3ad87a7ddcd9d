package deduce

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// member is what is known of a peer: at least this is so.
type member struct {
	group   string
	started bool

	term    int // that it spoke of
	termAt  int // the event with which it first did
	heardIn int // the newest term in which it has accepted entries
	votes   map[int]int
	voteAt  map[int]int          // the events
	grants  map[int]map[int]bool // term -> who granted it a vote, as it knows
	leads   int                  // the newest term
	heardOf int                  // the newest term of which others have spoken to it, or in which it has stood
	working map[edge]int         // on requests, by the events with which they arrived
	words   map[int]word         // by followers
	tried   map[RPC]int          // in which term it last asked for votes, and for pre-votes
	led     int                  // the newest term of which it has been sent something by the leader
	before  int                  // its term when it crashed; 0 once that has been held against it

	log     map[int]int // index -> term
	last    int         // the log goes at least so far
	endAt   int         // the event with which its end came in
	unsure  int         // from here on only since it has sent them: a leader may send what it has not stored (§10.2.1)
	base    int
	longest int // and at most so far, if exact
	heard   []span
	exact   bool // it has never led, so that all that it has came by messages

	down, paused bool
	stirred      int // the event with which it last started, sent, or heard a leader

	promised map[int]promise // by terms: what it has told their leader
	back     int             // up to where its snapshot went when it last started again; MaxInt: nobody knows
	backAt   int             // the event

	due  due    // to its service
	away denial // what it has told clients last, one like the other

	snapshots map[int]bool  // by the index up to which they go
	heardAt   time.Duration // when it last answered the leader of its term, or 0
	stoodAt   time.Duration // when it first asked for votes in the term in which it last did
	urged     time.Duration // when it was last sent something else, such as that it is to stand
	news      news

	told  int         // the newest index that a message vouched for as committed
	match map[int]int // as a leader: what followers have said that they have
	// A breach of the kind has been told.
	toldEnd, toldCommit, toldEntry, toldRefusal, toldLeap, toldAlone, toldStay, toldBroken, toldLeft, hasty, obstinate bool
}

// span is what a request may bring: entries behind an index, up to another.
type span struct{ after, end int }

// news is the newest term that a peer was told of in a reply.
type news struct {
	term, by int
	at       time.Duration
	event    int
}

// place is where an entry is put: there is only one such entry (§5.3).
type place struct {
	group       string
	index, term int
}

func newMember() *member {
	return &member{votes: map[int]int{}, voteAt: map[int]int{}, grants: map[int]map[int]bool{}, log: map[int]int{}, match: map[int]int{},
		snapshots: map[int]bool{}, tried: map[RPC]int{}, words: map[int]word{}, working: map[edge]int{},
		promised: map[int]promise{}}
}

func (p *member) says(term, at int) {
	if term > p.term {
		p.term, p.termAt = term, at
	}
}

// crash forgets what is only in memory.
func (p *member) crash() {
	p.due = due{}
	p.heardAt = 0
	p.before = p.term
	clear(p.working)
	clear(p.words)
	clear(p.tried) // it may have stored a term, and said nothing yet
	if p.unsure > 0 {
		p.forget(p.unsure)
		p.unsure = 0
	}
	clear(p.match)
	clear(p.grants)
}

// standing is what is known of the peer when a request arrives.
func (p *member) standing(r Request) standing {
	return standing{term: p.term, termAt: p.termAt, last: p.last, endAt: p.endAt, lastTerm: p.log[p.last], prevTerm: p.log[r.Prev]}
}

// hears notes what a message vouches for: up to the last entry that it knows to be the leader's
// (Figure 2, AppendEntries, 5).
func (p *member) hears(r Request) {
	end := r.End()
	if r.More || r.Commit == Unknown {
		end = math.MaxInt
	}
	if s := (span{r.Prev, end}); !slices.Contains(p.heard, s) { // what is refused is sent for ever
		p.heard = append(p.heard, s)
	}
	for again := true; again; { // what came too early may have been kept until now
		again = false
		p.heard = slices.DeleteFunc(p.heard, func(s span) bool {
			if s.after > p.longest {
				return false
			}
			again = again || s.end > p.longest
			p.longest = max(p.longest, s.end)
			return true
		})
	}
	if r.Commit != Unknown {
		end = min(end, r.Commit)
	}
	p.told = max(p.told, end)
}

// accepts makes the log agree with a request that was answered with a yes, after a look at whether
// that was right.
func (w *witness) accepts(peer, leader int, c *asked) {
	p := w.of(peer)
	if c.Term < c.then.term {
		w.denies(peer, c.then.termAt, "accepts entries from %d in term %d, but had been in term %d already", leader, c.Term, c.then.term)
		return
	}
	if was := p.log[c.Prev]; was > 0 && was == c.then.prevTerm && c.PrevTerm > 0 && was != c.PrevTerm && c.Prev > p.base {
		w.breach(peer, "accepts entries after %d of term %d, but has %d of term %d", c.Prev, c.PrevTerm, c.Prev, was)
	}
	if p.exact && c.Prev > p.longest {
		w.breach(peer, "accepts entries after %d, but can have none after %d", c.Prev, p.longest)
	}
	p.longest = max(p.longest, c.End())
	p.heardIn = max(p.heardIn, c.Term)
	if c.Prev > 0 && c.PrevTerm > 0 {
		p.enter(c.Prev, c.PrevTerm, w.at)
	}
	for i, e := range c.Entries {
		p.enter(c.Prev+1+i, e.Term, w.at)
	}
	if p.unsure > 0 && c.End() >= p.unsure {
		p.unsure = 0 // what it agrees to it has stored
	}
}

func (p *member) enter(index, term, at int) {
	if index <= p.base || term <= 0 {
		return
	}
	if was, ok := p.log[index]; ok && was != term {
		cutFrom(p.log, index)
		p.last = index - 1
	}
	if index > p.last || p.log[index] != term {
		p.endAt = at
	}
	p.log[index] = term
	p.last = max(p.last, index)
}

// forget is for what may be gone: entries from an index on.
func (p *member) forget(from int) {
	cutFrom(p.log, from)
	p.last = min(p.last, max(from-1, 0))
}

// cutFrom removes the entries from an index on. It goes by what is there and not by numbers: those
// come from the code under test, which may send any.
func cutFrom[E any](log map[int]E, from int) {
	maps.DeleteFunc(log, func(i int, _ E) bool { return i >= from })
}

// refuses: some peers remove what conflicts when they refuse.
func (p *member) refuses(r Request) {
	if r.Term >= p.term {
		p.forget(r.Prev)
	}
}

// installs: whether a snapshot was taken, and what was left behind it, nobody has said.
func (p *member) installs(r Request) {
	if p.log[r.Prev] != r.PrevTerm {
		p.forget(0)
		p.exact = false
	}
}

// asLeader judges what a leader sends: it agrees with what the leader has sent before, and has
// accepted before that.
func (w *witness) asLeader(peer int, r Request) {
	p := w.of(peer)
	if r.RPC == Install && len(p.snapshots) > 0 && !p.snapshots[r.Prev] {
		w.breach(peer, "sends a snapshot up to %d, but the newest that it has goes up to %d", r.Prev, p.base)
		p.snapshots[r.Prev] = true // said once
	}
	if r.RPC != Append || r.Term < p.term {
		return
	}
	w.matches(peer, p, r)
	if was, ok := p.log[r.Prev]; ok && r.PrevTerm > 0 && was != r.PrevTerm && r.Prev > p.base {
		w.breach(peer, "says that its entry %d is of term %d, but it had one of term %d", r.Prev, r.PrevTerm, was)
	}
	if r.Prev > 0 && r.PrevTerm > 0 {
		p.enter(r.Prev, r.PrevTerm, w.at)
	}
	for i, e := range r.Entries {
		if index := r.Prev + 1 + i; p.log[index] != e.Term && (p.unsure == 0 || index < p.unsure) {
			p.unsure = index
		}
		p.enter(r.Prev+1+i, e.Term, w.at)
	}
	if r.Commit != Unknown {
		w.commits(peer, r.Commit)
	}
}

// matches judges that there is one entry of a term at an index, whoever sends it (§5.3).
func (w *witness) matches(peer int, p *member, r Request) {
	for i, e := range r.Entries {
		at := place{p.group, r.Prev + 1 + i, e.Term}
		if e.Command == "" || strings.Contains(e.Command, "...") {
			continue // the trace has a part of it
		}
		if was, ok := w.entries[at]; ok && was != e.Command && !p.toldEntry {
			p.toldEntry = true
			w.breach(peer, "sends %.30s as entry %d%s, which was %.30s before", e.Command, at.index, ofTerm(e.Term), was)
		}
		w.entries[at] = e.Command
	}
}

// learns notes what a reply tells the one that asked.
func (w *witness) learns(e record.Event, c *asked, answer Answer) {
	p := w.of(e.Peer)
	switch {
	case c.RPC == Vote && answer == Yes:
		if p.grants[c.Term] == nil {
			p.grants[c.Term] = map[int]bool{}
		}
		p.grants[c.Term][e.Other] = true
	case c.RPC == Append && answer == Yes && c.Term == p.leads:
		end := c.End()
		if c.More {
			end = math.MaxInt
		}
		p.match[e.Other] = max(p.match[e.Other], end)
	case c.RPC == Append && answer == NoAnswer:
		w.mute = true
	case c.RPC == Install && c.Term == p.leads:
		p.match[e.Other] = max(p.match[e.Other], c.Prev)
	}
}

// commits judges that a leader counts entries up to an index as committed.
func (w *witness) commits(peer, index int) {
	p := w.of(peer)
	if index <= p.told || w.mute || p.toldCommit {
		return
	}
	counted := w.counted(p)
	if index > counted {
		p.toldCommit = true
		w.breach(peer, "counts %d as committed, but a majority is known to have no more than %d", index, max(counted, 0))
		return
	}
	own := false
	// More numbers than entries: some of them are missing, and an entry that is not known may be its own.
	for i := index; i <= min(counted, p.last, index+len(p.log)); i++ {
		term, ok := p.log[i]
		own = own || !ok || term == p.leads
	}
	if counted == math.MaxInt || own || p.last < index {
		p.told = index
		return
	}
	p.toldCommit = true
	w.breach(peer, "counts %d%s as committed, without an entry of its own term %d that a majority has", index, ofTerm(p.log[index]), p.leads)
}

// counted is up to where a majority has said that it has the leader's entries.
func (w *witness) counted(p *member) int {
	ends := []int{math.MaxInt} // its own
	for _, end := range p.match {
		ends = append(ends, end)
	}
	slices.Sort(ends)
	slices.Reverse(ends)
	if n := w.majority(p); n <= len(ends) {
		return ends[n-1]
	}
	return 0
}

// applies judges an entry that is handed to the service.
func (w *witness) applies(e record.Event) {
	p := w.of(e.Peer)
	if e.Index <= p.told || w.mute || !w.reads || p.toldCommit {
		return
	}
	if p.leads == p.term && p.leads > 0 {
		w.commits(e.Peer, e.Index)
		return
	}
	if e.Index > w.counted(p) || p.leads == 0 {
		p.toldCommit = true
		w.breach(e.Peer, "applies %d, but no message has vouched for more than %d", e.Index, p.told)
	}
}
