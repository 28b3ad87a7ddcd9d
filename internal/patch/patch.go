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
// "@@" separates the hunks of one file. There are no line numbers: the removed and context lines of a
// hunk, together, must stand in the file exactly once. So a patch survives changes elsewhere in the
// file, and one that does not apply any more is an error, never silently something else.
// "+++ raft/new.go" instead of "---" begins a file that consists of the added lines, in place of one of
// that name if there is one. The header is described at [Header].
package patch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// Patch is one mutant or variant.
type Patch struct {
	Name   string // the file's name without its ending
	File   string // where it was read from
	Header Header
	hunks  []hunk
}

type hunk struct {
	file     string
	create   bool
	old, new []string
	line     int // of the patch file, for messages
}

// LoadDir reads every *.patch below dir, sorted by name.
func LoadDir(dir string) ([]*Patch, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var patches []*Patch
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("reading a patch: %w", err)
		}
		p, err := Parse(f, string(text))
		if err != nil {
			return nil, err
		}
		patches = append(patches, p)
	}
	return patches, nil
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
		case line == "":
			cur.old, cur.new = append(cur.old, ""), append(cur.new, "")
		case line[0] == ' ':
			cur.old, cur.new = append(cur.old, line[1:]), append(cur.new, line[1:])
		case line[0] == '-':
			cur.old = append(cur.old, line[1:])
		case line[0] == '+':
			cur.new = append(cur.new, line[1:])
		default:
			return nil, bad(`a line of a hunk begins with "-", "+" or a space`)
		}
	}
	flush()
	if len(p.hunks) == 0 {
		return nil, fmt.Errorf("%s: the patch changes nothing", file)
	}
	return p, nil
}

// Apply applies the patch to the tree at root and returns the changed files by their path relative
// to root. It is an error if a hunk does not match exactly once.
func (p *Patch) Apply(root string) (map[string][]byte, error) {
	texts, err := p.base(root)
	if err != nil {
		return nil, err
	}
	for _, h := range p.hunks {
		if h.create {
			texts[h.file] = strings.Join(h.new, "\n") + "\n"
			continue
		}
		text, loaded := texts[h.file]
		if !loaded {
			b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file)))
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", p.File, h.line, err)
			}
			text = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
		lines := strings.Split(text, "\n")
		at := occurrences(lines, h.old)
		if len(at) != 1 {
			return nil, fmt.Errorf("%s:%d: this hunk stands %d times in %s, and must stand there exactly once: bring the patch up to date", p.File, h.line, len(at), h.file)
		}
		lines = slices.Replace(lines, at[0], at[0]+len(h.old), h.new...)
		texts[h.file] = strings.Join(lines, "\n")
	}
	edits := map[string][]byte{}
	for f, text := range texts {
		edits[f] = []byte(text)
	}
	return edits, nil
}

// base returns the files of the variant that the patch is a patch of, if it names one.
func (p *Patch) base(root string) (map[string]string, error) {
	texts := map[string]string{}
	if p.Header.Of == "" {
		return texts, nil
	}
	file := filepath.Join(root, "variants", p.Header.Of+".patch")
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s is of the variant %q: %w", p.File, p.Header.Of, err)
	}
	variant, err := Parse(file, string(b))
	if err != nil {
		return nil, err
	}
	edits, err := variant.Apply(root)
	for f, text := range edits {
		texts[f] = string(text)
	}
	return texts, err
}

// occurrences returns every place where the lines of part stand together in lines.
func occurrences(lines, part []string) (at []int) {
	for i := 0; i+len(part) <= len(lines); i++ {
		if slices.Equal(lines[i:i+len(part)], part) {
			at = append(at, i)
		}
	}
	return at
}
