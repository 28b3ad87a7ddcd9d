package deduce

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
)

// Subject is what a verdict is about, as far as its words tell.
type Subject struct {
	Rule    string
	Peers   []int // the accused; where the verdict accuses nobody, those that it mentions
	Clients []int // as they are numbered in events
	Terms   []int
	Indexes []int
	Key     string
	HasKey  bool
	Values  []string        // that clients wrote, and that the message names
	Answers []string        // that clients got, and that the message compares, or their beginnings
	Asked   []string        // operations that the message names by all that they ask for, "join 1 2"
	Voters  []int           // whose votes an election should not have had
	Lost    bool            // it says that messages were lost, so that the story is what came after
	Times   []time.Duration // instants that the message names, to a tenth of a millisecond
	// Began are the instants of Times at which an operation of a client began, with which the one before
	// may have ended.
	Began []Instant
}

// Instant is a time of a client, to a tenth of a millisecond.
type Instant struct {
	Client int
	At     time.Duration
}

// Ends says whether an event ends an operation that the message names.
func (s Subject) Ends(e record.Event) bool {
	at := e.Time.Round(tenth)
	return e.Kind == record.Return && slices.Contains(s.Clients, e.Peer) && slices.Contains(s.Times, at) && !slices.Contains(s.Began, Instant{e.Peer, at})
}

// tenth of a millisecond is how exact times in messages are.
const tenth = 100 * time.Microsecond

// Last is the latest instant that the verdict is about, or 0 if that is its own.
func (s Subject) Last() time.Duration {
	if len(s.Times) == 0 {
		return 0
	}
	return slices.Max(s.Times) + time.Millisecond
}

var (
	inTerms   = regexp.MustCompile(`\bterms? (\d+)(?: and (\d+))?`)
	atIndexes = regexp.MustCompile(`\b(?:index|entry|entries|up to) (\d+)`)
	ofPeers   = regexp.MustCompile(`\b(?:peers?|server|leader) (\d+)(?: and (\d+))?`)
	ofClients = regexp.MustCompile(`\bclient (\d+)`)
	atTimes   = regexp.MustCompile(`\b(\d+\.\d{4})(?: to (\d+\.\d{4}))? s\b`)
	spans     = regexp.MustCompile(`\bclient (\d+), (\d+\.\d{4}) to (\d+\.\d{4}) s\b`)
	ofKey     = regexp.MustCompile(`\b(?:get|put|append|key|lock|acquire|release) ("(?:[^"\\]|\\.)*")`)
	written   = regexp.MustCompile(`\b(?:put|append) "(?:[^"\\]|\\.)*" ("(?:[^"\\]|\\.)*")`)
	twice     = regexp.MustCompile(`\bhas (\S+) twice`)
	answers   = regexp.MustCompile(`\b(?:from|to|in configuration) (\d+: \d+(?: \d+)*)`)
	followed  = regexp.MustCompile(`\bconfiguration (\d+) (?:has|follows)\b`)
	requested = regexp.MustCompile(`\b(?:(?:join|leave) \d+(?: \d+)*|move shard \d+ to group \d+|query \d+)`)
	losses    = regexp.MustCompile(`\b(?:was|were|is|are) lost\b`)
	electedBy = regexp.MustCompile(`\belected with the votes? of peers? (\d+)(?: and (\d+))?`)
)

// SubjectOf reads a verdict's rule, message and peers. The messages are the harness's own.
func SubjectOf(rule, message string, peers []int) Subject {
	s := Subject{Rule: rule, Peers: slices.Clone(peers)}
	s.Terms = numbers(inTerms, message, s.Terms)
	s.Indexes = numbers(atIndexes, message, s.Indexes)
	if len(s.Peers) == 0 {
		s.Peers = numbers(ofPeers, message, nil)
	}
	s.Lost = losses.MatchString(message)
	s.Voters = numbers(electedBy, message, nil)
	for _, m := range answers.FindAllStringSubmatch(message, -1) {
		s.Answers = append(s.Answers, m[1])
	}
	for _, m := range followed.FindAllStringSubmatch(message, -1) {
		s.Answers = append(s.Answers, m[1]+":")
	}
	s.Asked = requested.FindAllString(message, -1)
	for _, m := range written.FindAllStringSubmatch(message, -1) {
		if value, err := strconv.Unquote(m[1]); err == nil {
			s.Values = append(s.Values, value)
		}
	}
	if m := twice.FindStringSubmatch(message); m != nil {
		s.Values = []string{m[1]}
	}
	for _, c := range numbers(ofClients, message, nil) {
		s.Clients = append(s.Clients, record.FirstClient+c)
	}
	if m := ofKey.FindStringSubmatch(message); m != nil {
		if key, err := strconv.Unquote(m[1]); err == nil {
			s.Key, s.HasKey = key, true
		}
	}
	for _, m := range spans.FindAllStringSubmatch(message, -1) {
		client, err := strconv.Atoi(m[1])
		if at, bad := strconv.ParseFloat(m[2], 64); err == nil && bad == nil && m[2] != m[3] {
			s.Began = append(s.Began, Instant{record.FirstClient + client, time.Duration(at * 1e9).Round(tenth)})
		}
	}
	if len(s.Clients) > 0 {
		for _, m := range atTimes.FindAllStringSubmatch(message, -1) {
			for _, digits := range m[1:] {
				if seconds, err := strconv.ParseFloat(digits, 64); err == nil {
					s.Times = append(s.Times, time.Duration(seconds*1e9).Round(tenth))
				}
			}
		}
	}
	return s
}

// SubjectIn reads the violation at the end of a trace.
func SubjectIn(events []record.Event) Subject {
	for _, e := range slices.Backward(events) {
		if e.Kind == record.Violation {
			rule, message, _ := strings.Cut(e.Text, ": ")
			var peers []int
			if e.Peer >= 0 {
				peers = []int{e.Peer}
			}
			return SubjectOf(rule, message, peers)
		}
	}
	return Subject{}
}

func numbers(pattern *regexp.Regexp, text string, found []int) []int {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		for _, digits := range m[1:] {
			if n, err := strconv.Atoi(digits); err == nil && !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
	}
	return found
}

// answered says whether the text is one of the answers.
func (s Subject) answered(text string) bool {
	return slices.ContainsFunc(s.Answers, func(a string) bool { return strings.HasPrefix(text, a) })
}

// KeyOf is the key in the text of an event with which a client begins an operation.
func KeyOf(text string) string {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return ""
	}
	key, _ := strconv.Unquote(quoted) // a prefix that is quoted can be unquoted
	return key
}

// Concerns says whether an event is about what the verdict names: its values, its key, an index, a
// term, or one of the accused.
func (s Subject) Concerns(e record.Event) bool {
	peers := []int{e.Peer, e.Other}
	mine := slices.ContainsFunc(peers, func(p int) bool { return slices.Contains(s.Peers, p) || slices.Contains(s.Clients, p) })
	r := ReadRequest(e.Method, e.Detail)
	switch {
	case len(s.Answers) > 0:
		return s.answered(e.Text)
	case len(s.Asked) > 0:
		return e.Peer >= record.FirstClient
	case len(s.Values) > 0:
		return valueIn(e.Detail+e.Text, s.Values) != ""
	case s.HasKey:
		return mine && strings.Contains(e.Detail+" "+e.Text, strconv.Quote(s.Key))
	case len(s.Indexes) > 0:
		if e.Kind == record.Snapshot { // which holds all up to its index
			return slices.ContainsFunc(s.Indexes, func(i int) bool { return i <= e.Index })
		}
		return slices.Contains(s.Indexes, e.Index) || slices.ContainsFunc(s.Indexes, r.Carries)
	case len(s.Terms) > 0:
		return mine && (slices.Contains(s.Terms, e.Term) || slices.Contains(s.Terms, r.Term))
	}
	return mine || len(s.Peers)+len(s.Clients) == 0
}
