package deduce

import "strings"

// Unknown stands for a number that the trace does not tell.
const Unknown = -1

// RPC is which of the messages of Raft a request is.
type RPC int

// The RPCs. A request whose fields say nothing is Other.
const (
	Other RPC = iota
	Vote
	PreVote
	Append
	Install
)

// Entry is one entry of a log, as far as it is known.
type Entry struct {
	Term    int
	Command string
}

// Request is what the arguments of a call say. Numbers that they do not have are Unknown.
type Request struct {
	RPC            RPC
	Term           int
	Prev, PrevTerm int     // Append: the entry before the first one; Install: the last one in the snapshot
	Entries        []Entry // Append, the first at Prev+1
	More           bool    // there are more of them than the trace has kept
	Commit         int     // Append
	Last, LastTerm int     // Vote: the end of the candidate's log
}

// ReadRequest reads the decoded arguments of a call.
func ReadRequest(method, detail string) Request {
	v := parse(detail)
	r := Request{Term: v.number("term", "currentterm", "candidateterm", "leaderterm"), Prev: Unknown,
		PrevTerm: Unknown, Commit: Unknown, Last: Unknown, LastTerm: Unknown}
	if r.Term == Unknown {
		return r
	}
	entries, listed := v.find("entries", "logentries", "entry", "logs", "log")
	previous := v.number("prevlogindex", "previndex", "prevlogidx", "previouslogindex", "preindex", "prelogindex", "prevlog")
	included := v.number("lastincludedindex", "lastincludeindex", "snapshotindex", "lastincluded", "lastindex")
	_, candidate := v.find("candidateid", "candidate", "candidateindex")
	switch {
	case candidate:
		r.RPC = Vote
		if strings.Contains(strings.ToLower(method), "pre") {
			r.RPC = PreVote
		}
		r.Last = v.number("lastlogindex", "lastindex", "lastlogidx")
		r.LastTerm = v.number("lastlogterm", "lastterm")
	case previous != Unknown && listed:
		r.RPC, r.Prev, r.More = Append, previous, entries.more
		r.PrevTerm = v.number("prevlogterm", "prevterm", "previouslogterm", "preterm", "prelogterm")
		r.Commit = v.number("leadercommit", "leadercommitindex", "commitindex", "commit")
		for _, e := range entries.list {
			r.Entries = append(r.Entries, entryOf(e))
		}
	case included != Unknown:
		r.RPC, r.Prev = Install, included
		r.PrevTerm = v.number("lastincludedterm", "lastincludeterm", "snapshotterm", "lastterm")
	}
	return r
}

func entryOf(v value) Entry {
	e := Entry{Term: v.number("term", "logterm", "entryterm"), Command: v.text}
	if c, ok := v.find("command", "cmd", "data", "op", "value"); ok {
		e.Command = c.text
	}
	return e
}

// End is the index of the last entry that the request is known to carry.
func (r Request) End() int { return r.Prev + len(r.Entries) }

// Carries says whether the request has the entry at an index with it.
func (r Request) Carries(index int) bool {
	return r.RPC == Append && index > r.Prev && index <= r.End() || r.RPC == Install && index <= r.Prev
}

// Answer is what a reply says to a request: yes, no, or neither.
type Answer int

// The answers.
const (
	NoAnswer Answer = iota
	Yes
	No
)

// ReadReply reads the decoded reply of a call: whether it grants or refuses, and the term in it.
func ReadReply(detail string) (a Answer, term int) {
	v := parse(detail)
	term = v.number("term", "currentterm", "replyterm")
	f, ok := v.find("votegranted", "granted", "grantvote", "voted", "vote", "success", "succeeded", "ok")
	switch {
	case ok && f.text == "true":
		return Yes, term
	case ok && f.text == "false":
		return No, term
	}
	return NoAnswer, term
}
