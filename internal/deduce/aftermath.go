package deduce

import (
	"slices"
	"time"

	"raftlab/internal/record"
)

// aftermath finds what peers made of what came before: of calls that came to nothing, of a restart,
// of silence, of a leader that they hear. There a mistake shows that was made in another place, and
// the end of such a run is a hundred times the same.
func (w *weigher) aftermath() {
	if w.subject.Liveness() && !w.sharded() {
		w.afterFailedCalls()
	}
	switch w.subject.Rule {
	case "committed entry lost":
		if len(w.subject.Indexes) == 0 { // otherwise the life of the entry is told
			w.afterRestarts()
		}
	case "leader without a majority":
		w.afterSilence()
	case "crash":
		w.lateReply()
	}
}

// lateReply finds the last reply to what a peer had asked in an earlier term than it is in: it finds
// another log, and another role.
func (w *weigher) lateReply() {
	term := map[int]int{}
	last := -1
	for at, e := range w.events {
		switch e.Kind {
		case record.Sent:
			w.asking(at)
			term[e.Peer] = max(term[e.Peer], w.asked[callOf(e)].Term)
		case record.Replied:
			if r := w.asked[callOf(e)]; (r.RPC == Append || r.RPC == Install) && r.Term < term[e.Peer] {
				last = at
			}
		}
	}
	if last >= 0 {
		w.raise(last, Decisive)
	}
}

// failure is a kind of call that came to nothing.
type failure struct {
	rpc     RPC
	refused bool
	handled bool // and the reply was lost
	entries bool
}

// notThere is why a call fails that nobody could have answered.
var notThere = []string{"no server", "server gone"}

// followUps is how many requests are shown after one with entries was lost, if the verdict is that it
// took too long to send them again: what was sent instead.
const followUps = 3

// afterFailedCalls finds the next request to the same peer after the first call of each kind that
// came to nothing, and its arrival.
func (w *weigher) afterFailedCalls() {
	type way struct{ from, to int }
	handled := map[edge]bool{}
	seen := map[failure]bool{}
	due := map[way]int{}
	follow := map[edge]bool{}
	for at, e := range w.events {
		if e.Peer < 0 || e.Peer >= record.FirstClient {
			continue
		}
		key, on := callOf(e), way{e.Peer, e.Other}
		r := w.asked[key]
		nothing := func(refused bool) {
			k := failure{r.RPC, refused, handled[key], !refused && len(r.Entries) > 0}
			if (r.RPC == Append && (refused || handled[key] || k.entries) || r.RPC == Install) && !seen[k] {
				seen[k], due[on] = true, 1
				if k.entries && w.subject.Lost && w.subject.Rule == "too slow" {
					due[on] = followUps
				}
				if k.entries && e.Kind == record.Dropped {
					w.raise(at, Decisive)
				}
			}
		}
		switch e.Kind {
		case record.Sent:
			w.asking(at)
			delete(handled, key)
			if next := w.asked[key].RPC; due[on] > 0 && (next == Append || next == Install) {
				due[on]--
				follow[key] = true
				w.raise(at, Decisive)
			}
		case record.Handled:
			handled[key] = true
			if follow[key] {
				w.raise(at, Decisive)
			}
		case record.Replied:
			if answer, _ := ReadReply(e.Detail); answer == No {
				nothing(true)
			}
		case record.Dropped:
			if !slices.Contains(notThere, e.Text) {
				nothing(false)
			}
		}
	}
}

// mostRestarts is how many peers are shown after a restart.
const mostRestarts = 4

// afterRestarts finds the first entries that a peer refuses after a restart: its log does not go so
// far any more.
func (w *weigher) afterRestarts() {
	back := map[int]bool{}
	found := 0
	for at, e := range w.events {
		switch e.Kind {
		case record.Restart:
			back[e.Peer] = true
		case record.Sent:
			w.asking(at)
		case record.Handled:
			answer, _ := ReadReply(e.Detail)
			if back[e.Other] && answer == No && w.asked[callOf(e)].RPC == Append && found < mostRestarts {
				delete(back, e.Other)
				found++
				w.raise(at, Decisive)
			}
		}
	}
}

// timeout is an election timeout at the least, as leaders count it (docs/timing.md).
const timeout = 300 * time.Millisecond

// afterSilence finds the first message of an accused leader that nobody has answered for an election
// timeout.
func (w *weigher) afterSilence() {
	heard := map[int]time.Duration{}
	for at, e := range w.events {
		if !slices.Contains(w.subject.Peers, e.Peer) {
			continue
		}
		switch last, ok := heard[e.Peer]; {
		case e.Kind == record.Replied:
			heard[e.Peer] = e.Time
		case e.Kind == record.Sent && ok && e.Time-last > timeout && w.sent[at].RPC == Append:
			w.raise(at, Decisive)
			delete(heard, e.Peer)
		}
	}
}

// votesBesideLeader finds the first vote, and the last, that a peer gives soon after it has heard a
// leader (§9.6), or as a leader has heard a follower, of each kind. It says whether there is one.
func (w *weigher) votesBesideLeader() bool {
	heard := map[int]time.Duration{}
	first, last := map[RPC]bool{}, map[RPC]int{}
	for at, e := range w.events {
		key := callOf(e)
		switch e.Kind {
		case record.CrashPeer:
			delete(heard, e.Peer)
		case record.Sent:
			w.asking(at)
		case record.Replied:
			if answer, _ := ReadReply(e.Detail); w.asked[key].RPC == Append && answer == Yes {
				heard[e.Peer] = e.Time
			}
		case record.Handled:
			r := w.asked[key]
			answer, _ := ReadReply(e.Detail)
			if r.RPC == Append && answer == Yes {
				heard[e.Other] = e.Time
			}
			since, ok := heard[e.Other]
			if (r.RPC != Vote && r.RPC != PreVote) || answer != Yes || !ok || e.Time-since > soon {
				continue
			}
			if !first[r.RPC] {
				first[r.RPC] = true
				w.raise(at, Decisive)
			}
			last[r.RPC] = at
		}
	}
	for _, at := range last {
		w.raise(at, Decisive)
	}
	return len(last) > 0
}
