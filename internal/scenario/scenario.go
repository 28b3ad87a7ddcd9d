package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"raftlab/internal/plain"
)

// Scenario is what differs in a run. The zero value changes nothing; make others with [Parse], or
// line by line with [Scenario.Add].
type Scenario struct {
	Case string // that it is for; "" if it does not say
	Seed uint64 // 0 if it does not say
	// Until is the time from which on everything happens again that no line names: 0 means never.
	// The run that a scenario is about has ended by then; it is for others, that go on.
	Until time.Duration

	lines []string // in order, without comments
	every map[Kind]bool
	keys  map[Key]choice
	calls map[Call]*Fate
	found map[string]bool // lines that have had something to do with the run
	there counts          // what was in the run
}

// choice is what a line says about one key.
type choice struct {
	play bool
	line string
}

// Fate is what is to become of one call.
type Fate struct {
	LoseRequest, LoseReply bool
	Request, Reply         time.Duration // how long each is to travel; 0: as long as it would
	Twice                  time.Duration // deliver the request a second time so long after the first; 0: do not ask for it
	Alone                  bool          // no loss, no delay, no second delivery

	lines []string
}

// Parse reads a scenario. An error names the line.
func Parse(text string) (*Scenario, error) {
	s := &Scenario{}
	for n, line := range strings.Split(text, "\n") {
		if err := s.Add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return s, nil
}

// Add adds a line, which may be empty or a comment.
func (s *Scenario) Add(line string) error {
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil
	}
	line = strings.Join(words, " ")
	if err := s.read(line, words); err != nil {
		return err
	}
	s.lines = append(s.lines, line)
	return nil
}

// read understands one line.
func (s *Scenario) read(line string, words []string) error {
	verb, rest := words[0], words[1:]
	switch {
	case verb == "case" && len(rest) == 1:
		s.Case = rest[0]
		return nil
	case verb == "seed" && len(rest) == 1:
		if _, err := fmt.Sscan(rest[0], &s.Seed); err != nil || s.Seed == 0 {
			return fmt.Errorf("%q is no seed; they are numbers from 1 up", rest[0])
		}
		return nil
	case verb == "until" && len(rest) == 1:
		var err error
		if s.Until, err = time.ParseDuration(rest[0]); err != nil || s.Until <= 0 {
			return fmt.Errorf("%q is no time, such as 1.2s", rest[0])
		}
		return nil
	case strings.HasPrefix(line, "leave out every ") && len(words) == 4:
		return s.leaveOutEvery(words[3])
	case strings.HasPrefix(line, "leave out "):
		return s.choose(line, words[2:], false)
	case verb == "play":
		return s.choose(line, rest, true)
	case strings.HasPrefix(line, "leave alone "):
		return s.fate(line, words[2:], func(f *Fate) { f.Alone = true })
	case verb == "lose" && len(rest) > 1 && rest[0] == "request":
		return s.fate(line, rest[1:], func(f *Fate) { f.LoseRequest = true })
	case verb == "lose" && len(rest) > 1 && rest[0] == "reply":
		return s.fate(line, rest[1:], func(f *Fate) { f.LoseReply = true })
	case verb == "hold" && len(rest) > 3:
		return s.timed(line, rest, "for")
	case verb == "repeat" && len(rest) > 3 && rest[0] == "request":
		return s.timed(line, rest, "after")
	}
	const most = 60 // it may be a file of another kind
	if len(line) > most {
		line = plain.Cut(line, most) + ".."
	}
	return fmt.Errorf("%q is no line of a scenario; there are: case NAME; seed N; until TIME; leave out every KIND; leave out KEY; play KEY; "+
		"lose request CALL; lose reply CALL; hold request CALL for TIME; hold reply CALL for TIME; repeat request CALL after TIME; leave alone CALL", line)
}

func (s *Scenario) leaveOutEvery(name string) error {
	kinds := []Kind{Kind(name)}
	switch {
	case name == "fault":
		kinds = Faults
	case !kinds[0].numbered() && !slices.Contains(Weather, kinds[0]):
		return fmt.Errorf("%q is no kind of things that happen; there are fault (all of %s), %s, %s", name, join(Faults), Operation, join(Weather))
	}
	if s.every == nil {
		s.every = map[Kind]bool{}
	}
	for _, k := range kinds {
		s.every[k] = true
	}
	return nil
}

func (s *Scenario) choose(line string, words []string, play bool) error {
	k, err := ParseKey(strings.Join(words, " "))
	if err != nil {
		return err
	}
	if was, ok := s.keys[k]; ok && was.play != play {
		return fmt.Errorf("%q contradicts the line %q", line, was.line)
	}
	if s.keys == nil {
		s.keys = map[Key]choice{}
	}
	s.keys[k] = choice{play, line}
	return nil
}

// fate reads a line about one call.
func (s *Scenario) fate(line string, words []string, set func(*Fate)) error {
	c, err := parseCall(words)
	if err != nil {
		return err
	}
	if s.calls == nil {
		s.calls = map[Call]*Fate{}
	}
	f := s.calls[c]
	if f == nil {
		f = &Fate{}
		s.calls[c] = f
	}
	set(f)
	f.lines = append(f.lines, line)
	return nil
}

// timed reads a line that ends in a time: request 17 of 0->2 for 30ms.
func (s *Scenario) timed(line string, words []string, before string) error {
	n := len(words)
	d, err := time.ParseDuration(words[n-1])
	if err != nil || d <= 0 || d > time.Hour || words[n-2] != before {
		return fmt.Errorf("%q should end in %q and a time, such as 30ms", line, before)
	}
	var set func(*Fate)
	switch {
	case before == "after":
		set = func(f *Fate) { f.Twice = d }
	case words[0] == "request":
		set = func(f *Fate) { f.Request = d }
	case words[0] == "reply":
		set = func(f *Fate) { f.Reply = d }
	default:
		return fmt.Errorf("%q should say whether it is the request or the reply", line)
	}
	return s.fate(line, words[1:n-2], set)
}

// String is the scenario as [Parse] reads it, without comments.
func (s *Scenario) String() string {
	if len(s.lines) == 0 {
		return ""
	}
	return strings.Join(s.lines, "\n") + "\n"
}

// Every says that all things of a kind are left out, at this virtual time, for which no line says
// otherwise.
func (s *Scenario) Every(k Kind, now time.Duration) bool {
	return s.every[k] && (s.Until == 0 || now < s.Until)
}

// Plays says whether the fault or operation takes place, at this virtual time.
func (s *Scenario) Plays(k Key, now time.Duration) bool {
	s.there.key(k)
	if c, ok := s.keys[k]; ok {
		s.mark(c.line)
		return c.play
	}
	return !s.Every(k.Kind, now)
}

// FateOf is what lines say about one call, or nil.
func (s *Scenario) FateOf(c Call) *Fate {
	s.there.call(c)
	f := s.calls[c]
	if f != nil {
		for _, line := range f.lines {
			s.mark(line)
		}
	}
	return f
}

func (s *Scenario) mark(line string) {
	if s.found == nil {
		s.found = map[string]bool{}
	}
	s.found[line] = true
}

// Unmatched are the lines about keys and calls that nobody has asked for: there was no such thing
// in the run.
func (s *Scenario) Unmatched() []string {
	var lines []string
	for _, line := range s.lines {
		verb, _, _ := strings.Cut(line, " ")
		if verb != "case" && verb != "seed" && verb != "until" && !strings.HasPrefix(line, "leave out every ") && !s.found[line] {
			lines = append(lines, line)
		}
	}
	return lines
}
