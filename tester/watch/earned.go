package watch

import (
	"fmt"
	"strings"

	"raftlab/labrpc"
	"raftlab/tester/rules"
)

// What a pass needs at least, whatever the peers' style: the arithmetic of majorities (§5.2, §5.3),
// counted at the network. Of n peers, m = n/2+1 are a majority.
//
//	a new leader    m-1 others gave it their votes: each received a request, and the leader received
//	                m-1 answers. So there were 2(m-1) messages received for each term that had a leader.
//	                Where it can be read that votes were asked for, m-1 others have granted theirs.
//	a new entry     m peers hold it before it is applied: since somebody proposed it, m-1 have received a message
//	                that may have it in it, and the leader one that says so.
//	an answer to    some Raft cluster has worked: m of its peers have received messages.
//	a client
//	that it has     since it asked, somebody has had entries accepted by m-1 others, and has heard from them;
//	written         not in the controller of a sharded service, which keeps configurations and no data
//	an answer to    since it asked, a request of its has reached some server: whoever answers from what it has
//	a client        written or read itself does not know what others have written since
//
// Where the RPCs are such that the harness cannot read them (shapes.go), messages of any kind
// count. What stays below that got its result by another way than the network, and is not a pass.
// It is looked at when the case has ended: where peers break a rule that the paper has, that rule
// is the news.
type quorums struct {
	received int                // messages, so far
	of       map[int]int        // ... by the peers of the Raft cluster that begins with this peer
	heard    []int              // received, when a peer last received one; 0: never
	terms    map[int]int        // that have had a leader, of each Raft cluster
	asked    map[candidacy]bool // whether this peer asked for votes for itself in this term, with replies that can be read
	proposed map[int]int        // received, when an entry at this index was first proposed
	answers  int                // that clients have had
	now      int                // counts what is noted in the following
	accepted map[[2]int]int     // now, when the second peer last accepted entries of the first
	agreed   map[[2]int]int     // ... the latest of these of which the first peer can know
	requests map[int]int        // of each client, that have reached a server
	carriers map[string]bool    // services that may carry entries: "Raft"; none: all may
	flaw     string             // the first thing that was not earned
	section  string
}

// candidacy is a peer that wants to lead a term.
type candidacy struct{ peer, term int }

func newQuorums(n int) quorums {
	return quorums{of: map[int]int{}, heard: make([]int, n), terms: map[int]int{}, asked: map[candidacy]bool{}, proposed: map[int]int{},
		accepted: map[[2]int]int{}, agreed: map[[2]int]int{}, requests: map[int]int{}, carriers: map[string]bool{}}
}

// receives notes that a peer received a message of another one. mu is held, as in all of the
// following.
func (k *Checks) receives(peer, from int) {
	if peer == from || k.first[peer] != k.first[from] {
		return
	}
	k.q.received++
	k.q.of[k.first[peer]]++
	k.q.heard[peer] = k.q.received
	if at := k.q.accepted[[2]int{peer, from}]; at > 0 {
		k.q.agreed[[2]int{peer, from}] = at
	}
}

// Carries notes the name of a service beside the server itself, as its Raft peer is. What servers
// of a key/value service ask each other is not agreement.
func (k *Checks) Carries(service string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.q.carriers[service] = true
}

// mayReplicate notes a request that may carry entries, because the harness cannot read it.
func (k *Checks) mayReplicate(m *labrpc.Message) {
	service, _, _ := strings.Cut(m.Method, ".")
	if len(k.q.carriers) > 0 && !k.q.carriers[service] {
		return
	}
	if k.shapes.ofArgs(m.Method, m.Args).kind == unknownShape {
		k.replicates(m.From, m.To)
	}
}

// replicates notes that a peer has accepted entries of another one.
func (k *Checks) replicates(leader, peer int) {
	k.q.now++
	k.q.accepted[[2]int{leader, peer}] = k.q.now
}

// agreedSince returns whether some peer that may keep data knows of enough others that they have
// accepted entries of its since then.
func (k *Checks) agreedSince(then int) bool {
	for leader, first := range k.first {
		if first == k.dataless {
			continue
		}
		others := 0
		for peer := range k.first {
			if k.q.agreed[[2]int{leader, peer}] > then {
				others++
			}
		}
		if others >= k.majority(first)-1 {
			return true
		}
	}
	return false
}

// majority returns how many peers are a majority of the Raft cluster that begins with peer first.
func (k *Checks) majority(first int) int {
	n := 0
	for _, f := range k.first {
		if f == first {
			n++
		}
	}
	return n/2 + 1
}

// reached returns how many peers of a Raft cluster have received a message since so many were
// received.
func (k *Checks) reached(first, since int) (n int) {
	for peer, at := range k.q.heard {
		if k.first[peer] == first && at > since {
			n++
		}
	}
	return n
}

// newLeader looks whether a leader can have been elected.
func (k *Checks) newLeader(peer, term int) {
	first := k.first[peer]
	k.q.terms[first]++
	others := k.majority(first) - 1
	if got, needs := k.q.of[first], 2*others*k.q.terms[first]; got < needs {
		k.unearned("§5.2", fmt.Sprintf("peer %d leads term %d; by then leaders of %d terms needed the votes of %d other peers each, "+
			"which are at least %d messages received, but there were %d", peer, term, k.q.terms[first], others, needs, got))
		return
	}
	granted := 0
	for voter := range k.first {
		if candidate, voted := k.votes[voter][term]; voted && candidate == peer && voter != peer {
			granted++
		}
	}
	if k.q.asked[candidacy{peer, term}] && granted < others {
		k.unearned("§5.2", fmt.Sprintf("peer %d leads term %d; it has asked for votes and needs those of %d other peers, but %d granted theirs", peer, term, others, granted))
	}
}

// Proposes is called before Start, and returns what ProposedAt wants to know.
func (k *Checks) Proposes() (since int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.q.received
}

// ProposedAt notes that a peer has taken a command for an index.
func (k *Checks) ProposedAt(index, since int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.q.proposed[index]; !known {
		k.q.proposed[index] = since
	}
}

// newEntry looks whether an entry that is applied for the first time can have been committed.
func (k *Checks) newEntry(peer, index int, e entry) {
	if k.n == 1 || !e.valid { // peers make no-ops themselves, at any time
		return
	}
	needs, since := k.majority(k.first[peer]), k.q.proposed[index]
	if got := k.reached(k.first[peer], since); got < needs {
		k.unearned("§5.3", fmt.Sprintf("peer %d applies %s at index %d; a majority, %d of %d peers, has to hold it first, "+
			"but since it was proposed only %d have received any message", peer, e.text(), index, needs, k.n, got))
	}
}

func (k *Checks) unearned(section, flaw string) {
	if k.q.flaw == "" {
		k.q.section, k.q.flaw = section, flaw
	}
}

// Question is an operation of a client that has begun.
type Question struct{ client, requests, now int }

// Asks is called when an operation of a client begins, and returns what Answered wants to know.
func (k *Checks) Asks(client int) Question {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Question{client, k.q.requests[client], k.q.now}
}

// Answered notes that an operation of a client has ended: asked says what it has asked servers for,
// and wrote what it may have written; "" for nothing.
func (k *Checks) Answered(q Question, asked, wrote string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.q.answers++
	if asked != "" && k.q.requests[q.client] == q.requests {
		k.unearned("", fmt.Sprintf("%s was answered, but since it was asked no request of that client has reached a server", asked))
	}
	if wrote != "" && !k.agreedSince(q.now) {
		k.unearned("§5.3", fmt.Sprintf("%s was answered, but since it was asked no server has had log entries accepted by so many others "+
			"that they are a majority with it", wrote))
	}
}

// NotEarned returns what stands against a pass, if anything does.
func (k *Checks) NotEarned() (v rules.Violation, found bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.q.flaw != "" {
		return rules.Violation{Rule: rules.NotEarned, Section: k.q.section, Message: k.q.flaw}, true
	}
	if k.q.answers == 0 {
		return v, false
	}
	for _, first := range k.first {
		if m := k.majority(first); first != k.dataless && (m == 1 || k.reached(first, 0) >= m) {
			return v, false
		}
	}
	return rules.Violation{Rule: rules.NotEarned, Section: "§5.3", Message: fmt.Sprintf(
		"clients had %d answers, but no majority of servers has ever received a message of another server", k.q.answers)}, true
}
