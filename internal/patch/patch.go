// Package patch reads the curated wrong versions (mutants/) and the correct ones in other styles
// (variants/) of the reference: small patches with a header, applied through a compiler overlay, so
// that the tree is never touched.
//
//	# wrong:  grants its vote to every candidate that asks
//	# rule:   §5.2: a server votes for at most one candidate in a term
//	# part:   2A
//	# dies:   two votes in a term | two leaders in a term
//	# runner: engine
//	--- raft/election.go
//	-	if rf.votedFor != none && rf.votedFor != args.CandidateId {
//	+	if false {
//	@@
//	 	context line
//	-	old line
//
// A hunk is a run of lines that begin with "-" (to be removed), "+" (to be added) or " " (context);
// "@@" separates the hunks of one file. There are no line numbers: the removed and context lines of
// a hunk, together, must stand in the file exactly once. So a patch survives changes elsewhere in
// the file, and one that does not apply any more is an error, never silently something else. "+++
// raft/new.go" instead of "---" begins a file that consists of the added lines, in place of one of
// that name if there is one. The header is described at [Header].
//
// The code that patches change goes on changing. [Carrier] takes a patch over to it.
package patch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Patch is one mutant or variant.
type Patch struct {
	Name   string // the file's name without its ending
	File   string // where it was read from
	Header Header
	hunks  []hunk
	head   string // what stands above the first file, as it is written
}

type hunk struct {
	file     string
	create   bool
	old, new []string
	newAt    []int    // for each of the new lines: its line in the patch file if it is an added one, else 0
	body     []string // as it is written
	line     int      // of the patch file, for messages
}

// LoadDir reads every *.patch below dir, sorted by name. The error is about all that cannot be
// read, and comes with the others.
func LoadDir(dir string) ([]*Patch, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var patches []*Patch
	var bad []error
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("reading a patch: %w", err)
		}
		p, err := Parse(f, string(text))
		if err != nil {
			bad = append(bad, err)
			continue
		}
		patches = append(patches, p)
	}
	return patches, errors.Join(bad...)
}

// Parse reads one patch; file is its name, for messages and for Patch.Name.
func Parse(file, text string) (*Patch, error) {
	p := &Patch{Name: strings.TrimSuffix(filepath.Base(file), ".patch"), File: file, Header: Header{Runner: "engine"}}
	var cur *hunk
	var header headerReader
	flush := func() {
		if cur != nil && len(cur.old)+len(cur.new) > 0 {
			p.hunks = append(p.hunks, *cur)
		}
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		before := cur
		bad := func(what string) error { return fmt.Errorf("%s:%d: %s: %q", file, i+1, what, line) }
		switch {
		case strings.HasPrefix(line, "#") && cur == nil:
			if err := header.read(&p.Header, line); err != nil {
				return nil, bad(err.Error())
			}
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			flush()
			cur = &hunk{file: strings.TrimSpace(line[4:]), create: line[0] == '+', line: i + 1}
		case line == "@@" && cur != nil:
			flush()
			cur = &hunk{file: cur.file, line: i + 1}
		case cur == nil && strings.TrimSpace(line) == "":
		case cur == nil:
			return nil, bad(`a header line begins with "#", a file with "--- " or "+++ "`)
		case !cur.add(line, i+1):
			return nil, bad(`a line of a hunk begins with "-", "+" or a space`)
		}
		if before == nil && cur == nil {
			p.head += line + "\n"
		}
	}
	flush()
	if len(p.hunks) == 0 {
		return nil, fmt.Errorf("%s: the patch changes nothing", file)
	}
	return p, nil
}

// add takes in a line of the hunk, which is line at of the patch file, and reports whether it is
// one.
func (h *hunk) add(line string, at int) bool {
	kind, text := byte(' '), ""
	if line != "" {
		kind, text = line[0], line[1:]
	}
	switch kind {
	case ' ':
		h.old, h.new, h.newAt = append(h.old, text), append(h.new, text), append(h.newAt, 0)
	case '-':
		h.old = append(h.old, text)
	case '+':
		h.new, h.newAt = append(h.new, text), append(h.newAt, at)
	default:
		return false
	}
	h.body = append(h.body, line)
	return true
}
