package patch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Applied is what a patch makes of the files that it changes.
type Applied struct {
	Files map[string][]byte // by their slash-separated path relative to the root
	lines map[string][]int  // for each line of a file: the line of the patch that it is from, or 0
}

// Line returns the line of the patch file that a line of a changed file is from, or 0 if the line
// is the reference's. Lines count from 1.
func (a *Applied) Line(file string, line int) int {
	if from := a.lines[file]; line >= 1 && line <= len(from) {
		return from[line-1]
	}
	return 0
}

// HunkError says that a hunk of a patch does not apply.
type HunkError struct {
	Patch string // the patch file
	Line  int    // of the hunk in it
	File  string // that it would change
	Why   string
}

func (e *HunkError) Error() string {
	return fmt.Sprintf("%s:%d: %s: does not apply: %s", e.Patch, e.Line, e.File, e.Why)
}

// Apply applies the patch to the tree at root and returns the changed files by their path relative
// to root. It is an error if a hunk does not match exactly once; the error has a [HunkError] for
// each.
func (p *Patch) Apply(root string) (map[string][]byte, error) {
	a, err := p.ApplyTo(Tree(root))
	if err != nil {
		return nil, err
	}
	return a.Files, nil
}

// Source reads a file of a tree by its slash-separated path.
type Source func(file string) ([]byte, error)

// Tree returns a source of the files below root.
func Tree(root string) Source {
	return func(file string) ([]byte, error) { return os.ReadFile(filepath.Join(root, filepath.FromSlash(file))) }
}

// ApplyTo is [Patch.Apply] on files from any source.
func (p *Patch) ApplyTo(read Source) (*Applied, error) {
	texts, origins := map[string][]string{}, map[string][]int{}
	below, err := p.variant(read)
	if err != nil {
		return nil, err
	}
	for f, text := range below { // it belongs to what the patch makes, also where the patch does not touch it
		texts[f] = split(text)
		origins[f] = make([]int, len(texts[f]))
	}
	var bad []error
	for _, h := range p.hunks {
		if h.create {
			texts[h.file], origins[h.file] = append(slices.Clone(h.new), ""), append(h.origins(), 0)
			continue
		}
		if _, loaded := texts[h.file]; !loaded {
			b, err := read(h.file)
			if err != nil {
				bad = append(bad, &HunkError{p.File, h.line, h.file, fmt.Sprintf("the file cannot be read: %v", err)})
				continue
			}
			texts[h.file] = split(b)
			origins[h.file] = make([]int, len(texts[h.file]))
		}
		at := occurrences(texts[h.file], h.old)
		if len(at) != 1 {
			bad = append(bad, &HunkError{p.File, h.line, h.file, h.misfit(texts[h.file], at)})
			continue
		}
		texts[h.file] = slices.Replace(texts[h.file], at[0], at[0]+len(h.old), h.new...)
		origins[h.file] = slices.Replace(origins[h.file], at[0], at[0]+len(h.old), h.origins()...)
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	a := &Applied{map[string][]byte{}, origins}
	for f, lines := range texts {
		a.Files[f] = []byte(strings.Join(lines, "\n"))
	}
	return a, nil
}

// variant returns the files of the variant that the patch is a patch of, if its header names one.
func (p *Patch) variant(read Source) (map[string][]byte, error) {
	if p.Header.Of == "" {
		return nil, nil
	}
	file := "variants/" + p.Header.Of + ".patch"
	text, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("%s is of the variant %q: %w", p.File, p.Header.Of, err)
	}
	v, err := Parse(file, string(text))
	if err != nil {
		return nil, fmt.Errorf("%s is of the variant %q: %w", p.File, p.Header.Of, err)
	}
	a, err := v.ApplyTo(read)
	if err != nil {
		return nil, fmt.Errorf("%s is of the variant %q, which has to be mended first: %w", p.File, p.Header.Of, err)
	}
	return a.Files, nil
}

// under returns the source of what the patch changes: files as read has them, or as the variant has
// that it is of.
func (p *Patch) under(read Source) (Source, error) {
	below, err := p.variant(read)
	if err != nil {
		return nil, err
	}
	return func(file string) ([]byte, error) {
		if text, ok := below[file]; ok {
			return text, nil
		}
		return read(file)
	}, nil
}

// split returns the lines of a text. The last one is what follows the last line feed, mostly
// nothing.
func split(text []byte) []string {
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// Files returns the files that the patch changes, in the order in which it names them.
func (p *Patch) Files() []string {
	var files []string
	for _, h := range p.hunks {
		if !slices.Contains(files, h.file) {
			files = append(files, h.file)
		}
	}
	return files
}

// origins returns the patch's line for each line that the hunk leaves in the file.
func (h hunk) origins() []int {
	if h.newAt == nil {
		return make([]int, len(h.new))
	}
	return slices.Clone(h.newAt)
}

// misfit says why a hunk that stands at the places at does not apply.
func (h hunk) misfit(lines []string, at []int) string {
	if len(at) > 1 {
		var where []string
		for _, i := range at {
			where = append(where, fmt.Sprint(i+1))
		}
		return fmt.Sprintf("its lines stand %d times, at lines %s; add context that only one place has", len(at), strings.Join(where, ", "))
	}
	best, most := 0, 0
	for i := range lines {
		same := 0
		for k, want := range h.old {
			if i+k < len(lines) && lines[i+k] == want && strings.TrimSpace(want) != "" {
				same++
			}
		}
		if same > most {
			best, most = i, same
		}
	}
	if most == 0 {
		return fmt.Sprintf("none of its lines stand in the file any more; the first is %q", strings.TrimSpace(h.old[0]))
	}
	for k, want := range h.old {
		if best+k >= len(lines) || lines[best+k] != want {
			has := "nothing"
			if best+k < len(lines) {
				has = fmt.Sprintf("%q", strings.TrimSpace(lines[best+k]))
			}
			return fmt.Sprintf("%d of its %d lines stand at line %d, where line %d is %s and no longer %q",
				most, len(h.old), best+1, best+k+1, has, strings.TrimSpace(want))
		}
	}
	return "its lines are no longer together" // not reached: all would stand there
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

// text writes the patch as it stands in a file.
func (p *Patch) text() string {
	var b strings.Builder
	b.WriteString(p.head)
	file := ""
	for _, h := range p.hunks {
		switch {
		case h.create:
			fmt.Fprintf(&b, "+++ %s\n", h.file)
		case h.file != file:
			fmt.Fprintf(&b, "--- %s\n", h.file)
		default:
			b.WriteString("@@\n")
		}
		file = h.file
		for _, line := range h.body {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
