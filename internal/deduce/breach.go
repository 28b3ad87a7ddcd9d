package deduce

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"raftlab/internal/record"
)

// Breach is an event at which a peer or a client does what its own earlier words, or those that it
// has heard, exclude.
type Breach struct {
	At   int // position of the event
	Peer int
	What string // "grants its vote to 1, whose log ends at 3, although its own ends at 5 (term 2)"
	// Since is the event that made so what the breach denies, if one did: with which it had accepted
	// the entry, voted for another, or spoken of the later term. 0: there is none.
	Since int
	// Value is what a client wrote, if the breach is about one write of many that went the same way.
	Value string
	// Idle: it is about what does not happen, and says something only about a verdict that is.
	Idle bool
	// Rule: it says something only about a verdict by this rule, if that is not "".
	Rule string
}

// Tells says whether the breach says something about a verdict.
func (b Breach) Tells(s Subject) bool {
	return (!b.Idle || s.Liveness()) && (b.Rule == "" || b.Rule == s.Rule)
}

// Breaches finds where peers contradict themselves, and clients. It knows what the trace tells and
// no more, so that it is silent where something may have happened between two messages; what it
// says is so.
//
//   - election.go: votes, terms, who leads (§5.1, §5.2, §5.4.1)
//   - silence.go: what peers do not say (§5.2)
//   - standstill.go: what does not follow from what they have said
//   - promises.go: what they have told leaders that they have (§5.3)
//   - ledger.go: what a log is known to hold, and what of it may be committed (§5.3, §5.4.2)
//   - asking.go: clients, and the servers that answer them (§8)
//   - services.go: what servers tell clients and each other
func Breaches(events []record.Event) []Breach {
	w := &witness{events: events, calls: map[edge]*asked{}, others: map[edge]string{}, clients: newClients(), services: newServices()}
	w.begin()
	for at, e := range events {
		w.at = at
		w.event(e)
	}
	w.silent()
	w.leftAlone()
	w.unanswered()
	w.turnedAway()
	w.withholds()
	w.inVain()
	w.unfounded()
	w.breaches = append(w.breaches, w.clients.unfounded()...)
	slices.SortStableFunc(w.breaches, func(a, b Breach) int { return cmp.Compare(a.At, b.At) })
	return w.breaches
}

// asked is a call, with what was known of the one that is asked when the request arrived. A handler
// works at some time between that and its end.
type asked struct {
	Request
	arrived bool
	then    standing
}

// standing is what is known of a peer at an instant, as far as it decides on votes and entries.
type standing struct {
	term, termAt   int
	last, lastTerm int // the log goes at least so far
	endAt          int // the event with which its end came in
	prevTerm       int // of the entry that the request wants to be there, 0 if that is not known
}

// witness reads the events of a run one after the other.
type witness struct {
	events   []record.Event
	at       int
	members  map[int]*member
	groups   map[string]int // how many servers each has
	calls    map[edge]*asked
	others   map[edge]string // requests that are none of Raft's, between servers
	clients  *clients
	services *services
	entries  map[place]string // what was put there
	reads    bool             // there are AppendEntries whose arguments can be read
	mute     bool             // but their answers cannot
	refusals []refusal
	vain     map[RPC]vain
	ledAt    int  // the last message of a leader
	hands    bool // what services get can be seen
	breaches []Breach
}

// begin begins a cluster.
func (w *witness) begin() {
	w.members, w.groups, w.reads, w.mute = map[int]*member{}, map[string]int{}, false, false
	w.entries = map[place]string{}
	w.vain, w.ledAt, w.hands = map[RPC]vain{}, 0, false
	clear(w.calls)
}

func (w *witness) breach(peer int, format string, args ...any) *Breach {
	w.breaches = append(w.breaches, Breach{At: w.at, Peer: peer, What: fmt.Sprintf(format, args...)})
	return &w.breaches[len(w.breaches)-1]
}

// denies is breach, with the event that made so what is denied.
func (w *witness) denies(peer, since int, format string, args ...any) *Breach {
	b := w.breach(peer, format, args...)
	b.Since = since
	return b
}

func (w *witness) of(peer int) *member {
	if w.members[peer] == nil {
		w.members[peer] = newMember()
	}
	return w.members[peer]
}

// majority is how many of a peer's group are one.
func (w *witness) majority(p *member) int { return w.groups[p.group]/2 + 1 }

func (w *witness) event(e record.Event) {
	w.clients.event(w, e)
	w.services.event(w, e)
	if m := pauses.FindStringSubmatch(e.Text); e.Kind == record.Note && m != nil {
		n, _ := strconv.Atoi(m[1]) // the pattern has digits only
		w.of(n).paused = m[2] == "is paused"
		w.of(n).stirred = w.at
	}
	if e.Kind == record.Handled && e.Peer >= record.FirstClient && e.Other >= 0 {
		w.of(e.Other).turnsAway(e, w.at)
	}
	if e.Peer < 0 || e.Peer >= record.FirstClient {
		return
	}
	p := w.of(e.Peer)
	w.lives(e, p)
	switch e.Kind {
	case record.Start:
		if p.started {
			w.begin() // of the case's next cluster
			p = w.of(e.Peer)
		}
		p.started, p.group, p.exact = true, e.Text, true
		w.groups[e.Text]++
	case record.CrashPeer:
		p.crash()
	case record.Restart:
		// A service may have stored a snapshot that the trace does not tell of.
		p.toldCommit = p.toldCommit || w.clients.seen
		p.returns(e, w.clients.seen)
		p.backAt = w.at
	case record.State:
		if e.Term < p.before {
			w.denies(e.Peer, p.termAt, "says that its term is %d, but had been in term %d before its restart", e.Term, p.before)
			p.before = 0
		}
		p.says(e.Term, w.at)
		if e.Leader {
			w.leads(e.Peer, e.Term)
		}
	case record.Apply:
		w.hands = true
		p.gives(e.Index, w.at)
		w.applies(e)
	case record.Snapshot:
		p.base, p.snapshots[e.Index] = max(p.base, e.Index), true
		p.told = max(p.told, e.Index)
		p.longest = max(p.longest, e.Index)
		p.gives(e.Index, w.at)
	case record.Sent:
		w.sent(e)
	case record.Dropped:
		p.loses(e.Other)
	case record.Delivered, record.Handled, record.Replied:
		if _, other := w.others[callOf(e)]; other && e.Kind == record.Replied {
			_, term := ReadReply(e.Detail)
			p.heardOf = max(p.heardOf, term)
		}
		if c := w.calls[callOf(e)]; c != nil && e.Other < record.FirstClient {
			w.message(e, c)
		}
	}
}

func (w *witness) sent(e record.Event) {
	r := ReadRequest(e.Method, e.Detail)
	if r.RPC == Other {
		if e.Other < record.FirstClient {
			q := w.of(e.Other)
			q.urged = e.Time // it may be what has a peer stand at once
			q.heardOf = max(q.heardOf, r.Term)
			if e.Peer < record.FirstClient {
				w.others[callOf(e)] = e.Detail
			}
		}
		return
	}
	w.calls[callOf(e)] = &asked{Request: r}
	p := w.of(e.Peer)
	if r.RPC != PreVote && r.Term < p.before {
		w.denies(e.Peer, p.termAt, "asks in term %d, but had been in term %d before its restart", r.Term, p.before)
		p.before = 0
	}
	switch r.RPC {
	case Vote, PreVote:
		w.early(e, r)
		w.stands(e.Peer, r)
	case Append, Install:
		w.ledAt = w.at
		w.clients.carries(r)
		w.goesOn(e, r)
		w.speaks(e, r.Term)
		w.reads = w.reads || r.Commit != Unknown
		w.leads(e.Peer, r.Term)
		w.asLeader(e.Peer, r)
	}
}

// message follows a request that arrives, is worked on, and answered.
func (w *witness) message(e record.Event, c *asked) {
	q := w.of(e.Other)
	switch e.Kind {
	case record.Delivered:
		if !c.arrived {
			c.then, c.arrived = q.standing(c.Request), true
		}
		q.heardOf = max(q.heardOf, c.Term)
		q.working[callOf(e)] = w.at
		if c.RPC == Append || c.RPC == Install {
			q.led = max(q.led, c.Term)
		}
		if c.RPC == Append {
			q.hears(c.Request)
		}
		if c.RPC == Install {
			q.told, q.longest = max(q.told, c.Prev), math.MaxInt
		}
	case record.Handled:
		delete(q.working, callOf(e))
		answer, term := ReadReply(e.Detail)
		if c.arrived {
			w.answers(e, c, answer)
		}
		if c.RPC != PreVote { // where a yes may repeat the term that was asked about
			q.says(term, w.at)
		}
	case record.Replied:
		answer, term := ReadReply(e.Detail)
		p := w.of(e.Peer)
		if c.RPC != PreVote && term > p.news.term {
			p.news = news{term, e.Other, e.Time, w.at}
		}
		if c.RPC != PreVote || answer == No {
			p.heardOf = max(p.heardOf, term)
		}
		w.learns(e, c, answer)
	}
}

// answers judges the answer of a handler by what was known when it began.
func (w *witness) answers(e record.Event, c *asked, answer Answer) {
	q := w.of(e.Other)
	if _, term := ReadReply(e.Detail); (c.RPC == Append || c.RPC == Install) && term == c.Term && term >= c.then.term {
		q.heardAt = e.Time
	}
	if c.RPC == Vote || c.RPC == PreVote {
		w.polls(e, c, answer)
	}
	switch {
	case (c.RPC == Vote || c.RPC == PreVote) && answer == Yes:
		w.grants(e.Other, e.Peer, c)
	case c.RPC == Vote && answer == No:
		w.refusesVote(e, c)
	case c.RPC == Append && answer == Yes:
		w.accepts(e.Other, e.Peer, c)
		q.promises(c.Term, c.End(), w.at)
		q.owes(min(c.Commit, c.End()), w.at)
	case c.RPC == Append && answer == No:
		w.breaksPromise(e, c)
		q.refuses(c.Request)
	case c.RPC == Install:
		if _, term := ReadReply(e.Detail); term == c.Term {
			q.promises(c.Term, c.Prev, w.at)
			q.owes(c.Prev, w.at)
		}
		q.installs(c.Request)
	}
}
