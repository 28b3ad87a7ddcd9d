package suite

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// FindToDos reads the Go files of dir; shown is what dir is called in the result. What cannot
// be read has no notes.
func FindToDos(dir, shown string) []ToDo {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is fixed, and is the only error
	slices.Sort(files)
	var found []ToDo
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			if m := toDoLine.FindStringSubmatch(lines.Text()); m != nil {
				found = append(found, ToDo{Part: m[1], File: filepath.Join(shown, filepath.Base(path)), Line: n, Text: m[2]})
			}
		}
		f.Close()
	}
	return found
}

// ToDosOf returns the notes that stand in the way of a part: its own and those of earlier parts
// of the same lab, on which it builds.
func ToDosOf(all []ToDo, part string) []ToDo {
	var of []ToDo
	for _, t := range all {
		if part != "" && t.Part != "" && t.Part[0] == part[0] && t.Part <= part {
			of = append(of, t)
		}
	}
	return of
}
