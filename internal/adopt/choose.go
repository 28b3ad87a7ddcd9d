package adopt

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// This file chooses between several solutions in what was handed in, where everybody would choose
// the same. Dates of files do not count: unpacking and cloning makes them new.

// root is a folder that holds packages of a solution, by their places in raftlab.
type root struct {
	name  string
	found map[string]*directory
}

// AmbiguousError says that there are several solutions in what was given.
type AmbiguousError struct{ Folders []string }

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("there is more than one solution in it, in the folders %s: name one of them", strings.Join(e.Folders, ", "))
}

// setAside reports whether people call a folder so, or one that it is in, for copies that do not count.
func (r root) setAside() bool { return submission.SetAside(r.name) }

// overlaps reports whether one package is in both.
func (r root) overlaps(other root) bool {
	for place := range r.found {
		if other.found[place] != nil {
			return true
		}
	}
	return false
}

// inside reports whether all of r is in other, too, in the same words.
func (r root) inside(other root) bool {
	for place, d := range r.found {
		if other.found[place] == nil || !d.same(other.found[place]) {
			return false
		}
	}
	return true
}

// same reports whether two directories hold the same code. Their tests do not count.
func (d *directory) same(other *directory) bool {
	return slices.EqualFunc(d.files, other.files, func(a, b *file) bool {
		return path.Base(a.name) == path.Base(b.name) && bytes.Equal(a.text, b.text)
	})
}

// choose leaves those of several solutions out that nobody would grade: copies that were set aside,
// and the same code once more. What is left may still be several.
func (c *conversion) choose(roots []root) []root {
	slices.SortStableFunc(roots, root.compare)
	kept := slices.Clone(roots)
	for _, r := range roots {
		others := slices.DeleteFunc(slices.Clone(kept), func(o root) bool { return o.name == r.name || !o.overlaps(r) })
		why := ""
		for _, o := range others {
			switch {
			case r.setAside() && !o.setAside():
				why = fmt.Sprintf("has code as well, and is called as a copy that was set aside: %s is tested. Name the folder itself if it counts", o.name)
			case r.inside(o) && (!o.inside(r) || r.setAside() || o.compare(r) < 0):
				why = fmt.Sprintf("has the same code as %s, which is tested", o.name)
			}
		}
		if why != "" {
			c.notes.add(Named, r.name, 0, "%s", why)
			kept = slices.DeleteFunc(kept, func(o root) bool { return o.name == r.name })
		}
	}
	return kept
}

// compare orders folders: those that are less deep come first, and count where two have the same code.
func (r root) compare(other root) int {
	return cmp.Or(cmp.Compare(strings.Count(r.name, "/"), strings.Count(other.name, "/")), cmp.Compare(r.name, other.name))
}
