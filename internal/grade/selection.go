package grade

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/suite"
)

// core are the parts that the name of a lab alone stands for: what the course asks of everybody. The other parts
// are extensions, which count when they are named.
var core = map[string][]string{
	"lab2": {"2A", "2B", "2C", "2D"},
	"lab3": {"3A", "3B"},
	"lab4": {"4A", "4B", "4C"},
}

var partRange = regexp.MustCompile(`^(\d[A-Z])-(\d[A-Z])$`)

// Select is [suite.Select] for grades: 2A-2D is a range of parts, and a lab stands for its parts without
// the extensions.
func Select(cases []suite.Case, selectors []string) ([]suite.Case, error) {
	if len(selectors) == 0 {
		return nil, fmt.Errorf("say what is graded: parts such as 2A-2D, or a lab such as lab2, which means 2A to 2D")
	}
	var plainer []string
	for _, s := range selectors {
		s = strings.TrimSpace(s)
		if m := partRange.FindStringSubmatch(strings.ToUpper(s)); m != nil {
			parts := between(cases, m[1], m[2])
			if parts == nil {
				return nil, fmt.Errorf("%s: there are no such parts, from the first to the last; `raftlab list` shows all", s)
			}
			plainer = append(plainer, parts...)
		} else if parts, ok := core[strings.ToLower(s)]; ok {
			for _, p := range parts {
				if between(cases, p, p) != nil { // a course tree may have fewer labs
					plainer = append(plainer, p)
				}
			}
		} else {
			plainer = append(plainer, s)
		}
	}
	return suite.Select(cases, plainer)
}

// between returns the parts from one to another, in the order of the tables.
func between(cases []suite.Case, from, to string) (parts []string) {
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
