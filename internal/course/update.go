package course

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"raftlab/internal/release"
)

// Change is one thing that [Update] did.
type Change struct {
	What string // "updated", "added", "removed", "yours kept in", "skeleton"
	File string
	// Backup is where the student's version of a framework file is now, if it had been edited.
	Backup string
}

// Update refreshes the framework's files in the course tree at dir from the checkout at root. It
// never touches a file that is not in the manifest, and never loses one that is: where a framework
// file has been edited, the edited version is moved to .raftlab-backup first. known are the labs
// that the checkout has, add those to be added to the tree, extras those that the tree may have.
func Update(root Root, dir string, known, add []Lab, extras Extras, now time.Time) ([]Change, error) {
	if root.Course {
		return nil, fmt.Errorf("%s is a course tree itself; `raftlab init --update` works from a checkout of the framework (--framework DIR)", root.Dir)
	}
	old, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	labs := old.asked(known, add)
	for _, name := range old.Labs {
		if !slices.ContainsFunc(labs, func(l Lab) bool { return l.Name == name }) {
			return nil, fmt.Errorf("the course tree has %s, this checkout does not; update from a newer checkout", name)
		}
	}
	files, err := treeFiles(root, labs)
	if err != nil {
		return nil, err
	}
	if err := extras.add(old.Extras, labs, files); err != nil {
		return nil, err
	}
	u := update{dir: dir, old: old, release: release.Of(root.Dir), backup: filepath.Join(".raftlab-backup", now.Format("20060102-150405"))}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := u.refresh(name, files[name]); err != nil {
			return u.changes, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old.Files)) {
		if _, still := files[name]; !still {
			if err := u.remove(name); err != nil {
				return u.changes, err
			}
		}
	}
	return u.finish(files, labs)
}

// update is an update in progress.
type update struct {
	dir     string
	old     manifest
	backup  string // relative to dir
	release string // of the checkout
	changes []Change
}

// refresh brings one framework file up to date.
func (u *update) refresh(name string, data []byte) error {
	path := filepath.Join(u.dir, filepath.FromSlash(name))
	present, err := os.ReadFile(path)
	change := Change{What: "updated", File: name}
	switch {
	case os.IsNotExist(err):
		change.What = "added"
	case err != nil:
		return fmt.Errorf("updating %s: %w", name, err)
	case hash(present) == hash(data):
		return nil
	case hash(present) != u.old.Files[name]: // edited, or there was a file of the student's own
		if change.Backup, err = u.keep(name, present); err != nil {
			return err
		}
	}
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	u.changes = append(u.changes, change)
	return nil
}

// remove deletes a file that the framework no longer has.
func (u *update) remove(name string) error {
	path := filepath.Join(u.dir, filepath.FromSlash(name))
	present, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	change := Change{What: "removed", File: name}
	if err == nil && hash(present) != u.old.Files[name] {
		change.Backup, err = u.keep(name, present)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("removing %s, which the framework no longer has: %w", name, err)
	}
	os.Remove(filepath.Dir(path)) // succeeds only where the directory is empty now
	u.changes = append(u.changes, change)
	return nil
}

// keep copies the student's version of a framework file out of the way, and checks that it is
// there.
func (u *update) keep(name string, data []byte) (string, error) {
	at := filepath.Join(u.backup, filepath.FromSlash(name))
	path := filepath.Join(u.dir, at)
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("there is a backup at %s already; wait a second and try again", at)
	}
	if err := writeFile(path, data); err != nil {
		return "", fmt.Errorf("keeping your version of %s: %w", name, err)
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, data) {
		return "", fmt.Errorf("keeping your version of %s at %s did not work (%v)", name, at, err)
	}
	return filepath.ToSlash(at), nil
}

// finish writes skeletons of labs that are new in the tree, and the manifest.
func (u *update) finish(files map[string][]byte, labs []Lab) ([]Change, error) {
	m := manifest{Files: map[string]string{}, Extras: u.old.Extras, Raftlab: u.release}
	var fresh []Lab
	m.ask(labs)
	for _, l := range labs {
		if !slices.Contains(u.old.Labs, l.Name) {
			fresh = append(fresh, l)
		}
	}
	written, err := writeSkeletons(u.dir, fresh)
	if err != nil {
		return u.changes, err
	}
	for _, name := range written {
		u.changes = append(u.changes, Change{What: "skeleton", File: name})
	}
	for name, data := range files {
		m.Files[name] = hash(data)
	}
	return u.changes, m.write(u.dir)
}

// CopyFramework copies the framework's files of the tree at dir into another directory, and returns
// the packages that are the student's to write, without them: the tree as it is, for somebody
// else's code.
func CopyFramework(dir, to string) (student []string, err error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err == nil {
			err = writeFile(filepath.Join(to, filepath.FromSlash(name)), text)
		}
		if err != nil {
			return nil, fmt.Errorf("copying the framework of %s: %w", dir, err)
		}
		if pkg, ok := strings.CutSuffix(name, "/lab_test.go"); ok {
			student = append(student, pkg)
		}
	}
	return student, m.write(to)
}
