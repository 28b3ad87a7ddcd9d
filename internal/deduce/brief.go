package deduce

import (
	"fmt"
	"strings"
)

// Brief says what a request asks for, the decisive first: term 9, entries 4 to 6 after 3 (term 2).
// A request that is not one of Raft's gives "".
func (r Request) Brief() string {
	var parts []string
	say := func(format string, n ...any) { parts = append(parts, fmt.Sprintf(format, n...)) }
	switch r.RPC {
	case Other:
		return ""
	case Vote, PreVote:
		say("term %d", r.Term)
		switch {
		case r.Last == 0:
			say("log empty")
		case r.Last != Unknown:
			say("log to %d%s", r.Last, ofTerm(r.LastTerm))
		}
	case Append:
		say("term %d", r.Term)
		after := fmt.Sprintf("after %d%s", r.Prev, ofTerm(r.PrevTerm))
		switch {
		case len(r.Entries) == 0:
			say("nothing %s", after)
		case r.More:
			say("entries from %d %s", r.Prev+1, after)
		case len(r.Entries) == 1:
			say("entry %d%s %s", r.Prev+1, ofTerm(r.Entries[0].Term), after)
		default:
			say("entries %d to %d%s %s", r.Prev+1, r.End(), ofTerm(r.Entries[len(r.Entries)-1].Term), after)
		}
		if r.Commit != Unknown {
			say("commit %d", r.Commit)
		}
	case Install:
		say("term %d", r.Term)
		say("up to %d%s", r.Prev, ofTerm(r.PrevTerm))
	}
	return strings.Join(parts, ", ")
}

// ofTerm is in which term an entry was made; the empty log ends in none.
func ofTerm(term int) string {
	if term <= 0 {
		return ""
	}
	return fmt.Sprintf(" (term %d)", term)
}

// BriefReply says what a reply answers to the request: granted, refused, or nothing that is known.
func (r Request) BriefReply(detail string) string {
	answer, term := ReadReply(detail)
	switch {
	case r.RPC == Other:
		return ""
	case answer == Yes && (r.RPC == Vote || r.RPC == PreVote):
		return "granted"
	case answer == Yes:
		return "success"
	case answer == No && term > r.Term:
		return fmt.Sprintf("refused, term %d is newer", term)
	case answer == No:
		return "refused"
	}
	return ""
}
