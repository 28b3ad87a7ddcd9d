package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// counts are what was in a run: how often each kind of thing was asked for, and how many calls there
// were from one machine to another. Keys and calls in them have the number 0.
type counts struct {
	keys  map[Key]int
	calls map[Call]uint64
}

func (c *counts) key(k Key) {
	if c.keys == nil {
		c.keys = map[Key]int{}
	}
	n := k.N
	k.N = 0
	c.keys[k] = max(c.keys[k], n)
}

func (c *counts) call(l Call) {
	if c.calls == nil {
		c.calls = map[Call]uint64{}
	}
	n := l.N
	l.N = 0
	c.calls[l] = max(c.calls[l], n)
}

// Instead says what there was in the run of the kind that an unmatched line is about: "crash 1 to 6".
// If there was nothing of it, it names the kinds of which there was something. It is "" for other lines.
func (s *Scenario) Instead(line string) string {
	for k, c := range s.keys {
		if c.line == line {
			return s.there.insteadOf(k)
		}
	}
	for l, f := range s.calls {
		if slices.Contains(f.lines, line) {
			l.N = 0
			name := strings.TrimPrefix(l.String(), "0 of ")
			if n := s.there.calls[l]; n > 0 {
				return upTo("call", n) + " of " + name
			}
			return "no call of " + name
		}
	}
	return ""
}

func (c *counts) insteadOf(k Key) string {
	k.N = 0
	if n := c.keys[k]; n > 0 {
		return strings.Replace(k.String(), fmt.Sprint(k.Kind, " 0"), upTo(string(k.Kind), n), 1)
	}
	var others []string
	for other, n := range c.keys {
		others = append(others, strings.Replace(other.String(), fmt.Sprint(other.Kind, " 0"), upTo(string(other.Kind), n), 1))
	}
	slices.Sort(others)
	const most = 6
	if more := len(others) - most; more > 0 {
		others = append(others[:most], fmt.Sprintf("and %d kinds more", more))
	}
	none := strings.Replace(k.String(), " 0", "", 1)
	if len(others) == 0 {
		return "no " + none + ", and nothing else that has a number"
	}
	return "no " + none + "; there are " + strings.Join(others, ", ")
}

// upTo is "crash 1", or "crash 1 to 6".
func upTo[N int | uint64](kind string, n N) string {
	if n == 1 {
		return kind + " 1"
	}
	return fmt.Sprintf("%s 1 to %d", kind, n)
}
