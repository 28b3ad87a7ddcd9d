package patch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// LayOut makes a working copy of a patch that applies, for a person to go on with.
func (c *Carrier) LayOut(p *Patch) (string, error) {
	changed, err := p.Apply(c.Root)
	if err != nil {
		return "", err
	}
	tree, err := p.under(Tree(c.Root))
	if err != nil {
		return "", err
	}
	now, patched := map[string][]byte{}, map[string][]byte{}
	for _, h := range p.hunks {
		if h.create { // it stays as it is in the patch, where it can be edited as well
			continue
		}
		if now[h.file], err = tree(h.file); err != nil {
			return "", err
		}
		patched[h.file] = changed[h.file]
	}
	if len(patched) == 0 {
		return "", nil
	}
	dir := filepath.Join(c.WorkDir, p.Name)
	return dir, c.writeCopy(dir, now, patched)
}

// resume makes a patch of a working copy that a person has seen to. The tree may have gone on since
// it was made.
func (c *Carrier) resume(p *Patch, dir string) (Carriage, error) {
	edited, kept := map[string][]byte{}, map[string][]byte{}
	if err := errors.Join(readAll(dir, edited), readAll(filepath.Join(dir, treeDir), kept)); err != nil {
		return Carriage{}, fmt.Errorf("reading the working copy of %s: %w", p.Name, err)
	}
	tree, err := p.under(Tree(c.Root))
	if err != nil {
		return Carriage{}, err
	}
	m := merging{carrier: c, patch: p}
	for _, h := range p.hunks {
		if h.create {
			m.hunks = append(m.hunks, h)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(edited)) {
		if bytes.Contains(edited[file], []byte("<<<<<<< ")) || bytes.Contains(edited[file], []byte(">>>>>>> ")) {
			m.became.Conflicts = append(m.became.Conflicts, file)
		}
	}
	if len(m.became.Conflicts) > 0 {
		m.became.WorkCopy = dir
		return m.became, nil
	}
	for _, file := range slices.Sorted(maps.Keys(edited)) {
		now, err := tree(file)
		if err != nil {
			return Carriage{}, fmt.Errorf("%s: %s is in its working copy and not in the tree: move the change to the file that has the code now, "+
				"and remove it from the copy: %w", p.Name, file, err)
		}
		if err := m.three(file, kept[file], edited[file], now); err != nil {
			return Carriage{}, err
		}
	}
	became, err := m.finish(dir)
	if err == nil && became.WorkCopy == "" {
		if c.same(p, became.Text) {
			became.Text = ""
		}
		err = os.RemoveAll(dir)
	}
	return became, err
}

// same reports whether a patch already makes of the tree what its new text would.
func (c *Carrier) same(p *Patch, text string) bool {
	before, err := p.Apply(c.Root)
	if err != nil {
		return false
	}
	again, err := Parse(p.File, text)
	if err != nil {
		return false
	}
	after, err := again.Apply(c.Root)
	return err == nil && maps.EqualFunc(before, after, bytes.Equal)
}

// readAll reads the files below dir by their slash-separated path, without those of [treeDir].
func readAll(dir string, into map[string][]byte) error {
	return filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != dir && e.Name() == treeDir:
			return filepath.SkipDir
		case e.IsDir():
			return nil
		}
		rel, err := filepath.Rel(dir, name)
		if err == nil {
			into[filepath.ToSlash(rel)], err = os.ReadFile(name)
		}
		return err
	})
}

// merge is the three-way merge of texts. Without clean, the result has markers.
func merge(ours, base, theirs []byte, labels [3]string) (both []byte, clean bool, err error) {
	dir, err := os.MkdirTemp("", "raftlab-merge")
	if err != nil {
		return nil, false, fmt.Errorf("merging: %w", err)
	}
	defer os.RemoveAll(dir)
	args := []string{"merge-file", "-p", "--diff3"}
	for _, label := range labels {
		args = append(args, "-L", label)
	}
	for i, text := range [][]byte{ours, base, theirs} {
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), 0o644); err != nil {
			return nil, false, fmt.Errorf("merging: %w", err)
		}
		args = append(args, name)
	}
	both, err = git(dir, args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 && exit.ExitCode() < 128 { // the number of conflicts
		return both, false, nil
	}
	return both, err == nil, err
}

// short is how a commit is called in texts.
func short(commit string) string { return commit[:min(len(commit), 12)] }
