package deduce

import (
	"fmt"
	"slices"
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

// mostOfField is how long a field is at most in [BriefService].
const mostOfField = 24

// BriefService says what a request or a reply of a service has in it: Put "x" "[1]", or OK "[1]"
// Version 3. Numbers by which servers and clients know each other are left out, and so is what is
// empty. A detail that cannot be read gives "".
func BriefService(detail string) string {
	var first, parts []string
	v := parse(detail)
	err := errorOf(v)
	failed := err != "" && err != "OK" // and what stands beside that was never set
	for _, f := range v.fields {
		name, text := strings.ToLower(f.name), f.value.text
		if text == "" || text == `""` && (failed || name != "value") || failed && text == "0" {
			continue
		}
		if runes := []rune(text); len(runes) > mostOfField {
			text = string(runes[:mostOfField-2]) + ".."
		}
		switch {
		case name == "err" || name == "op":
			first = append(first, strings.Trim(text, `"`))
		case name == "key" || name == "value":
			parts = append(parts, text)
		case !numbering(name):
			parts = append(parts, f.name+" "+text)
		}
	}
	return strings.Join(append(first, parts...), " ")
}

// numbering says whether a field has the number of a client, or of its request.
func numbering(name string) bool {
	return name != "gid" && (strings.HasSuffix(name, "id") || slices.ContainsFunc([]string{"client", "clerk", "session", "seq", "serial", "try", "request"},
		func(part string) bool { return strings.HasPrefix(name, part) }))
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
