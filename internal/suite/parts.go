package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// core are the parts that the name of a lab alone stands for: what the course asks of everybody.
// The other parts are extensions, which count when they are named.
var core = map[string][]string{
	"lab2": {"2A", "2B", "2C", "2D"},
	"lab3": {"3A", "3B"},
	"lab4": {"4A", "4B", "4C"},
}

var partRange = regexp.MustCompile(`^(\d[A-Z])-(\d[A-Z])$`)

// SelectParts is [Select] for what people are asked for: a lab stands for its parts without the
// extensions, and with those that an instructor has added.
func SelectParts(cases []Case, selectors []string) ([]Case, error) {
	var plainer []string
	for _, s := range selectors {
		s = strings.TrimSpace(s)
		before := len(plainer)
		for _, c := range cases {
			own := c.Own()
			parts := core[own.Lab]
			if c.Lab == strings.ToLower(s) && parts != nil && (slices.Contains(parts, own.Part) || c.Private) && !slices.Contains(plainer, c.Part) {
				plainer = append(plainer, c.Part)
			}
		}
		if len(plainer) == before {
			plainer = append(plainer, s) // no lab with extensions
		}
	}
	return Select(cases, plainer)
}

// ranged replaces ranges of parts, such as 2A-2D, by the parts.
func ranged(cases []Case, selectors []string) (plainer []string, err error) {
	for _, s := range selectors {
		m := partRange.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
		if m == nil {
			plainer = append(plainer, s)
			continue
		}
		parts := between(cases, m[1], m[2])
		if parts == nil {
			return nil, fmt.Errorf("%s: there are no such parts, from the first to the last; `raftlab list` shows all", s)
		}
		plainer = append(plainer, parts...)
	}
	return plainer, nil
}

// between returns the parts from one to another, in the order of the tables.
func between(cases []Case, from, to string) (parts []string) {
	in, ended := false, false
	for _, c := range cases {
		if in = in || c.Part == from; in && !slices.Contains(parts, c.Part) && !ended {
			parts = append(parts, c.Part)
		}
		ended = ended || in && c.Part == to
	}
	if !ended {
		return nil
	}
	return parts
}
