package suite

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// ToDo is a note in the code under test that says what is not written yet for a part of a lab:
//
//	// TODO(2A): write RequestVote (Figure 2) and the election timer (§5.2); see docs/lab2a.md
//
// The skeleton of a course tree has such notes, and whoever has done what one says deletes it.
// As long as it stands, failures of that part point to it.
type ToDo struct {
	Part string
	File string
	Line int
	Text string
}

// String is "raft/raft.go:57: write RequestVote ...".
func (t ToDo) String() string {
	return fmt.Sprintf("%s:%d: %s", filepath.ToSlash(t.File), t.Line, t.Text)
}

var toDoLine = regexp.MustCompile(`^\s*//\s*TODO\((\d[A-Z])\):\s*(.+?)\s*$`)

// FindToDos reads the Go files of dir and of the packages below it; shown is what dir is called in
// the result. What cannot be read has no notes.
func FindToDos(dir, shown string) []ToDo {
	var found []ToDo
	files, err := submission.Read(context.Background(), dir, submission.Usual, func(name string) bool {
		return filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	})
	if err != nil {
		return nil
	}
	for _, f := range files {
		found = append(found, toDosIn(f.Text, filepath.Join(shown, filepath.FromSlash(f.Name)))...)
	}
	return found
}

// toDosIn looks through one file.
func toDosIn(text []byte, shown string) (found []ToDo) {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if m := toDoLine.FindSubmatch(line); m != nil {
			found = append(found, ToDo{Part: string(m[1]), File: shown, Line: n, Text: string(m[2])})
		}
	}
	return found
}

// ToDosOf returns the notes that stand in the way of a part, in the order in which to tell them.
// Those are its own and those of earlier parts of the same lab, on which it builds; for a service
// also those of the peer that it runs on. Earlier parts come first. Within a part the notes of
// several files take turns, so that the first few are not all about one of them.
func ToDosOf(all []ToDo, part string) []ToDo {
	var of []ToDo
	for _, t := range all {
		if inTheWay(t.Part, part) {
			of = append(of, t)
		}
	}
	slices.SortFunc(of, func(a, b ToDo) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	type place struct{ part, file string }
	before := map[place]int{} // notes of the same part and file
	turn := map[ToDo]int{}
	for _, t := range of {
		at := place{t.Part, t.File}
		turn[t] = before[at]
		before[at]++
	}
	slices.SortStableFunc(of, func(a, b ToDo) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(turn[a], turn[b]))
	})
	return of
}

// inTheWay says whether a part of a lab needs what another part asks for.
func inTheWay(note, part string) bool {
	const peer = '2' // the lab whose peer the services of later labs run on
	switch {
	case len(note) != 2 || len(part) != 2:
		return false
	case note[0] == part[0]:
		return note <= part
	case note[0] == peer && part[0] > peer && part[1] == 'A':
		return note <= "2C" // the first part of a service takes no snapshots
	case note[0] == peer && part[0] > peer:
		return note <= "2D"
	}
	return false
}
