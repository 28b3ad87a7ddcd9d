package suite

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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

// FindToDos reads the Go files of dir and of the packages below it; shown is what dir is called in the
// result. What cannot be read has no notes.
func FindToDos(dir, shown string) []ToDo {
	var found []ToDo
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error { // it never returns an error
		switch {
		case err != nil, e.IsDir() && path != dir && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		if name, err := filepath.Rel(dir, path); err == nil {
			found = append(found, toDosIn(path, filepath.Join(shown, name))...)
		}
		return nil
	})
	return found
}

// toDosIn reads one file.
func toDosIn(path, shown string) (found []ToDo) {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if m := toDoLine.FindStringSubmatch(lines.Text()); m != nil {
			found = append(found, ToDo{Part: m[1], File: shown, Line: n, Text: m[2]})
		}
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
