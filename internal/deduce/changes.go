package deduce

import (
	"regexp"
	"strconv"

	"raftlab/internal/record"
)

// What is the part of a peer's state that a change is about.
type What string

// What changes.
const (
	Fresh     What = "fresh"     // the peer starts with nothing
	Down      What = "down"      // it crashed: what is not persisted is gone
	Up        What = "up"        // it is back
	Paused    What = "paused"    // its goroutines stand still
	Resumed   What = "resumed"   //
	Follows   What = "follower"  // role, in Term
	Stands    What = "candidate" // role, in Term
	Leads     What = "leader"    // role, in Term
	Votes     What = "vote"      // in Term, for Index
	Entered   What = "entry"     // at Index, of Term, Command
	Truncated What = "truncated" // entries from Index on are gone
	Committed What = "commit"    // up to Index
	Applied   What = "applied"   // up to Index
	Compacted What = "snapshot"  // up to Index
)

// Change is one thing that an event tells about a peer.
type Change struct {
	At      int // position of the event
	Peer    int
	What    What
	Index   int
	Term    int
	Command string
}

// peer is what is known of one peer so far.
type peer struct {
	term, commit int
	role         What
	votedTerm    int
	votedFor     int
	log          map[int]Entry
	last         int
	base         int
	up           bool
}

type follower struct {
	events  []record.Event
	peers   map[int]*peer
	asked   map[edge]Request
	changes []Change
	at      int
}

// Changes returns what the events tell about the state of peers, in their order. Nothing is told
// twice.
func Changes(events []record.Event) []Change {
	f := &follower{events: events, peers: map[int]*peer{}, asked: map[edge]Request{}}
	for at, e := range events {
		f.at = at
		f.event(e)
	}
	return f.changes
}

func (f *follower) of(p int) *peer {
	if f.peers[p] == nil {
		f.peers[p] = &peer{log: map[int]Entry{}, role: Follows, votedTerm: Unknown, up: true}
	}
	return f.peers[p]
}

func (f *follower) note(p int, c Change) {
	c.At, c.Peer = f.at, p
	f.changes = append(f.changes, c)
}

// pauses are notes of the harness about one peer.
var pauses = regexp.MustCompile(`^peer (\d+) (is paused|goes on)$`)

func (f *follower) event(e record.Event) {
	if m := pauses.FindStringSubmatch(e.Text); e.Kind == record.Note && m != nil {
		what := Paused
		if m[2] == "goes on" {
			what = Resumed
		}
		p, _ := strconv.Atoi(m[1]) // the pattern has digits only
		f.note(p, Change{What: what})
		return
	}
	if e.Peer < 0 || e.Peer >= record.FirstClient {
		return // clients have no state that anybody knows
	}
	switch e.Kind {
	case record.Start:
		delete(f.peers, e.Peer)
		f.of(e.Peer)
		f.note(e.Peer, Change{What: Fresh})
	case record.CrashPeer:
		p := f.of(e.Peer)
		p.up, p.role, p.commit = false, Follows, p.base
		f.note(e.Peer, Change{What: Down})
	case record.Restart:
		f.of(e.Peer).up = true
		f.note(e.Peer, Change{What: Up})
	case record.State:
		role := Follows
		if e.Leader {
			role = Leads
		} else if p := f.of(e.Peer); e.Term == p.term && p.role != Leads {
			role = p.role // a candidate says no more than that it does not lead
		}
		f.role(e.Peer, role, e.Term)
	case record.Apply:
		p := f.of(e.Peer)
		if _, ok := p.log[e.Index]; !ok {
			f.enter(e.Peer, e.Index, Entry{Unknown, e.Text})
		}
		f.commit(e.Peer, e.Index)
		f.note(e.Peer, Change{What: Applied, Index: e.Index, Term: p.log[e.Index].Term, Command: e.Text})
	case record.Snapshot:
		p := f.of(e.Peer)
		p.base, p.last = max(p.base, e.Index), max(p.last, e.Index)
		f.commit(e.Peer, e.Index)
		f.note(e.Peer, Change{What: Compacted, Index: e.Index, Command: e.Text})
	case record.Sent:
		f.sent(e)
	case record.Handled:
		f.handled(e)
	}
}

// sent is about the sender, which acts on what it has.
func (f *follower) sent(e record.Event) {
	r := ReadRequest(e.Method, e.Detail)
	f.asked[callOf(e)] = r
	switch r.RPC {
	case Vote:
		f.role(e.Peer, Stands, r.Term)
		f.vote(e.Peer, r.Term, e.Peer)
	case Append, Install:
		f.role(e.Peer, Leads, r.Term)
		f.entries(e.Peer, r)
		f.commit(e.Peer, r.Commit)
	}
}

// handled is about the receiver, which has done what the request asked for if it says so.
func (f *follower) handled(e record.Event) {
	r, known := f.asked[callOf(e)]
	if !known || e.Other >= record.FirstClient {
		return
	}
	answer, term := ReadReply(e.Detail)
	p := f.of(e.Other)
	switch r.RPC {
	case Vote:
		if answer == Yes {
			f.role(e.Other, Follows, r.Term)
			f.vote(e.Other, r.Term, e.Peer)
		}
	case Append:
		if answer == Yes {
			f.role(e.Other, Follows, r.Term)
			f.entries(e.Other, r)
			f.commit(e.Other, min(r.Commit, r.End()))
		}
	}
	if r.RPC != PreVote && term > p.term {
		f.role(e.Other, Follows, term)
	}
}

func (f *follower) role(who int, role What, term int) {
	p := f.of(who)
	if term == Unknown || term == p.term && role == p.role {
		return
	}
	if term < p.term && role == Follows {
		return // what somebody says about an older term
	}
	p.term, p.role = term, role
	f.note(who, Change{What: role, Term: term})
}

func (f *follower) vote(who, term, whom int) {
	p := f.of(who)
	if p.votedTerm == term && p.votedFor == whom {
		return
	}
	p.votedTerm, p.votedFor = term, whom
	f.note(who, Change{What: Votes, Term: term, Index: whom})
}

func (f *follower) commit(who, index int) {
	if p := f.of(who); index > p.commit {
		p.commit = index
		f.note(who, Change{What: Committed, Index: index})
	}
}

// entries makes the log agree with those of a request, by the rule of the receiver in Figure 2.
func (f *follower) entries(who int, r Request) {
	if r.RPC == Append && r.Prev > 0 && r.PrevTerm > 0 {
		f.enter(who, r.Prev, Entry{r.PrevTerm, ""})
	}
	for i, e := range r.Entries {
		f.enter(who, r.Prev+1+i, e)
	}
}

func (f *follower) enter(who, index int, e Entry) {
	p := f.of(who)
	if index <= p.base {
		return
	}
	was, ok := p.log[index]
	if ok && was.Term != e.Term && was.Term != Unknown && e.Term != Unknown {
		cutFrom(p.log, index)
		p.last, ok = index-1, false
		f.note(who, Change{What: Truncated, Index: index, Term: was.Term, Command: was.Command})
	}
	if ok && (e.Command == "" || e.Command == was.Command || was.Command != "") && (was.Term != Unknown || e.Term == Unknown) {
		return
	}
	if ok && e.Command == "" {
		e.Command = was.Command
	}
	p.log[index], p.last = e, max(p.last, index)
	f.note(who, Change{What: Entered, Index: index, Term: e.Term, Command: e.Command})
}
