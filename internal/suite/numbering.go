package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Numbering is how labs and parts are called: "" is raftlab's own way. Since 2024 the course calls
// its Raft lab 3, the service on it 4 and the sharded one 5; in 2025 the service's first part, 4A,
// became a replicated state machine by itself, which is part 3R here, and the parts of lab 5 are
// about shards that a controller moves, which are parts 4D to 4F here.
type Numbering string

// Numberings are those there are beside our own.
var Numberings = []string{"2024", "2025"}

// Check says what is wrong with a numbering.
func (n Numbering) Check() error {
	if n != "" && !slices.Contains(Numberings, string(n)) {
		return fmt.Errorf("--numbering %s: there are %s, and without it raftlab's own", n, strings.Join(Numberings, " and "))
	}
	return nil
}

// stateMachine is the part that tests a replicated state machine by itself.
const stateMachine = "3R"

var ownPart = regexp.MustCompile(`^([1-4])([A-Z])$`)

// Part is what a part of ours is called.
func (n Numbering) Part(own string) string {
	m := ownPart.FindStringSubmatch(own)
	if n == "" || m == nil {
		return own
	}
	letter := m[2][0]
	switch {
	case n == "2025" && m[1] == "4" && letter <= 'C': // what the course had before stands behind what it has now
		letter += 3
	case n == "2025" && m[1] == "4" && letter <= 'F':
		letter -= 3
	case n != "2025" || m[1] != "3":
	case own == stateMachine:
		letter = 'A'
	case letter < 'X':
		letter++
	}
	return string([]byte{m[1][0] + 1, letter})
}

// own is the part of ours that is called so, or the name itself.
func (n Numbering) own(part string) string {
	for lab := '1'; lab <= '4'; lab++ {
		for letter := 'A'; letter <= 'Z'; letter++ {
			if ours := string(lab) + string(letter); n.Part(ours) == part {
				return ours
			}
		}
	}
	return part
}

// Lab is what a lab of ours is called.
func (n Numbering) Lab(own string) string {
	number, ok := strings.CutPrefix(own, "lab")
	if n == "" || !ok || len(number) != 1 {
		return own
	}
	return "lab" + string([]byte{number[0] + 1})
}

// Rename is the cases as they are called by the numbering.
func (n Numbering) Rename(cases []Case) []Case {
	if n == "" {
		return cases
	}
	all := slices.Clone(cases)
	for i, c := range all {
		all[i].own = &Case{Case: c.Case, Lab: c.Lab}
		all[i].Part, all[i].Lab = n.Part(c.Part), n.Lab(c.Lab)
	}
	return all
}

// Own is the case as this project calls it, whatever the numbering: its ID is the one that test
// binaries know.
func (c Case) Own() Case {
	if c.own != nil {
		return *c.own
	}
	return c
}

// inPages are names of labs and parts in a text. What `go test -run` and imports take stays as it
// is: Lab2/2A, labs/lab2.
var inPages = regexp.MustCompile(`(Lab[1-4]/|labs/)?\b(?:([1-4][A-HRX-Z])\b|lab([1-4])([a-hr]?)\b)|\b([Ll]abs?) ([1-4])(?:( and | to )([1-4]))?\b`)

// Text is a text about our labs with the names of the numbering.
func (n Numbering) Text(text string) string {
	if n == "" {
		return text
	}
	next := func(number string) string { return string([]byte{number[0] + 1}) }
	return inPages.ReplaceAllStringFunc(text, func(found string) string {
		m := inPages.FindStringSubmatch(found)
		switch {
		case m[1] != "":
			return found
		case m[2] != "":
			return n.Part(m[2])
		case m[3] != "" && m[4] != "":
			return "lab" + strings.ToLower(n.Part(m[3]+strings.ToUpper(m[4])))
		case m[3] != "":
			return n.Lab("lab" + m[3])
		case m[8] != "":
			return m[5] + " " + next(m[6]) + m[7] + next(m[8])
		}
		return m[5] + " " + next(m[6])
	})
}
