package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	ownTest = regexp.MustCompile("test `(\\w+)\\.(Test\\w+)`")
	inTicks = regexp.MustCompile("`([a-z][a-z-]+-[a-z-]+)`")
)

// What the page on pitfalls names as proof exists: wrong peers, and tests of the reference. A course
// tree has neither.
func TestPitfallsAreProven(t *testing.T) {
	text, ok := pages(t)["pitfalls.md"]
	if !ok {
		t.Fatal("there is no pitfalls.md")
	}
	rows := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.Contains(cells[2], "/") {
			continue
		}
		rows++
		proofs := 0
		for _, m := range ownTest.FindAllStringSubmatch(cells[3], -1) {
			proofs++
			if !declares(t, filepath.Join("..", m[1]), m[2]) {
				t.Errorf("%s names %s.%s, which does not exist", cells[0], m[1], m[2])
			}
		}
		for _, m := range inTicks.FindAllStringSubmatch(cells[3], -1) {
			proofs++
			if _, err := os.Stat(filepath.Join("..", "mutants", m[1]+".patch")); err != nil {
				t.Errorf("%s: %v", cells[0], err)
			}
		}
		if proofs == 0 {
			t.Errorf("%s: nothing proves that it is found", cells[0])
		}
	}
	if rows < 40 {
		t.Errorf("the tables have %d rows; are they still read right?", rows)
	}
}

// declares says whether a test file of the package in dir declares a function.
func declares(t *testing.T, dir, name string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
