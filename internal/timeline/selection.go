package timeline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// Selection chooses events. All that is set has to hold; the violation is chosen always.
type Selection struct {
	Classes []string       // names of [Classes]
	Brief   bool           // leaders, terms, answers to votes, crashes, network, applies; each message in few words
	Index   int            // the life of the entry at this index, on all peers
	Key     string         // operations on a key, and the requests with it
	HasKey  bool           //
	Client  int            // a client as it is numbered in events, or 0
	Grep    *regexp.Regexp // in the text or the arguments

	services bool // the run has servers and clients only, and no peers: brief tells what clients do
}

// inBrief are the classes that a brief timeline shows whole.
var inBrief = []string{"states", "crashes", "network", "notes", "snapshots", "violations"}

// rows are the rows of the events that are chosen.
func (s Selection) rows(events []record.Event) []row {
	if s.Index > 0 {
		return slices.DeleteFunc(Life(events, s.Index), func(r row) bool { return !s.greps(r) })
	}
	rows := rowsOf(events)
	if len(s.Classes) == 0 && !s.Brief && !s.HasKey && s.Client == 0 && s.Grep == nil {
		return rows
	}
	moments := map[int]Moment{}
	for _, m := range Moments(events) {
		moments[m.At] = m
	}
	s.services = !slices.ContainsFunc(events, func(e record.Event) bool { return e.Kind == record.State || e.Kind == record.Apply })
	rows = slices.DeleteFunc(rows, func(r row) bool {
		return r.kind != record.Violation && !(s.chooses(r, moments[r.at]) && s.greps(r))
	})
	if s.Brief {
		rows = foldLosses(foldApplies(s.withLeaders(events, rows), func(row) bool { return false }))
	}
	return rows
}

// foldLosses joins messages that one peer loses one after the other, in the last of them.
func foldLosses(rows []row) (out []row) {
	lost := map[string]int{} // rows in a run of such, by what they say
	for i, r := range rows {
		what := fmt.Sprint(r.peer, r.text)
		if r.kind != record.Dropped {
			clear(lost)
			out = append(out, r)
			continue
		}
		lost[what]++
		if i+1 < len(rows) && rows[i+1].kind == record.Dropped && fmt.Sprint(rows[i+1].peer, rows[i+1].text) == what {
			continue
		}
		if n := lost[what]; n > 1 {
			r.text += fmt.Sprintf(" (x%d)", n)
		}
		delete(lost, what)
		out = append(out, r)
	}
	return out
}

// withLeaders adds the leaders whom nobody has asked whether they lead, and who show it by what they
// send: there is no other word of them where clients go by the answers that they get.
func (s Selection) withLeaders(events []record.Event, rows []row) []row {
	type leader struct{ peer, term int }
	said := map[leader]bool{}
	for _, e := range events {
		if e.Kind == record.State && e.Leader {
			said[leader{e.Peer, e.Term}] = true
		}
	}
	for _, c := range deduce.Changes(events) {
		if c.What != deduce.Leads || said[leader{c.Peer, c.Term}] || s.Client > 0 && s.Client != c.Peer || s.HasKey ||
			len(s.Classes) > 0 && !slices.Contains(s.Classes, "states") {
			continue
		}
		r := row{time: events[c.At].Time, kind: record.State, peer: c.Peer, other: record.None, leader: true, at: c.At, text: fmt.Sprintf("leads term %d", c.Term)}
		if s.greps(r) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	return rows
}

func (s Selection) chooses(r row, m Moment) bool {
	class := Classes[m.Class].Name
	if class == "prints" { // whoever asks for them wants them beside what else there is
		return true
	}
	if len(s.Classes) > 0 && !slices.Contains(s.Classes, class) {
		return false
	}
	if s.Brief {
		vote := class == "votes" && r.kind == record.Delivered
		news := strings.HasSuffix(m.Text, "]") && r.kind == record.Delivered
		if r.kind == record.Note && (r.text == "operation" || r.text == "left out: operation") { // of a scenario: its file tells
			return false
		}
		client := s.services && (class == "clients" || r.kind == record.Dropped)
		if !vote && !news && !client && class != "applies" && !slices.Contains(inBrief, class) {
			return false
		}
	}
	if s.HasKey && m.Key != s.Key && !strings.Contains(m.Detail, strconv.Quote(s.Key)) {
		return false
	}
	return s.Client == 0 || r.peer == s.Client || r.other == s.Client
}

func (s Selection) greps(r row) bool {
	return s.Grep == nil || s.Grep.MatchString(r.short()) || s.Grep.MatchString(r.detail)
}

// briefs are what messages say, by positions of events. A request that arrives begins with how it
// was answered.
func briefs(events []record.Event) map[int]string {
	said := map[int]string{}
	asked := map[call]deduce.Request{}
	arrived := map[call]int{}
	term := map[int]int{} // in which each peer has asked
	for i, e := range events {
		key := call{e.Peer, e.Other, e.N}
		switch e.Kind {
		case record.Sent:
			asked[key] = deduce.ReadRequest(e.Method, e.Detail)
			said[i] = asked[key].Brief()
			term[e.Peer] = max(term[e.Peer], asked[key].Term)
		case record.Dropped:
			said[i] = asked[key].Brief()
		case record.Delivered:
			said[i], arrived[key] = asked[key].Brief(), i
		case record.Handled:
			at, ok := arrived[key]
			if answer := asked[key].BriefReply(e.Detail); ok && answer != "" {
				said[at] = answer + ", " + asked[key].Brief()
			}
		case record.Replied:
			said[i] = asked[key].BriefReply(e.Detail)
			if said[i] != "" && asked[key].Term < term[e.Peer] { // it comes late: of what?
				of, rest, _ := strings.Cut(asked[key].Brief(), ", ")
				said[i] = fmt.Sprintf("of %s, %s, %s", of, said[i], rest)
			}
		}
	}
	return said
}

// Life are the rows about the entry at an index: where it is appended, overwritten, known to be
// committed, applied, and compacted.
func Life(events []record.Event, index int) []row {
	var rows []row
	type fact struct {
		peer int
		what deduce.What
	}
	told := map[fact]bool{} // commits and snapshots, which go on beyond the index
	for _, c := range deduce.Changes(events) {
		e := events[c.At]
		r := row{time: e.Time, kind: e.Kind, peer: c.Peer, other: record.None, index: index, at: c.At}
		switch {
		case c.What == deduce.Entered && c.Index == index:
			r.text = fmt.Sprintf("has %d%s %s", index, ofTerm(c.Term), c.Command)
		case c.What == deduce.Truncated && c.Index == index:
			r.text = fmt.Sprintf("%d%s overwritten %s", index, ofTerm(c.Term), c.Command)
		case c.What == deduce.Truncated && c.Index < index:
			r.text = fmt.Sprintf("all from %d on overwritten", c.Index)
		case c.What == deduce.Applied && c.Index == index:
			r.text = fmt.Sprintf("applies %d%s %s", index, ofTerm(c.Term), c.Command)
		case c.What == deduce.Committed && c.Index >= index && !told[fact{c.Peer, c.What}]:
			told[fact{c.Peer, c.What}] = true
			r.text = fmt.Sprintf("knows %d committed", c.Index)
		case c.What == deduce.Compacted && c.Index >= index && !told[fact{c.Peer, c.What}]:
			told[fact{c.Peer, c.What}] = true
			r.text = fmt.Sprintf("snapshot to %d %s", c.Index, c.Command)
		case c.What == deduce.Fresh || c.What == deduce.Down:
			told[fact{c.Peer, deduce.Committed}] = false
			continue
		default:
			continue
		}
		r.text = plain.Line(r.text, plain.MaxText)
		rows = append(rows, r)
	}
	for _, r := range rowsOf(events) {
		if r.kind == record.Violation {
			rows = append(rows, r)
		}
	}
	return rows
}

func ofTerm(term int) string {
	if term < 1 {
		return ""
	}
	return fmt.Sprintf(" of term %d", term)
}
