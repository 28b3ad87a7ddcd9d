package tester

import (
	"fmt"
	"sync"

	"raftlab/internal/record"
	"raftlab/labrpc"
)

// checks watches one cluster for broken rules, online: it sees every message, every applied entry
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
type checks struct {
	r       *run
	n       int
	cluster int

	// mu guards the rest, and the changes of life.alive: what is judged under it was done either
	// before a crash or after it.
	mu         sync.Mutex
	lives      []*life // all there have been
	current    []*life // the latest of each peer
	entries    []entry // what was applied, by index; the first is a placeholder
	newest     int     // newest term seen anywhere
	first      []int   // of each peer: the first peer of its Raft cluster; all 0 but for Groups
	leaders    map[office]int
	votes      []map[int]int // of each peer: term -> the candidate it voted for
	had        []int         // newest term of each peer in its present life, for certain
	hadBefore  []int         // ... and in earlier lives
	open       map[delivery]request
	shapes     *shapes
	sawVote    bool // a vote with a reply that we can read
	sawAppend  bool
	deliveries []int                 // of peers' requests, to each peer
	served     []int                 // of clients' requests, likewise
	peerCalls  int                   // that peers have made
	peerBytes  int64                 // of their requests, and of the replies that arrived
	observer   func(*labrpc.Message) // of peers' messages; may be nil
	flood      flood                 // of peers' and clients' requests
	states     []answer              // what each peer last said to GetState
	q          quorums
	pasts      []past // of each peer
}

// answer is what GetState said.
type answer struct {
	term   int
	leader bool
}

// office is what a leader leads: a term, in the Raft cluster that begins with a certain peer.
type office struct{ first, term int }

// delivery names a request that a handler works on.
type delivery struct {
	from, to  int
	n         uint64
	duplicate bool
}

// request is what was in it, and who works on it.
type request struct {
	by        *life
	shape     *argsShape
	term      int
	candidate int
	entries   bool // it has some
}

func newChecks(r *run, number, n int) *checks {
	k := &checks{r: r, n: n, cluster: number, entries: make([]entry, 1), leaders: map[office]int{}, open: map[delivery]request{}}
	k.current = make([]*life, n)
	k.first = make([]int, n)
	k.votes = make([]map[int]int, n)
	for i := range k.votes {
		k.votes[i] = map[int]int{}
	}
	k.had, k.hadBefore = make([]int, n), make([]int, n)
	k.deliveries, k.served, k.states = make([]int, n), make([]int, n), make([]answer, n)
	k.pasts = make([]past, n)
	k.shapes = newShapes()
	k.q = newQuorums(n)
	return k
}

// isGroup says that these peers, which follow each other, are a Raft cluster of their own, in which they are
// numbered from 0. It is called before they begin.
func (k *checks) isGroup(peers []int) {
	for _, i := range peers {
		k.first[i] = peers[0]
	}
}

// birth begins a life.
func (k *checks) birth(l *life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.number = len(k.lives)
	k.lives = append(k.lives, l)
	k.current[l.peer] = l
	k.states[l.peer] = answer{}
	l.alive.Store(true)
}

// death ends it.
func (k *checks) death(l *life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.alive.Store(false)
	k.remember(l)
	k.hadBefore[l.peer] = max(k.hadBefore[l.peer], k.had[l.peer])
	k.had[l.peer] = 0
}

func (k *checks) everyLife() []*life {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*life(nil), k.lives...)
}

func (k *checks) delivered(i int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.deliveries[i]
}

// message is the observer of the network: it writes the event and draws conclusions from it. Of a zombie's calls
// it only says that they are lost; but what a handler does that began before the caller crashed counts.
func (c *machines) message(m *labrpc.Message) {
	k := c.checks
	k.mu.Lock()
	defer k.mu.Unlock()
	if name, ok := m.End.(clientEnd); ok {
		c.clientMessage(m, name)
		return
	}
	switch from := k.sender(m); {
	case from == nil:
		return
	case !from.alive.Load() && m.Kind != labrpc.Handled:
		k.ofDead(from, m)
		return
	}
	if k.observer != nil {
		k.observer(m)
	}
	ev, detail := k.event(m)
	switch m.Kind {
	case labrpc.Sent:
		k.r.count(1, m.Bytes)
		k.peerCalls++
		k.peerBytes += int64(m.Bytes)
		k.sent(m, &ev, detail)
		if why := k.flood.sent(m, k.r.now()); why != "" {
			k.r.violate(Violation{RuleTooManyRPCs, "§5.2", why, []int{m.From}})
		}
	case labrpc.Delivered:
		k.deliveries[m.To]++
		k.receives(m.To, m.From)
		k.mayReplicate(m)
		k.accept(m, &ev, detail)
	case labrpc.Handled:
		k.r.emit(ev, detail)
		k.handled(m)
	case labrpc.Replied:
		k.receives(m.From, m.To)
		k.r.count(0, m.Bytes)
		k.peerBytes += int64(m.Bytes)
		k.flood.ended(m)
		k.r.emit(ev, detail)
	default:
		k.r.emit(ev, detail)
	}
}

// ofDead hears what becomes of the calls that a peer makes after its crash, until it notices that it was killed. The
// network has disabled all its ends, so they get nowhere, and there is nothing wrong with them; one that does
// get somewhere has found a way that there must not be.
func (k *checks) ofDead(from *life, m *labrpc.Message) {
	switch ev, _ := k.event(m); m.Kind {
	case labrpc.Dropped:
		if m.Why != "network closed" { // the cluster is being taken down
			ev.Text = "its sender has crashed"
			k.r.emit(ev, "")
		}
	case labrpc.Delivered, labrpc.Replied:
		k.r.emit(ev, "")
		k.r.violate(Violation{Rule: RuleAfterlife, Peers: []int{m.From}, Message: fmt.Sprintf(
			"%s of peer %d, which has crashed, has got through to peer %d: nothing that a peer does after its crash may have any effect", m.Method, m.From, m.To)})
	}
}

// event is what the trace says about a message.
func (k *checks) event(m *labrpc.Message) (ev record.Event, detail string) {
	ev = record.Event{Kind: record.Kind(m.Kind), Peer: m.From, Other: m.To, N: m.N, Method: m.Method, Text: m.Why}
	if k.r.params.Detail {
		detail = messageDetail(m)
	}
	return ev, detail
}

// sender returns the life that sent the request.
func (k *checks) sender(m *labrpc.Message) *life {
	if name, ok := m.End.(endName); ok && name.life < len(k.lives) {
		return k.lives[name.life]
	}
	return nil
}

// sent judges a request by what its sender claims with it.
func (k *checks) sent(m *labrpc.Message, ev *record.Event, detail string) {
	s := k.shapes.ofArgs(m.Method, m.Args)
	args, self := structOf(m.Args), m.From-k.first[m.From]
	if s.kind != unknownShape {
		ev.Term = number(args, s.term)
		k.newest = max(k.newest, ev.Term)
	}
	k.r.emit(*ev, detail)
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
func (k *checks) accept(m *labrpc.Message, ev *record.Event, detail string) {
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
	k.r.emit(*ev, detail)
}

// handled judges a peer by the reply that its handler wrote.
func (k *checks) handled(m *labrpc.Message) {
	key := delivery{m.From, m.To, m.N, m.Duplicate}
	q, ok := k.open[key]
	if !ok {
		return
	}
	delete(k.open, key)
	if q.by == nil || !q.by.alive.Load() {
		return
	}
	reply := k.shapes.ofReply(m.Reply)
	v := structOf(m.Reply)
	switch {
	case q.shape.kind == voteShape && reply.granted >= 0:
		k.sawVote = true
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
func (k *checks) leads(peer, term int) {
	of := office{k.first[peer], term}
	other, known := k.leaders[of]
	if !known {
		k.leaders[of] = peer
		k.newLeader(peer, term)
		return
	}
	if other != peer {
		k.r.violate(Violation{RuleTwoLeaders, "§5.2", fmt.Sprintf("peers %d and %d both lead term %d", other, peer, term), []int{other, peer}})
	}
}

// voted draws the conclusion that peer voted for candidate in term.
func (k *checks) voted(peer, term, candidate int) {
	other, known := k.votes[peer][term]
	if !known {
		k.votes[peer][term] = candidate
		return
	}
	if other != candidate {
		k.r.violate(Violation{RuleTwoVotes, "§5.2", fmt.Sprintf("peer %d voted in term %d for peer %d, and then for peer %d", peer, term, other, candidate), []int{peer}})
	}
}

// has draws the conclusion that peer has, or had, term.
func (k *checks) has(peer, term int) {
	if before := k.hadBefore[peer]; term < before {
		k.r.violate(Violation{RuleTermBack, "§5.1, Figure 2", fmt.Sprintf(
			"peer %d acted in term %d before a restart, and now in term %d: currentTerm was not persisted in time", peer, before, term), []int{peer}})
	}
	k.had[peer] = max(k.had[peer], term)
	k.newest = max(k.newest, term)
}

// said judges an answer to GetState.
func (k *checks) said(l *life, a answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.alive.Load() {
		return
	}
	k.newest = max(k.newest, a.term)
	if k.states[l.peer] != a {
		k.states[l.peer] = a
		k.r.emit(record.Event{Kind: record.State, Peer: l.peer, Other: record.None, Term: a.term, Leader: a.leader}, "")
	}
	if before := k.hadBefore[l.peer]; a.term < before && k.r.now()-l.began > settleTime {
		k.r.violate(Violation{RuleTermBack, "§5.1, Figure 2", fmt.Sprintf(
			"peer %d acted in term %d before a restart, and now says that its term is %d", l.peer, before, a.term), []int{l.peer}})
	}
	if a.leader {
		k.leads(l.peer, a.term)
	}
}

// accepted judges an answer to Start by which a leader gave index to a new command. By then the
// leader's log is full up to index-1. If an entry at index was applied when the newest term in the
// cluster was older than the leader's, that entry was committed in an older term and is not in the
// leader's log: Leader Completeness (§5.4, Figure 3) is broken.
func (k *checks) accepted(l *life, index, term int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.alive.Load() {
		return
	}
	k.newest = max(k.newest, term)
	k.leads(l.peer, term)
	if index < 1 {
		k.r.violate(Violation{RuleWrongIndex, "Figure 2", fmt.Sprintf(
			"Start of peer %d, leader of term %d, answers index %d; the first index is 1", l.peer, term, index), []int{l.peer}})
		return
	}
	if k.sawAppend && index < len(k.entries) && k.entries[index].newest < term {
		e := k.entries[index]
		k.r.violate(Violation{RuleLostCommit, "§5.4", fmt.Sprintf(
			"peer %d, leader of term %d, puts a new command at index %d, but peer %d had applied %s there in term %d or before",
			l.peer, term, index, e.by, e.text(), e.newest), []int{l.peer, e.by}})
	}
}

// NotChecked notes that a rule could not be checked, because the code under test cannot be given what the case
// needs for it. That is no failure; the summary lists the rule as not checked.
func (e *Env) NotChecked(rule Rule, why string) {
	e.Note("not checked: %s: %s", rule, why)
	e.r.skipped(rule)
}

// summarise reports the rules that could not be checked.
func (k *checks) summarise() {
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
		k.r.skipped(RuleTwoVotes)
	}
	if !k.sawAppend {
		k.r.skipped(RuleLostCommit)
	}
	if !k.sawVote && !k.sawAppend {
		k.r.skipped(RuleTermBack)
	}
}
