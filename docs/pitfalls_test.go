package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"raftlab/internal/patch"
)

var (
	ownTest = regexp.MustCompile("test `(\\w+)\\.(Test\\w+)`")
	inTicks = regexp.MustCompile("`([a-z][a-z-]+-[a-z-]+)`")
)

// What the page on pitfalls names as proof exists: wrong peers, and tests of the reference; and a
// case that is named for a wrong peer is among those that it is hunted with. A course tree has
// neither.
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
			hunted := partsOf(t, m[1])
			for _, c := range caseName.FindAllStringSubmatch(cells[2], -1) {
				if !slices.Contains(hunted, c[1]) {
					t.Errorf("%s names %s as the case that finds %s, which is hunted with the cases of %v only", cells[0], c[0], m[1], hunted)
				}
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

// partsOf returns the parts whose cases are to kill a wrong peer.
func partsOf(t *testing.T, mutant string) []string {
	file := filepath.Join("..", "mutants", mutant+".patch")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return nil
	}
	p, err := patch.Parse(file, string(text))
	if err != nil {
		t.Error(err)
		return nil
	}
	return p.Header.Parts
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
