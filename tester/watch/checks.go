package watch

import (
	"fmt"
	"sync"

	"raftlab/internal/contract"
	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/tester/rules"
)

// Checks watches one cluster for broken rules, online: it sees every message, every applied entry
// and every answer to the harness, and remembers what they prove. It only ever judges what a peer
// did while it was alive, and it never guesses: where the shape of an RPC is not recognised
// (shapes.go) a rule is reported as not checked.
//
// What is taken for proof:
//
//	leads a term      says so to GetState or Start, or sends AppendEntries or InstallSnapshot for it
//	voted in a term   granted RequestVote, or asks for votes for itself
//	had a term        did one of these, or agreed to an AppendEntries of the term: all of them are
//	                  to be preceded by a write to stable storage (Figure 2)
//	committed         applied by any peer
type Checks struct {
	run           Run
	n             int
	cluster       int
	detail        bool              // messages are written out in the trace
	snapshotBytes int               // the least size of a snapshot
	snapshotTerms bool              // SnapshotTerm is judged
	terms         contract.Contract // of the year that the peers are of

	// mu guards the rest, and the changes of Life.alive: what is judged under it was done either
	// before a crash or after it.
	mu         sync.Mutex
	lives      []*Life // all there have been
	current    []*Life // the latest of each peer
	entries    []entry // what was applied, by index; the first is a placeholder
	newest     int     // newest term seen anywhere
	first      []int   // of each peer: the first peer of its Raft cluster; all 0 but for Groups
	dataless   int     // the first peer of the Raft cluster that keeps no data of clients; -1: none
	leaders    map[leadership]int
	votes      []map[int]int // of each peer: term -> the candidate it voted for
	had        []int         // newest term of each peer in its present Life, for certain
	hadBefore  []int         // ... and in earlier lives
	open       map[delivery]request
	shapes     *shapes
	sawVote    bool // a vote with a reply that we can read
	sawAppend  bool
	deliveries []int                 // of peers' requests, to each peer
	served     []int                 // of clients' requests, likewise
	visited    []int                 // of requests from outside the peer's Raft cluster, likewise
	peerCalls  int                   // that peers have made
	peerBytes  int64                 // of their requests, and of the replies that arrived
	observer   func(*labrpc.Message) // of peers' messages; may be nil
	flood      flood                 // of peers' and clients' requests
	states     []state               // what each peer last said to GetState
	q          quorums
	pasts      []past // of each peer
}

// state is what GetState said.
type state struct {
	term   int
	leader bool
}

// leadership is what a leader has: a term, in the Raft cluster that begins with a certain peer.
type leadership struct{ first, term int }

// delivery names a request that a handler works on.
type delivery struct {
	from, to  int
	n         uint64
	duplicate bool
}

// request is what was in it, and who works on it.
type request struct {
	by        *Life
	shape     *argsShape
	term      int
	candidate int
	entries   bool // it has some
}

// New watches cluster number cluster of a run, which has n peers. detail has messages written out
// in the trace; terms is the contract that the peers keep.
func New(run Run, cluster, n int, detail bool, terms contract.Contract) *Checks {
	k := &Checks{run: run, n: n, dataless: -1, cluster: cluster, detail: detail, terms: terms,
		entries: make([]entry, 1), leaders: map[leadership]int{}, open: map[delivery]request{}}
	k.current = make([]*Life, n)
	k.first = make([]int, n)
	k.votes = make([]map[int]int, n)
	for i := range k.votes {
		k.votes[i] = map[int]int{}
	}
	k.had, k.hadBefore = make([]int, n), make([]int, n)
	k.deliveries, k.served, k.visited, k.states = make([]int, n), make([]int, n), make([]int, n), make([]state, n)
	k.pasts = make([]past, n)
	k.shapes = newShapes()
	k.q = newQuorums(n)
	return k
}

// IsGroup says that these peers, which follow each other, are a Raft cluster of their own, in which
// they are numbered from 0. It is called before they begin.
func (k *Checks) IsGroup(peers []int) {
	for _, i := range peers {
		k.first[i] = peers[0]
	}
}

// KeepsNoData says that these peers, which are a Raft cluster, have nothing of what clients write.
func (k *Checks) KeepsNoData(peers []int) { k.dataless = peers[0] }

// Message watches a message of a peer: it writes the event and draws conclusions from it. Of a
// zombie's calls it only says that they are lost; but what a handler does that began before the
// caller crashed counts.
func (k *Checks) Message(m *labrpc.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch from := k.sender(m); {
	case from == nil:
		return
	case !from.Alive() && m.Kind != labrpc.Handled:
		k.ofDead(from, m)
		return
	}
	if k.observer != nil {
		k.observer(m)
	}
	ev, detail := k.event(m)
	switch m.Kind {
	case labrpc.Sent:
		k.run.Count(1, m.Bytes)
		k.peerCalls++
		k.peerBytes += int64(m.Bytes)
		k.sent(m, &ev, detail)
		if why := k.flood.sent(m, k.run.Now()); why != "" {
			k.run.Violate(rules.Violation{Rule: rules.TooManyRPCs, Section: "§5.2", Message: why, Peers: []int{m.From}})
		}
	case labrpc.Delivered:
		k.deliveries[m.To]++
		if k.first[m.From] != k.first[m.To] {
			k.visited[m.To]++
		}
		k.receives(m.To, m.From)
		k.mayReplicate(m)
		k.accept(m, &ev, detail)
	case labrpc.Handled:
		k.run.Emit(ev, detail)
		k.handled(m)
	case labrpc.Replied:
		k.receives(m.From, m.To)
		k.run.Count(0, m.Bytes)
		k.peerBytes += int64(m.Bytes)
		k.flood.ended(m)
		k.run.Emit(ev, detail)
	default:
		k.run.Emit(ev, detail)
	}
}

// ofDead hears what becomes of the calls that a peer makes after its crash, until it notices that
// it was killed. The network has disabled all its ends, so they get nowhere, and there is nothing
// wrong with them; one that does get somewhere has found a way that there must not be.
func (k *Checks) ofDead(from *Life, m *labrpc.Message) {
	switch ev, _ := k.event(m); m.Kind {
	case labrpc.Dropped:
		if m.Why != "network closed" { // the cluster is being taken down
			ev.Text = "its sender has crashed"
			k.run.Emit(ev, "")
		}
	case labrpc.Delivered, labrpc.Replied:
		k.run.Emit(ev, "")
		k.run.Violate(rules.Violation{Rule: rules.Afterlife, Peers: []int{m.From}, Message: fmt.Sprintf(
			"%s of peer %d, which has crashed, has got through to peer %d: nothing that a peer does after its crash may have any effect", m.Method, m.From, m.To)})
	}
}

// event is what the trace says about a message.
func (k *Checks) event(m *labrpc.Message) (ev record.Event, detail string) {
	ev = record.Event{Kind: record.Kind(m.Kind), Peer: m.From, Other: m.To, N: m.N, Method: m.Method, Text: m.Why}
	if k.detail {
		detail = messageDetail(m)
	}
	return ev, detail
}

// sender returns the life that sent the request.
func (k *Checks) sender(m *labrpc.Message) *Life {
	if name, ok := m.End.(End); ok && name.Life < len(k.lives) {
		return k.lives[name.Life]
	}
	return nil
}

// sent judges a request by what its sender claims with it.
func (k *Checks) sent(m *labrpc.Message, ev *record.Event, detail string) {
	s := k.shapes.ofArgs(m.Method, m.Args)
	args, self := structOf(m.Args), m.From-k.first[m.From]
	if s.kind != unknownShape {
		ev.Term = number(args, s.term)
		k.newest = max(k.newest, ev.Term)
	}
	k.run.Emit(*ev, detail)
	switch {
	case s.kind == voteShape && number(args, s.candidate) == self:
		k.has(m.From, ev.Term)
		k.voted(m.From, ev.Term, m.From)
	case (s.kind == appendShape || s.kind == snapshotShape) && (s.leader < 0 || number(args, s.leader) == self):
		k.sawAppend = k.sawAppend || s.kind == appendShape
		k.has(m.From, ev.Term)
		k.leads(m.From, ev.Term)
	}
}

// accept notes a request that reaches a handler, because its reply does not say what was asked.
func (k *Checks) accept(m *labrpc.Message, ev *record.Event, detail string) {
	s := k.shapes.ofArgs(m.Method, m.Args)
	if s.kind == voteShape || s.kind == appendShape {
		args := structOf(m.Args)
		q := request{by: k.current[m.To], shape: s, term: number(args, s.term)}
		q.entries = s.entries >= 0 && args.Field(s.entries).Len() > 0
		if s.kind == voteShape {
			q.candidate = k.first[m.To] + number(args, s.candidate)
		}
		ev.Term = q.term
		k.open[delivery{m.From, m.To, m.N, m.Duplicate}] = q
	}
	k.run.Emit(*ev, detail)
}

// handled judges a peer by the reply that its handler wrote.
func (k *Checks) handled(m *labrpc.Message) {
	key := delivery{m.From, m.To, m.N, m.Duplicate}
	q, ok := k.open[key]
	if !ok {
		return
	}
	delete(k.open, key)
	if q.by == nil || !q.by.Alive() {
		return
	}
	reply := k.shapes.ofReply(m.Reply)
	v := structOf(m.Reply)
	switch {
	case q.shape.kind == voteShape && reply.granted >= 0:
		k.sawVote = true
		if q.candidate == m.From {
			k.q.asked[candidacy{q.candidate, q.term}] = true
		}
		if v.Field(reply.granted).Bool() && q.candidate >= k.first[m.To] && q.candidate < k.n {
			k.has(m.To, q.term)
			k.voted(m.To, q.term, q.candidate)
		}
	case q.shape.kind == appendShape && reply.success >= 0 && reply.term >= 0:
		if v.Field(reply.success).Bool() && number(v, reply.term) == q.term {
			k.has(m.To, q.term)
		}
	}
	if q.entries && (reply.success < 0 || v.Field(reply.success).Bool()) {
		k.replicates(m.From, m.To)
	}
}

// leads draws the conclusion that peer leads term.
func (k *Checks) leads(peer, term int) {
	of := leadership{k.first[peer], term}
	other, known := k.leaders[of]
	if !known {
		k.leaders[of] = peer
		k.newLeader(peer, term)
		return
	}
	if other != peer {
		k.run.Violate(rules.Violation{Rule: rules.TwoLeaders, Section: "§5.2", Message: fmt.Sprintf("peers %d and %d both lead term %d", other, peer, term), Peers: []int{other, peer}})
	}
}

// voted draws the conclusion that peer voted for candidate in term.
func (k *Checks) voted(peer, term, candidate int) {
	other, known := k.votes[peer][term]
	if !known {
		k.votes[peer][term] = candidate
		return
	}
	if other != candidate {
		k.run.Violate(rules.Violation{Rule: rules.TwoVotes, Section: "§5.2", Message: fmt.Sprintf("peer %d voted in term %d for peer %d, and then for peer %d", peer, term, other, candidate), Peers: []int{peer}})
	}
}

// has draws the conclusion that peer has, or had, term.
func (k *Checks) has(peer, term int) {
	if k.noTerm(peer, "acts in term", term) {
		return
	}
	if before := k.hadBefore[peer]; term < before {
		k.run.Violate(rules.Violation{Rule: rules.TermBack, Section: "§5.1, Figure 2", Message: fmt.Sprintf(
			"peer %d acted in term %d before a restart, and now in term %d: currentTerm was not persisted in time", peer, before, term), Peers: []int{peer}})
	}
	k.had[peer] = max(k.had[peer], term)
	k.newest = max(k.newest, term)
}

// noTerm reports whether term is none, which is a violation.
func (k *Checks) noTerm(peer int, does string, term int) bool {
	if term >= 0 {
		return false
	}
	k.run.Violate(rules.Violation{Rule: rules.WrongTerm, Section: "Figure 2", Peers: []int{peer},
		Message: fmt.Sprintf("peer %d %s %d; terms are counted from 0", peer, does, term)})
	return true
}

// Said judges an answer to GetState.
func (k *Checks) Said(l *Life, term int, leader bool) {
	a := state{term, leader}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.Alive() {
		return
	}
	settled := k.run.Now()-l.Began > settleTime
	if (leader || settled) && k.noTerm(l.Peer, "says to GetState that its term is", term) { // some begin below 0
		return
	}
	k.newest = max(k.newest, a.term)
	if k.states[l.Peer] != a {
		k.states[l.Peer] = a
		k.run.Emit(record.Event{Kind: record.State, Peer: l.Peer, Other: record.None, Term: a.term, Leader: a.leader}, "")
	}
	if before := k.hadBefore[l.Peer]; a.term < before && settled {
		k.run.Violate(rules.Violation{Rule: rules.TermBack, Section: "§5.1, Figure 2", Message: fmt.Sprintf(
			"peer %d acted in term %d before a restart, and now says that its term is %d", l.Peer, before, a.term), Peers: []int{l.Peer}})
	}
	if a.leader {
		k.leads(l.Peer, a.term)
	}
}

// Accepted judges an answer to Start by which a leader gave index to a new command. By then the
// leader's log is full up to index-1. If an entry at index was applied when the newest term in the
// cluster was older than the leader's, that entry was committed in an older term and is not in the
// leader's log: Leader Completeness (§5.4, Figure 3) is broken.
func (k *Checks) Accepted(l *Life, index, term int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.Alive() {
		return
	}
	if k.noTerm(l.Peer, "takes a command in term", term) {
		return
	}
	k.newest = max(k.newest, term)
	k.leads(l.Peer, term)
	if index < 1 {
		k.run.Violate(rules.Violation{Rule: rules.WrongIndex, Section: "Figure 2", Message: fmt.Sprintf(
			"Start of peer %d, leader of term %d, answers index %d; the first index is 1", l.Peer, term, index), Peers: []int{l.Peer}})
		return
	}
	if k.sawAppend && index < len(k.entries) && k.entries[index].newest < term {
		e := k.entries[index]
		k.run.Violate(rules.Violation{Rule: rules.LostCommit, Section: "§5.4", Message: fmt.Sprintf(
			"peer %d, leader of term %d, puts a new command at index %d, but peer %d had applied %s there in term %d or before",
			l.Peer, term, index, e.by, e.text(), e.newest), Peers: []int{l.Peer, e.by}})
	}
}

// unreadable is why messages cannot be judged.
const unreadable = "no message between the peers has the fields of the paper's, by which it is judged (docs/trace.md)"

// Summarise reports the rules that could not be checked.
func (k *Checks) Summarise() {
	k.mu.Lock()
	defer k.mu.Unlock()
	total := 0
	for _, n := range k.deliveries {
		total += n
	}
	if total == 0 || k.n == 1 {
		return // nothing has happened that could have been judged
	}
	if !k.sawVote {
		k.run.NotChecked(rules.TwoVotes, unreadable)
	}
	if !k.sawAppend {
		k.run.NotChecked(rules.LostCommit, unreadable)
	}
	if !k.sawVote && !k.sawAppend {
		k.run.NotChecked(rules.TermBack, unreadable)
	}
}
