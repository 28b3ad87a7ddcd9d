package owncases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"raftlab/internal/suite"
	"raftlab/tester"
)

// Set is what there is to know of an instructor's cases.
type Set struct {
	Files Files
	Edits map[string][]byte // of the framework: the files, and those that go
	Cases []suite.Case      // for the labs that were asked for
}

// listing is a program that prints the table.
const listing = place + "/raftlab-lists-them"

const listingText = `package main

import (
	"encoding/json"
	"fmt"
	"os"

	private "raftlab/labs/private"
	"raftlab/tester"
)

// row is a case without the functions that JSON has no form for.
type row struct {
	tester.Case
	Run any
}

func main() {
	table := map[string][]row{}
	for _, lab := range os.Args[1:] {
		for _, c := range private.Cases(lab) {
			if c.Run == nil {
				fmt.Fprintf(os.Stderr, "%s has no function Run\n", c.ID())
				os.Exit(1)
			}
			c.Run = nil
			table[lab] = append(table[lab], row{Case: c})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(table); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

// Read reads the cases in dir for some labs.
func Read(ctx context.Context, framework, dir string, labs []tester.Lab) (*Set, error) {
	files, err := ReadFiles(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{Files: files}
	if s.Edits, err = files.instead(framework); err != nil {
		return nil, err
	}
	table, err := s.table(ctx, framework, labs)
	if err != nil {
		return nil, fmt.Errorf("--cases %s: %w", dir, err)
	}
	for _, l := range labs {
		for _, c := range table[l.Name] {
			if err := check(c, l); err != nil {
				return nil, fmt.Errorf("--cases %s: %w", dir, err)
			}
			if slices.ContainsFunc(s.Cases, func(k suite.Case) bool { return k.ID() == c.ID() }) {
				return nil, fmt.Errorf("--cases %s: two cases are called %s; give one of them another name", dir, c.ID())
			}
			s.Cases = append(s.Cases, suite.Case{Case: c, Lab: l.Name, Package: l.Package, Test: l.Test, Private: true})
		}
	}
	if len(s.Cases) == 0 {
		return nil, fmt.Errorf("--cases %s: function Cases returns none for any lab; return them for \"lab2\", for example", dir)
	}
	return s, nil
}

var (
	partForm = regexp.MustCompile(`^[0-9][A-Z]$`)
	nameForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// check says what is wrong with a case of a lab.
func check(c tester.Case, l tester.Lab) error {
	number := l.Name[len(l.Name)-1:]
	switch {
	case !partForm.MatchString(c.Part) || !strings.HasPrefix(c.Part, number):
		return fmt.Errorf("a case of %s is in part %q; its part is %s and a capital letter, such as %[3]sX, or one of the lab's", l.Name, c.Part, number)
	case !nameForm.MatchString(c.Name):
		return fmt.Errorf("a case of part %s is called %q; a name is a word of letters and digits that begins with a capital", c.Part, c.Name)
	case c.Points < 0 || c.Points > 1000:
		return fmt.Errorf("%s has %d points; give it from 0 to 1000", c.ID(), c.Points)
	case strings.TrimSpace(c.Checks) == "":
		return fmt.Errorf("%s does not say what it checks; write a sentence into Checks", c.ID())
	case slices.ContainsFunc(l.Cases, func(k tester.Case) bool { return k.ID() == c.ID() }):
		return fmt.Errorf("%s is a case of %s already; give yours another name", c.ID(), l.Name)
	}
	return nil
}

// table has the package print its cases.
func (s *Set) table(ctx context.Context, framework string, labs []tester.Lab) (map[string][]tester.Case, error) {
	dir, err := os.MkdirTemp("", "raftlab-cases-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	replace := map[string]string{}
	put := func(name string, text []byte) error {
		original, at := filepath.Join(framework, filepath.FromSlash(name)), ""
		if text != nil {
			at = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
			if err := os.WriteFile(at, text, 0o644); err != nil {
				return err
			}
		}
		replace[original] = at
		return nil
	}
	for name, text := range s.Edits {
		if err := put(name, text); err != nil {
			return nil, err
		}
	}
	if err := put(listing+"/main.go", []byte(listingText)); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		return nil, err
	}
	args := []string{"run", "-overlay", list, "./" + listing}
	for _, l := range labs {
		args = append(args, l.Name)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = framework, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("they do not compile, or do not list themselves:\n%s", s.named(exit.Stderr, replace))
	}
	if err != nil {
		return nil, err
	}
	var table map[string][]tester.Case
	if err := json.Unmarshal(out, &table); err != nil {
		return nil, fmt.Errorf("what they print about themselves cannot be read (a case must not print while it is listed): %w", err)
	}
	return table, nil
}

// named is what the compiler says, with the names that the instructor's files have.
func (s *Set) named(text []byte, replace map[string]string) string {
	for original, at := range replace {
		_, name, _ := strings.Cut(filepath.ToSlash(original), place+"/")
		for _, called := range []string{at, filepath.ToSlash(original), place + "/" + name} {
			if called != "" {
				text = bytes.ReplaceAll(text, []byte(called), []byte(name))
			}
		}
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "# ") { // the package, as it is called here; the files that follow say as much
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, ""))
}
