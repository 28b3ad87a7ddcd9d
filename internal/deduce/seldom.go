package deduce

import (
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/record"
)

// mostSeldom is how often a request is sent at most that counts as seldom.
const mostSeldom = 3

// asks are notes of the harness about what a case has asked of a peer.
var asks = regexp.MustCompile(`^peer \d+ is asked to `)

// seldom finds what a case has asked of peers, and the requests between servers that are none of
// Figure 2's and that hardly ever occur, such as the word to an heir that it may stand (§3.10). What
// is done once or twice in a run is done for a reason. It says whether the case has asked for something:
// then that is the story, and not who stood when.
func (w *weigher) seldom() bool {
	const notes = "" // no method is called that
	sent := map[string][]int{}
	for at, e := range w.events {
		switch {
		case e.Kind == record.Note && asks.MatchString(e.Text):
			sent[notes] = append(sent[notes], at)
		case e.Kind == record.Sent && e.Peer < record.FirstClient && w.sent[at].RPC == Other:
			sent[e.Method] = append(sent[e.Method], at)
		}
	}
	weight, asked := Related, 0 < len(sent[notes]) && len(sent[notes]) <= mostSeldom
	if asked {
		weight = Decisive
	}
	for _, all := range sent {
		for _, at := range all {
			if len(all) <= mostSeldom {
				w.raise(at, weight)
			}
		}
	}
	return asked
}

// sameThing finds what else the same group of servers was asked about the same thing as in a request
// that it came to refuse: to delete what it is asked for. The first of each method.
func (w *weigher) sameThing(refused int) {
	r, group := w.events[refused], w.groups()
	seen := map[string]bool{}
	about := value{}
	for _, e := range w.events[:refused+1] {
		if e.Kind == record.Sent && callOf(e) == callOf(r) {
			about = parse(e.Detail)
		}
	}
	for at, e := range w.events[:refused] {
		if e.Kind != record.Sent || e.Peer >= record.FirstClient || e.Method == r.Method || seen[e.Method] || group[e.Other] != group[r.Other] {
			continue
		}
		if about.within(parse(e.Detail)) {
			seen[e.Method] = true
			w.raise(at, Decisive)
		}
	}
}

// groups are what the servers say as they start of the group that each is in.
func (w *weigher) groups() map[int]string {
	group := map[int]string{}
	for _, e := range w.events {
		if e.Kind == record.Start {
			group[e.Peer] = e.Text
		}
	}
	return group
}

// within says whether another value has all the fields of this one, with the same values.
func (v value) within(other value) bool {
	return len(v.fields) > 0 && !slices.ContainsFunc(v.fields, func(f field) bool {
		o, ok := other.find(strings.ToLower(f.name))
		return !ok || o.text != f.value.text
	})
}
