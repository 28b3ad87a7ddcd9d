package adopt

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind says what became of something in the student's code.
type Kind string

// The kinds of notes, in the order in which they are told.
const (
	Missing   Kind = "missing"   // it is not there, so something is not tested
	Named     Kind = "look"      // it is as it was, and somebody should look at it
	Shimmed   Kind = "shimmed"   // something stands in its place that does nothing, or less
	Converted Kind = "converted" // it was rewritten, and means the same
	LeftOut   Kind = "left out"  // it is the course's, or its tests'
)

var kinds = []Kind{Missing, Named, Shimmed, Converted, LeftOut}

// Note is one thing that was done, or that somebody should know.
type Note struct {
	Kind Kind   `json:"kind"`
	File string `json:"file,omitempty"` // in the submission
	Line int    `json:"line,omitempty"`
	What string `json:"what"`
}

func (n Note) String() string {
	switch {
	case n.File == "":
		return n.What
	case n.Line == 0:
		return n.File + ": " + n.What
	}
	return fmt.Sprintf("%s:%d: %s", n.File, n.Line, n.What)
}

// notes collects notes, each once.
type notes struct{ list []Note }

func (n *notes) add(kind Kind, file string, line int, format string, args ...any) {
	note := Note{kind, file, line, fmt.Sprintf(format, args...)}
	if !slices.Contains(n.list, note) {
		n.list = append(n.list, note)
	}
}

// sorted are the notes by kind, file and line.
func (n *notes) sorted() []Note {
	slices.SortStableFunc(n.list, func(a, b Note) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return n.list
}
