package deduce

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/record"
)

// costs are the rules about too much of something that is right in itself.
var costs = []string{"too many RPCs", "too many bytes", "read costs too much", "persisted state too large"}

// beginnings finds where that began of which the verdict has had too much, or too little for too
// long: what was refused first, who stood first, what was said twice first. The end of such a run
// is a hundred times the same. Where the case has asked for something, that is told instead of elections.
func (w *weigher) beginnings(asked bool) {
	if slices.Contains(costs, w.subject.Rule) {
		if w.subject.Rule == "persisted state too large" && w.betweenGroups() {
			return
		}
		w.firstRepetition()
		w.firstEntriesAgain()
		w.firstCost()
		w.firstHaste()
		w.firstEmpty()
	}
	if w.subject.Liveness() {
		told := w.subject.Rule == "too slow" && (w.subject.Lost || len(w.subject.Clients) == 0 && w.firstLag() || w.firstFlow()) || w.subject.Rule == disturbed && w.votesBesideLeader()
		if !told && !w.sharded() {
			if !w.refusedCommands() && !asked {
				w.firstElections()
				w.firstRefusals()
				w.firstOfTheLast()
			}
		}
		between := w.firstErrors() && w.sharded()
		w.firstTries(!between)
	}
}

// sharded says whether the verdict is about a client that waits for groups of servers. Then the
// story is what these say to each other, and not what goes on within each.
func (w *weigher) sharded() bool {
	return len(w.subject.Clients) > 0 &&
		slices.ContainsFunc(w.events, func(e record.Event) bool { return e.Kind == record.Start && strings.HasPrefix(e.Text, "group ") })
}

// firstHaste finds the first election that a peer begins sooner after its last one than any timeout
// allows, and that one.
func (w *weigher) firstHaste() {
	last := map[int]Change{}
	for _, c := range w.changes {
		if c.What != Stands {
			continue
		}
		was, ok := last[c.Peer]
		if ok && was.Term != c.Term && w.events[c.At].Time-w.events[was.At].Time < soon {
			w.raise(was.At, Decisive)
			w.raise(c.At, Decisive)
			return
		}
		last[c.Peer] = c
	}
}

// firstFlow finds the first entries to the follower that answers most of them: of the first three
// messages what is sent, and the answer to the second, which comes before the third if a leader
// waits for it. It says whether there are any.
func (w *weigher) firstFlow() bool {
	type way struct{ from, to int }
	sent, answered := map[way][]int{}, map[way]int{}
	for at, e := range w.events {
		on := way{e.Peer, e.Other}
		switch {
		case e.Kind == record.Sent && len(w.sent[at].Entries) > 0:
			sent[on] = append(sent[on], at)
		case e.Kind == record.Replied && len(w.asked[callOf(e)].Entries) > 0:
			answered[on]++
		}
	}
	best, most := way{}, 0
	for on, n := range answered {
		if n > most || n == most && (on.from < best.from || on.from == best.from && on.to < best.to) {
			best, most = on, n
		}
	}
	if len(sent[best]) < 3 {
		return false
	}
	second := w.events[sent[best][1]]
	for _, at := range sent[best][:3] {
		w.raise(at, Decisive)
	}
	for at, e := range w.events[sent[best][1]:] {
		if e.Kind == record.Replied && e.Peer == second.Peer && e.Other == second.Other && e.N == second.N {
			w.raise(sent[best][1]+at, Decisive)
			break
		}
	}
	return true
}

// mostErrors is how many kinds of errors are shown.
const mostErrors = 2

// firstErrors finds where a server of a service first told another one an error of its kind, of the
// kinds that came up last: what goes wrong for ever has gone wrong for a first time. It says whether
// there are any.
func (w *weigher) firstErrors() bool {
	type kind struct{ method, err string }
	seen := map[kind]bool{}
	var first []int
	for at, e := range w.events {
		if e.Kind != record.Handled || e.Peer >= record.FirstClient || w.asked[callOf(e)].RPC != Other {
			continue
		}
		answer, ok := parse(e.Detail).find("err")
		if k := (kind{e.Method, answer.text}); ok && !slices.Contains(harmless, k.err) && !seen[k] {
			seen[k] = true
			first = append(first, at)
		}
	}
	for _, at := range first[max(len(first)-mostErrors, 0):] {
		w.saidYes(at)
		w.sameThing(at)
		if back := w.replyTo(at); back > 0 { // where the error stands
			at = back
		}
		w.raise(at, Decisive)
	}
	return len(first) > 0
}

// saidYes finds the last time before an error that the same group of servers said yes to the same
// request: what was there then is gone.
func (w *weigher) saidYes(refused int) {
	type question struct{ asks, answers, what string }
	group := map[int]string{}
	asked := map[edge]question{}
	yes := map[question]int{}
	for at, e := range w.events[:refused+1] {
		switch e.Kind {
		case record.Start:
			group[e.Peer] = e.Text
		case record.Sent:
			asked[callOf(e)] = question{group[e.Peer], group[e.Other], e.Method + e.Detail}
		case record.Handled:
			if isYes(e.Detail) {
				yes[asked[callOf(e)]] = at
			}
		}
	}
	if at, ok := yes[asked[callOf(w.events[refused])]]; ok {
		w.raise(at, Decisive)
	}
}

// replyTo is the event with which the answer is back that a handler has given, or 0.
func (w *weigher) replyTo(handled int) int {
	h := w.events[handled]
	for i, e := range w.events[handled+1:] {
		if e.Peer != h.Peer || e.Other != h.Other || e.N != h.N {
			continue
		}
		if e.Kind == record.Replied {
			return handled + 1 + i
		}
		if e.Kind == record.Sent {
			break // another call of this number, after a restart
		}
	}
	return 0
}

// harmless are answers that every service gives.
var harmless = []string{`"OK"`, `""`, `"ErrWrongLeader"`}

// firstRefusals finds the first answer of each kind that refuses, and the first after the last time
// that an entry was applied.
func (w *weigher) firstRefusals() {
	progress := 0
	for at, e := range w.events {
		if e.Kind == record.Apply {
			progress = at
		}
	}
	seen := map[RPC]bool{}
	since := map[RPC]bool{}
	for at, e := range w.events {
		if e.Kind == record.Sent {
			w.asking(at)
		}
		r := w.asked[callOf(e)]
		if e.Kind != record.Handled || r.RPC == Other {
			continue
		}
		if answer, _ := ReadReply(e.Detail); answer != No {
			continue
		}
		if !seen[r.RPC] || at > progress && !since[r.RPC] {
			w.raise(at, Decisive)
		}
		seen[r.RPC] = true
		since[r.RPC] = since[r.RPC] || at > progress
	}
}

// refusedCommands finds the first command that a leader refuses, as a case notes it, and the first of
// those before which it had taken least. It says whether there are any.
func (w *weigher) refusedCommands() bool {
	first, least, fewest := -1, -1, 0
	for at, e := range w.events {
		var peer, size, taken int
		if n, _ := fmt.Sscanf(e.Text, "peer %d leads, and refuses a command of %d bytes, having taken %d", &peer, &size, &taken); e.Kind != record.Note || n < 3 {
			continue
		}
		if first < 0 {
			first = at
		}
		if least < 0 || taken < fewest {
			least, fewest = at, taken
		}
	}
	if first >= 0 {
		w.raise(first, Decisive)
		w.raise(least, Decisive)
	}
	return first >= 0
}

// firstElections finds the first candidate of all, the first two in one term, and the first one
// after there had been a leader.
func (w *weigher) firstElections() {
	type candidate struct{ peer, at int }
	stood := map[int]candidate{} // by terms
	split, led, again := false, false, false
	for _, c := range w.changes {
		switch c.What {
		case Leads:
			led = true
		case Stands:
			first, ok := stood[c.Term]
			if !ok {
				stood[c.Term] = candidate{c.Peer, c.At}
			}
			if ok && first.peer != c.Peer && !split {
				split = true
				w.raise(first.at, Decisive)
				w.raise(c.At, Decisive)
			}
			if len(stood) == 1 && !ok || led && !again {
				w.raise(c.At, Decisive)
				again = led
			}
		}
	}
}

// firstTries finds the first request of an operation that has not ended, and where its client began
// to ask the same for ever, unless that is told better by what its servers ask of each other.
func (w *weigher) firstTries(loops bool) {
	under := map[int]int{} // client -> the event with which its operation began
	for at, e := range w.events {
		switch {
		case e.Peer < record.FirstClient:
		case e.Kind == record.Invoke:
			under[e.Peer] = at
		case e.Kind == record.Return:
			delete(under, e.Peer)
		}
	}
	for client, began := range under {
		if !slices.Contains(w.subject.Clients, client) {
			continue
		}
		w.raise(began, Decisive)
		w.lastWord(client, began)
		w.firstAnswers(client, began)
		if loops {
			w.loop(client, began)
		}
	}
}

// firstAnswers finds where a client first got an error of each kind, but for that of a server that does not
// lead.
func (w *weigher) firstAnswers(client, began int) {
	seen := map[string]bool{}
	for at := began; at < len(w.events) && len(seen) < mostErrors; at++ {
		e := w.events[at]
		if e.Kind != record.Replied || e.Peer != client {
			continue
		}
		if err, ok := parse(e.Detail).find("err"); ok && !slices.Contains(harmless, err.text) && !seen[err.text] {
			seen[err.text] = true
			w.raise(at, Decisive)
		}
	}
}

// lastWord finds the last answer that the client got from the last leader, or where nobody leads from
// the server, if there is one group of them: what those say that do not lead tells nothing.
func (w *weigher) lastWord(client, began int) {
	if w.sharded() {
		return
	}
	leader := record.None
	for _, c := range w.changes {
		if c.What == Leads {
			leader = c.Peer
		}
	}
	for at := len(w.events) - 1; at > began; at-- {
		if e := w.events[at]; e.Kind == record.Replied && e.Peer == client && (e.Other == leader || leader == record.None) {
			w.raise(at, Decisive)
			return
		}
	}
}

// longestLoop is how many different requests a client may make in turn.
const longestLoop = 4

// loop finds where a client began to ask the same again and again, and the answer that made it: of
// a single request, the first two; of several in turn, each with its answer.
func (w *weigher) loop(client, began int) {
	var asked []int
	for at := began; at < len(w.events); at++ {
		if e := w.events[at]; e.Peer == client && e.Kind == record.Sent {
			asked = append(asked, at)
		}
	}
	alike := func(i, turn int) bool { // as the one that comes a turn later
		return w.events[asked[i]].Method == w.events[asked[i+turn]].Method
	}
	for turn := 1; turn <= longestLoop && 2*turn <= len(asked); turn++ {
		first := len(asked) - turn
		for first > 0 && alike(first-1, turn) {
			first--
		}
		if len(asked)-first < 2*turn {
			continue // it was not once around
		}
		for i := first; i < first+max(turn, 2) && i < len(asked); i++ {
			w.raise(asked[i], Decisive)
		}
		from, to := began, asked[first] // the last answer before
		if turn > 1 {
			from, to = asked[first], asked[min(first+turn, len(asked)-1)]
		}
		for at := to - 1; at > from; at-- {
			if e := w.events[at]; e.Peer == client && e.Kind == record.Replied {
				w.raise(at, Decisive)
				if turn == 1 {
					break
				}
			}
		}
		return
	}
}

// firstRepetition finds the first request that says what the one before to the same peer has said.
func (w *weigher) firstRepetition() {
	type way struct{ from, to int }
	last := map[way]int{}
	clients := w.subject.Rule == "too many RPCs" && len(w.subject.Clients) > 0 // it is theirs that were counted
	for at, e := range w.events {
		if e.Kind != record.Sent || e.Peer >= record.FirstClient && !slices.Contains(w.subject.Clients, e.Peer) && !clients {
			continue
		}
		k := way{e.Peer, e.Other}
		if was, ok := last[k]; ok && w.events[was].Method == e.Method && w.events[was].Detail == e.Detail {
			w.raise(was, Decisive)
			w.raise(at, Decisive)
			return
		}
		last[k] = at
	}
}

// firstCost finds what the first read of a client made its server ask of others.
func (w *weigher) firstCost() {
	reading := map[int]edge{} // server -> the read that it works on
	for at, e := range w.events {
		key := callOf(e)
		client := e.Peer >= record.FirstClient
		switch {
		case client && e.Kind == record.Delivered && isRead(e.Detail):
			if _, busy := reading[e.Other]; !busy {
				reading[e.Other] = key
			}
		case client && e.Kind == record.Handled && reading[e.Other] == key:
			delete(reading, e.Other)
		case !client && e.Kind == record.Sent:
			if _, busy := reading[e.Peer]; busy {
				w.raise(at, Decisive)
				return
			}
		}
	}
}

// isRead says whether a client's request is one that reads, by its fields.
func isRead(detail string) bool {
	v := parse(detail)
	_, key := v.find("key")
	_, value := v.find("value")
	return key && !value
}
