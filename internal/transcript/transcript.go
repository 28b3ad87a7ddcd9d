// Package transcript keeps pages that quote runs true. A transcript is a text in which prose and
// excerpts of one run's trace alternate, as a story that can be read and checked:
//
//	# A follower comes back. (prose: any lines that begin with #)
//
//	run 2E/Rejoin 2
//
//	# It is cut off, and asks.
//
//	at network {$away} {
//	show -1ms +500ms RequestPreVote
//	----
//	   10.8995  network {0} {1 2}
//	   11.2608  0 -x 1   RequestPreVote {Term:2 CandidateId:0 LastLogIndex:4 LastLogTerm:1} (link cut)
//	   11.2608  0 -x 2   RequestPreVote {Term:2 CandidateId:0 LastLogIndex:4 LastLogTerm:1} (link cut)
//
// The directives are
//
//	run CASE SEED            names the run, which the engine repeats on the reference
//	run CASE SEED MUTANT     repeats it on a wrong peer, which has to fail
//	failure                  is followed by what a user is told about the run's failure
//	fix                      is followed by what the wrong peer's patch takes back
//	at WORDS                 goes to the next line of the run's list that has these words in it; without words,
//	                         back to the beginning
//	show FROM TO WHAT...     is followed by what happened between two instants
//
// An instant is a time since the run began, or with a sign, as in -1ms, one relative to the last
// "at". Stories that use these survive a change of times. A word with a $, such as $away, stands
// for any word at first, and for the same one from then on; so a story survives as well if other
// peers play its parts. What is shown are the messages of the RPCs named, "apply" and "snapshot" if
// they are named, and whatever else is not a message (see timeline.List). Words such as 0-2,
// $leader-$away or c1-0 limit messages to those between two of a pair, and entries and snapshots to
// those at one of them; "quiet" leaves out everything else.
//
// So a page can tell a mistake as a student would meet it, from the failure to the fix. The
// excerpts, from the line of dashes to an empty line, are written by [Renew]. The test of this
// package fails where a transcript and its run differ, and rewrites transcripts and pages with
// -rewrite. So a change of the peer that changes the story cannot go unseen.
//
// The form is that of the data-driven tests of etcd's Raft library, whose transcripts double as its
// best documentation.
package transcript

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// Run is a run that a transcript is about.
type Run struct {
	Case   string // "2E/Rejoin"
	Seed   uint64
	Mutant string // "" for the reference
}

// Told is what is known of a run.
type Told struct {
	Events  []record.Event
	Failure []string // lines, as `raftlab test` prints them
	Patch   string   // of the mutant
}

// dashes separate an excerpt from the directive that asks for it.
const dashes = "----"

// story is how far a transcript has been read.
type story struct {
	repeat func(Run) (Told, error)

	told  Told
	trace []record.Event
	lines []timeline.Line   // all of the run
	next  int               // the first line after the last "at"
	mark  time.Duration     // when the last "at" was
	names map[string]string // what the words with a $ stand for
}

// Renew returns the text with all its excerpts written anew. repeat repeats a run, and returns what
// happened in it. An error names the line.
func Renew(text string, repeat func(Run) (Told, error)) (string, error) {
	var out strings.Builder
	s := &story{repeat: repeat}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		out.WriteString(line + "\n")
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		excerpt, err := s.obey(words[0], words[1:])
		if err != nil {
			return "", fmt.Errorf("line %d: %w", i+1, err)
		}
		if words[0] == "run" || words[0] == "at" {
			continue
		}
		out.WriteString(dashes + "\n" + excerpt)
		if i+1 < len(lines) && lines[i+1] == dashes {
			for i+1 < len(lines) && lines[i+1] != "" { // what it was before
				i++
			}
		}
		if i+1 < len(lines) && lines[i+1] != "" {
			out.WriteString("\n")
		}
	}
	return out.String(), nil
}

// Indented returns the excerpts of a transcript as a page quotes them that leaves out the prose and
// the directives: as a block of code that is indented by four spaces.
func Indented(text string) (blocks []string) {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "\n"+dashes+"\n")
		if !found {
			return blocks
		}
		excerpt, next, _ := strings.Cut(after, "\n\n")
		lines := strings.Split(strings.TrimRight(excerpt, "\n"), "\n")
		blocks = append(blocks, "    "+strings.Join(lines, "\n    ")+"\n")
		rest = next
	}
}

// obey does what a directive says. All but run and at have an excerpt.
func (s *story) obey(directive string, words []string) (excerpt string, err error) {
	switch directive {
	case "run":
		return "", s.run(words)
	case "at":
		return "", s.at(words)
	case "show":
		return s.show(words)
	case "failure":
		if len(s.told.Failure) == 0 {
			return "", fmt.Errorf("failure comes after a run of a mutant, which fails")
		}
		return strings.Join(s.told.Failure, "\n") + "\n", nil
	case "fix":
		if s.told.Patch == "" {
			return "", fmt.Errorf("fix comes after a run of a mutant, which has a patch")
		}
		return Fix(s.told.Patch), nil
	}
	return "", fmt.Errorf("%q is neither prose, which begins with #, nor run, at, show, failure or fix", directive)
}

// Fix is a mutant's patch read backwards: what goes, and what comes in its place. Context stays.
func Fix(patch string) string {
	var out, back strings.Builder
	for line := range strings.Lines(patch) {
		switch rest := line[1:]; {
		case line[0] == '#' || strings.TrimSpace(rest) == "":
		case strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "@@"):
			out.WriteString(back.String())
			back.Reset()
			out.WriteString(line)
		case line[0] == '-':
			back.WriteString("+" + rest)
		case line[0] == '+':
			out.WriteString("-" + rest)
		default:
			out.WriteString(back.String())
			back.Reset()
			out.WriteString(line)
		}
	}
	return out.String() + back.String()
}

// everyMethod is what timeline.Lines is asked for to get all lines.
func everyMethod(trace []record.Event) []string {
	methods := []string{string(record.Apply), string(record.Snapshot)}
	seen := map[string]bool{}
	for _, e := range trace {
		if name := e.Method[strings.LastIndexByte(e.Method, '.')+1:]; name != "" && !seen[name] {
			seen[name] = true
			methods = append(methods, name)
		}
	}
	return methods
}

func (s *story) run(words []string) error {
	if len(words) != 2 && len(words) != 3 {
		return fmt.Errorf("run takes a case, a seed and perhaps a mutant, such as: run 2E/Rejoin 12")
	}
	mutant := strings.Join(words[2:], "")
	seed, err := strconv.ParseUint(words[1], 10, 64)
	if err != nil {
		return err
	}
	told, err := s.repeat(Run{words[0], seed, mutant})
	if err != nil {
		return err
	}
	trace := told.Events
	for i := range trace {
		trace[i].Detail = elide(trace[i].Detail)
	}
	*s = story{repeat: s.repeat, told: told, trace: trace, names: map[string]string{}}
	s.lines = timeline.Lines(trace, timeline.Choice{Methods: everyMethod(trace)})
	return nil
}

var (
	quoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	entry   = `\{Term:\d+ Command:(?:"(?:[^"\\]|\\.)*"|\{[^{}]*\}|[^{}"])*\}`
	entries = regexp.MustCompile(entry + `(?: ` + entry + `){3,}`)
	oneOf   = regexp.MustCompile(entry)
)

// elide shortens long strings and long lists of entries in the arguments of messages: what is in a
// shard, or in the midmost of twenty entries, says nothing to a reader.
func elide(detail string) string {
	const most = 80
	detail = quoted.ReplaceAllStringFunc(detail, func(s string) string {
		if len(s) <= most {
			return s
		}
		return fmt.Sprintf(`"... %d bytes"`, len(s))
	})
	return entries.ReplaceAllStringFunc(detail, func(s string) string {
		all := oneOf.FindAllString(s, -1)
		return fmt.Sprintf("%s ... %d more ... %s", all[0], len(all)-2, all[len(all)-1])
	})
}

// at goes to the next line that has the words in it.
func (s *story) at(words []string) error {
	if s.trace == nil {
		return fmt.Errorf("at comes before the first run")
	}
	if len(words) == 0 {
		s.mark, s.next = 0, 0
		return nil
	}
	var parts []string
	var fresh []string // the $words that stand for nothing yet
	for _, word := range words {
		part := ""
		for i, piece := range dollar.Split(word, -1) {
			if i > 0 {
				name := dollar.FindAllString(word, -1)[i-1]
				if value, known := s.names[name]; known {
					part += regexp.QuoteMeta(value)
				} else {
					fresh, part = append(fresh, name), part+`(\w+)`
				}
			}
			part += regexp.QuoteMeta(piece)
		}
		parts = append(parts, part)
	}
	pattern := regexp.MustCompile(`(?:^| )` + strings.Join(parts, " +"))
	for i := s.next; i < len(s.lines); i++ {
		m := pattern.FindStringSubmatch(s.lines[i].Text)
		if m == nil {
			continue
		}
		for n, name := range fresh {
			s.names[name] = m[n+1]
		}
		s.mark, s.next = s.lines[i].Time, i+1
		return nil
	}
	return fmt.Errorf("nothing after %v has %q in it; the run tells another story now: change the directive, or the seed, and the prose with it",
		s.mark, strings.Join(words, " "))
}

var dollar = regexp.MustCompile(`\$\w+`)

// show returns an excerpt. One without a single line is a mistake: the run has moved away from
// under the times.
func (s *story) show(words []string) (string, error) {
	if len(words) < 2 {
		return "", fmt.Errorf("show takes two times and the RPCs to show, such as: show 10s 11.5s RequestVote")
	}
	if s.trace == nil {
		return "", fmt.Errorf("show comes before the first run")
	}
	from, err := s.instant(words[0])
	if err != nil {
		return "", err
	}
	to, err := s.instant(words[1])
	if err != nil {
		return "", err
	}
	choice := timeline.Choice{From: from, To: to}
	var pairs []string
	quiet := false
	for _, word := range words[2:] {
		word = dollar.ReplaceAllStringFunc(word, func(name string) string { return s.names[name] })
		switch {
		case word == "quiet":
			quiet = true
		case strings.Contains(word, "-"):
			pairs = append(pairs, word)
		default:
			choice.Methods = append(choice.Methods, word)
		}
	}
	var out strings.Builder
	if err := timeline.List(&out, between(s.trace, pairs, quiet), choice); err != nil {
		return "", err
	}
	if out.Len() == 0 {
		return "", fmt.Errorf("nothing to show happened between %v and %v", from, to)
	}
	return out.String(), nil
}

// instant reads a time, which is relative to the last "at" if it has a sign.
func (s *story) instant(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err == nil && (word[0] == '+' || word[0] == '-') {
		d += s.mark
	}
	return d, err
}

// between leaves out what is not between or at the peers of a pair, if there are pairs, and what is
// neither a message nor an entry applied or a snapshot if it has to be quiet.
func between(trace []record.Event, pairs []string, quiet bool) []record.Event {
	var kept []record.Event
	for _, e := range trace {
		wanted := true
		switch e.Kind {
		case record.Sent, record.Delivered, record.Handled, record.Replied, record.Dropped:
			wanted = len(pairs) == 0 || paired(timeline.Name(e.Peer), timeline.Name(e.Other), pairs)
		case record.Apply, record.Snapshot:
			wanted = len(pairs) == 0 || oneOfThem(timeline.Name(e.Peer), pairs)
		default:
			wanted = !quiet
		}
		if wanted {
			kept = append(kept, e)
		}
	}
	return kept
}

func oneOfThem(name string, pairs []string) bool {
	for _, pair := range pairs {
		if a, b, _ := strings.Cut(pair, "-"); a == name || b == name {
			return true
		}
	}
	return false
}

func paired(a, b string, pairs []string) bool {
	for _, pair := range pairs {
		if pair == a+"-"+b || pair == b+"-"+a {
			return true
		}
	}
	return false
}
