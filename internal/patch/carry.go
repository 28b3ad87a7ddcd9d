package patch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Carrier takes patches over to a tree that has changed since they were written:
//
//	the commit that the patch applied to ----patch---> what it meant
//	      |                                                 |
//	      | the work since then                             | merge of three
//	      v                                                 v
//	the tree now ----------------the new patch---------> both
//
// Before it merges, it looks whether each hunk stands in the tree as it is, perhaps in another file
// of the package; and it gives both sides of the patch the names that are others now, where a name
// was replaced by one other everywhere. What the merge cannot decide it leaves to a person, in a
// working copy below WorkDir: the files of the tree with the patch applied, and markers where the
// two disagree. When the markers are gone, [Carrier.Carry] makes the patch of them.
type Carrier struct {
	Root    string // of the tree
	WorkDir string // where working copies are made, one directory a patch
	history *history
}

// Carriage says what became of a patch.
type Carriage struct {
	Base      string   // the commit that it applied to; "" if none had to be looked for
	Text      string   // of the new patch; "" if it stays as it is
	WorkCopy  string   // where a person has to decide
	Conflicts []string // the files in it that have markers
}

// Close ends the git process.
func (c *Carrier) Close() error {
	if c.history == nil {
		return nil
	}
	return c.history.close()
}

// Carry takes one patch over. It writes the working copy if there is something to decide, and reads
// it if there is one; the patch file it leaves to the caller.
func (c *Carrier) Carry(p *Patch) (Carriage, error) {
	copyDir := filepath.Join(c.WorkDir, p.Name)
	if _, err := os.Stat(copyDir); err == nil {
		return c.resume(p, copyDir)
	}
	if _, err := p.Apply(c.Root); err == nil {
		return Carriage{}, nil
	}
	moved := *p
	if moved.hunks = c.standing(p, p.hunks); moved.hunks != nil {
		return c.made(&moved, Carriage{})
	}
	if err := c.open(); err != nil {
		return Carriage{}, err
	}
	base, meant, err := c.history.baseOf(p)
	if err != nil {
		return Carriage{}, err
	}
	return c.mergeAll(p, base, meant)
}

// Rename gives a patch that applies, and does not compile, the names that have become others since
// the patch file was last changed. Text is "" where that changes nothing.
func (c *Carrier) Rename(p *Patch) (Carriage, error) {
	if err := c.open(); err != nil {
		return Carriage{}, err
	}
	base, meant, err := c.history.writtenAt(p)
	if err != nil || meant == nil {
		return Carriage{}, err
	}
	became, err := c.mergeAll(p, base, meant)
	if err == nil && became.WorkCopy == "" && c.same(p, became.Text) {
		became.Text = ""
	}
	return became, err
}

// open starts the git process.
func (c *Carrier) open() (err error) {
	if c.history == nil {
		c.history, err = openHistory(c.Root)
	}
	return err
}

// mergeAll merges all files of a patch.
func (c *Carrier) mergeAll(p *Patch, base string, meant *Applied) (Carriage, error) {
	copyDir := filepath.Join(c.WorkDir, p.Name)
	trial := merging{carrier: c, patch: p, became: Carriage{Base: base}, names: c.renamedSince(base, p.Files())}
	if len(trial.names) > 0 {
		moved := *p
		if moved.hunks = c.standing(p, renameHunks(p.hunks, trial.names)); moved.hunks != nil {
			return c.made(&moved, trial.became)
		}
	}
	var err error
	if trial.was, err = p.under(c.history.at(base)); err != nil {
		return Carriage{}, err
	}
	if trial.tree, err = p.under(Tree(c.Root)); err != nil {
		return Carriage{}, err
	}
	for _, file := range p.Files() {
		if err := trial.file(file, meant.Files[file]); err != nil {
			return Carriage{}, err
		}
	}
	return trial.finish(copyDir)
}

// made returns the new text of a patch, after making sure that it applies.
func (c *Carrier) made(p *Patch, became Carriage) (Carriage, error) {
	became.Text = p.text()
	again, err := Parse(p.File, became.Text)
	if err != nil {
		return became, fmt.Errorf("the patch that was made of the merge is none: %w", err)
	}
	if _, err := again.Apply(c.Root); err != nil {
		return became, fmt.Errorf("the patch that was made of the merge does not apply: %w", err)
	}
	return became, nil
}

// standing returns the hunks with the names of the files in which they stand now, or nil if one
// does not stand in exactly one place of its package.
func (c *Carrier) standing(p *Patch, all []hunk) []hunk {
	tree, err := p.under(Tree(c.Root))
	if err != nil {
		return nil
	}
	texts := map[string][]string{}
	var moved []hunk
	for _, h := range all {
		if h.create {
			moved = append(moved, h)
			continue
		}
		files, _ := filepath.Glob(filepath.Join(c.Root, filepath.FromSlash(path.Dir(h.file)), "*.go")) // the pattern is fixed
		names := []string{h.file}
		for _, f := range files {
			if name := path.Join(path.Dir(h.file), filepath.Base(f)); name != h.file && !strings.HasSuffix(name, "_test.go") {
				names = append(names, name)
			}
		}
		var where []string
		for _, name := range names {
			if texts[name] == nil {
				b, err := tree(name)
				if errors.Is(err, fs.ErrNotExist) && name == h.file {
					continue
				}
				if err != nil {
					return nil
				}
				texts[name] = split(b)
			}
			for range occurrences(texts[name], h.old) {
				where = append(where, name)
			}
		}
		if len(where) != 1 {
			return nil
		}
		h.file = where[0]
		at := occurrences(texts[h.file], h.old)[0]
		texts[h.file] = slices.Replace(texts[h.file], at, at+len(h.old), h.new...)
		moved = append(moved, h)
	}
	slices.SortStableFunc(moved, func(a, b hunk) int { return strings.Compare(a.file, b.file) })
	return moved
}

// merging is one patch that is being taken over by merges.
type merging struct {
	carrier *Carrier
	patch   *Patch
	became  Carriage
	was     Source            // the files at the base
	tree    Source            // and now
	names   map[string]string // that have become others
	hunks   []hunk            // of the new patch
	now     map[string][]byte // the tree's files, by name
	merged  map[string][]byte // and what has become of them
}

// file merges what the patch meant to make of a file with what the file is now.
func (m *merging) file(name string, meant []byte) error {
	own := slices.DeleteFunc(slices.Clone(m.patch.hunks), func(h hunk) bool { return h.file != name })
	if own[0].create {
		m.hunks = append(m.hunks, own...)
		return nil
	}
	was, err := m.was(name)
	if err != nil {
		return err
	}
	file := name
	now, err := m.tree(file)
	if errors.Is(err, fs.ErrNotExist) {
		if file = m.carrier.history.renamed(m.became.Base, name); file == "" {
			file, now = name, nil // all that is left is the marker
		} else if now, err = m.tree(file); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return m.three(file, was, meant, now)
}

// three merges a file and notes the result.
func (m *merging) three(file string, was, meant, now []byte) error {
	both, clean, err := merge(rename(meant, m.names), rename(was, m.names), now, [3]string{m.patch.Name, "before, in " + short(m.became.Base), "the tree now"})
	if err != nil {
		return err
	}
	if m.now == nil {
		m.now, m.merged = map[string][]byte{}, map[string][]byte{}
	}
	m.now[file], m.merged[file] = now, both
	if !clean {
		m.became.Conflicts = append(m.became.Conflicts, file)
		return nil
	}
	m.hunks = append(m.hunks, hunks(file, split(now), split(both))...)
	return nil
}

// finish makes the new patch, or the working copy.
func (m *merging) finish(copyDir string) (Carriage, error) {
	if len(m.became.Conflicts) > 0 {
		m.became.WorkCopy = copyDir
		return m.became, m.carrier.writeCopy(copyDir, m.now, m.merged)
	}
	if len(m.hunks) == 0 {
		return m.became, fmt.Errorf("%s: the tree has by now what the patch changes, so that nothing is left of it: write it anew, or remove it", m.patch.File)
	}
	moved := *m.patch
	moved.hunks = m.hunks
	return m.carrier.made(&moved, m.became)
}

// treeDir is the directory of a working copy that keeps the files of the tree that it was made of.
const treeDir = ".tree"

// writeCopy writes a working copy.
func (c *Carrier) writeCopy(dir string, now, merged map[string][]byte) error {
	for _, tree := range []struct {
		dir   string
		files map[string][]byte
	}{{filepath.Join(dir, treeDir), now}, {dir, merged}} {
		for file, text := range tree.files {
			to := filepath.Join(tree.dir, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return fmt.Errorf("making a working copy: %w", err)
			}
			if err := os.WriteFile(to, text, 0o644); err != nil {
				return fmt.Errorf("making a working copy: %w", err)
			}
		}
	}
	return nil
}
