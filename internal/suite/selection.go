package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"raftlab/tester"
)

// Case is one case together with the lab it belongs to. Its ID is its name on the command line.
type Case struct {
	tester.Case
	Lab     string // "lab2"
	Package string // "./raft", whose test binary runs it
	Test    string // "TestLab2", the test in that binary
	// OnRequest is tester.Lab.OnRequest.
	OnRequest bool
	// own is the case by its own names, where a [Numbering] has given it others.
	own *Case
	// Private says that it is an instructor's, and not in this tree.
	Private bool
	// Field is tester.Lab.Field.
	Field string
}

// Cases returns the cases of all labs, in the order of their tables.
func Cases(labs []tester.Lab) []Case {
	var cases []Case
	for _, l := range labs {
		for _, c := range l.Cases {
			cases = append(cases, Case{Case: c, Lab: l.Name, Package: l.Package, Test: l.Test, OnRequest: l.OnRequest, Field: l.Field})
		}
	}
	return cases
}

// Select returns the cases that selectors name, each once, in the order of the tables; all of them,
// but for those that run on request only, if there are no selectors. A selector is a lab ("lab2"),
// a part ("2A"), a range of parts ("2A-2D"), a case ("2A/InitialElection") or the name of a case
// alone. Upper and lower case are the same, and a prefix will do where only one thing begins with
// it. The error for anything else lists what comes close.
func Select(cases []Case, selectors []string) ([]Case, error) {
	if len(selectors) == 0 {
		return slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return c.OnRequest }), nil
	}
	selectors, err := ranged(cases, selectors)
	if err != nil {
		return nil, err
	}
	chosen := make([]bool, len(cases))
	for _, s := range selectors {
		match, err := resolve(cases, s)
		if err != nil {
			return nil, err
		}
		for i, c := range cases {
			chosen[i] = chosen[i] || match(c)
		}
	}
	var out []Case
	for i, c := range cases {
		if chosen[i] {
			out = append(out, c)
		}
	}
	return out, nil
}

// resolve finds the one thing that a selector means.
func resolve(cases []Case, selector string) (func(Case) bool, error) {
	s := strings.ToLower(strings.Trim(strings.TrimSpace(selector), "/"))
	kinds := []struct {
		what string
		name func(Case) string
	}{
		{"lab", func(c Case) string { return c.Lab }},
		{"part", func(c Case) string { return c.Part }},
		{"case", Case.ID},
		{"case", func(c Case) string { return c.Name }},
	}
	for _, matches := range []func(name string) bool{
		func(name string) bool { return name == s },
		func(name string) bool { return s != "" && strings.HasPrefix(name, s) },
	} {
		for _, k := range kinds {
			var found []string
			for _, c := range cases {
				if matches(strings.ToLower(k.name(c))) && !slices.Contains(found, k.name(c)) {
					found = append(found, k.name(c))
				}
			}
			switch len(found) {
			case 0:
			case 1:
				return func(c Case) bool { return k.name(c) == found[0] }, nil
			default:
				return nil, fmt.Errorf("%q could be %s", selector, list(found, 8))
			}
		}
	}
	close := closest(cases, s)
	return nil, fmt.Errorf("there is no lab, part or case %q; close to it: %s (`raftlab list` shows all)", selector, list(close, 5))
}

// list writes names as "a, b or c", and counts what is beyond most.
func list(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// closest returns the names nearest to s, best first.
func closest(cases []Case, s string) []string {
	type near struct {
		name     string
		distance int
	}
	var all []near
	add := func(shown, compared string) {
		compared = strings.ToLower(compared)
		d := min(distance(s, compared), 1+beginning(s, compared))
		if strings.Contains(compared, s) && s != "" {
			d = 1
		}
		if i := slices.IndexFunc(all, func(n near) bool { return n.name == shown }); i >= 0 {
			all[i].distance = min(all[i].distance, d)
			return
		}
		all = append(all, near{shown, d})
	}
	part, name, _ := strings.Cut(s, "/")
	known := name != "" && slices.ContainsFunc(cases, func(c Case) bool { return strings.EqualFold(c.Part, part) })
	for _, c := range cases {
		if known { // then it is a case that is meant, and of this part, or this very one of another
			if strings.EqualFold(c.Part, part) || strings.EqualFold(c.Name, name) {
				add(c.ID(), c.Name)
				add(c.ID(), c.ID())
			}
			continue
		}
		add(c.Lab, c.Lab)
		add(c.Part, c.Part)
		add(c.ID(), c.ID())
		add(c.ID(), c.Name)
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, n := range all[:min(len(all), 5)] {
		names = append(names, n.name)
	}
	return names
}

// distance is the number of letters to insert, delete or replace between a and b (Levenshtein).
func distance(a, b string) int {
	return distances(a, b)[len(b)]
}

// beginning is the distance between a and the nearest beginning of b.
func beginning(a, b string) int { return slices.Min(distances(a, b)) }

// distances are those between a and each beginning of b.
func distances(a, b string) []int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row
}
