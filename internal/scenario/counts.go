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
	n := k.N
	k.N = 0
	most(&c.keys, k, n)
}

func (c *counts) call(l Call) {
	n := l.N
	l.N = 0
	most(&c.calls, l, n)
}

// most raises the number of a kind to n, if it is lower.
func most[K comparable, N int | uint64](numbers *map[K]N, kind K, n N) {
	if *numbers == nil {
		*numbers = map[K]N{}
	}
	(*numbers)[kind] = max((*numbers)[kind], n)
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
	if c.keys[k] > 0 {
		return c.all(k)
	}
	var others []string
	for other := range c.keys {
		others = append(others, c.all(other))
	}
	slices.Sort(others)
	const shown = 6
	if more := len(others) - shown; more > 0 {
		others = append(others[:shown], fmt.Sprintf("and %d kinds more", more))
	}
	none := strings.Replace(k.String(), " 0", "", 1)
	if len(others) == 0 {
		return "no " + none + ", and nothing else that has a number"
	}
	return "no " + none + "; there are " + strings.Join(others, ", ")
}

// all are the things of a kind: "crash 1 to 6".
func (c *counts) all(k Key) string {
	return strings.Replace(k.String(), fmt.Sprint(k.Kind, " 0"), upTo(string(k.Kind), c.keys[k]), 1)
}

// upTo is "crash 1", or "crash 1 to 6".
func upTo[N int | uint64](kind string, n N) string {
	if n == 1 {
		return kind + " 1"
	}
	return fmt.Sprintf("%s 1 to %d", kind, n)
}
