package suite

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// Place is where in the code under test a message of a failure comes from.
type Place struct {
	Peer     int     `json:"peer"`
	At       float64 `json:"atSeconds"`
	Does     string  `json:"does"` // "answers RequestVote of peer 1"
	File     string  `json:"file"` // as the user calls it
	Line     int     `json:"line"`
	Function string  `json:"function"`
	// From is where the function was called, and the one that did, as far as this is the code under
	// test: "raft/raft.go:12".
	From []string `json:"from,omitempty"`
}

// Places are where in the code under test the messages come from that say most about the failure: where
// they were sent, or where the handler begins that answered. There are none where the events do not tell.
func (f Failure) Places() (places []Place) {
	events := f.story()
	for _, at := range timeline.Accused(events, deduce.SubjectOf(f.Run.Rule, f.Run.Message, f.Run.Peers)) {
		e := events[at]
		if calls := ownCalls(e.Where, f.Packages, f.Show); len(calls) > 0 {
			p := Place{Peer: timeline.ActsIn(e), At: seconds(e.Time), Does: plain.Line(timeline.Does(e), plain.MaxName), Function: calls[0].function}
			for _, c := range calls[1:] {
				p.From = append(p.From, c.place)
			}
			cut := strings.LastIndexByte(calls[0].place, ':')
			p.File = calls[0].place[:max(cut, 0)]
			p.Line, _ = strconv.Atoi(calls[0].place[cut+1:])
			places = append(places, p)
		}
	}
	return places
}

// ownCall is a call of the code under test.
type ownCall struct {
	function string // "(*Raft).RequestVote"
	place    string // "../sol/raft.go:123"
}

// ownCalls are the calls that the places of an event tell of, as far as they are in packages, with the
// files shown.
func ownCalls(where string, packages []string, show func(string) string) (calls []ownCall) {
	for _, text := range strings.Split(where, "; ") {
		place, function, _ := strings.Cut(text, " ")
		if !slices.Contains(packages, path.Dir(place)) {
			continue
		}
		if show != nil {
			place = show(place)
		}
		calls = append(calls, ownCall{plain.Line(function, plain.MaxName), plain.Line(place, plain.MaxLine)})
	}
	return calls
}

// ShowWhere returns a function that shows the places of an event in a line, as far as they are in the code
// that a case is about.
func (c Code) ShowWhere(k Case) func(where string) string {
	packages := c.Packages(k)
	return func(where string) string {
		var all []string
		for _, f := range ownCalls(where, packages, c.Show) {
			all = append(all, f.place+" "+f.function)
		}
		return strings.Join(all, ", from ")
	}
}

// String is the place in a line.
func (p Place) String() string {
	text := fmt.Sprintf("%s %s: %s:%d %s", record.Who(p.Peer), p.Does, p.File, p.Line, p.Function)
	if len(p.From) > 0 {
		text += ", from " + p.From[0]
	}
	return text
}
