package submission

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// This file chooses between several folders with code in what was handed in, where everybody would
// choose the same. Dates of files do not count: unpacking and cloning makes them new.

// SeveralError says that there is code to test in more than one place.
type SeveralError struct{ Folders []string }

func (e *SeveralError) Error() string {
	return fmt.Sprintf("more than one folder in it has code to test: %s: name one of them", Listed(e.Folders))
}

// Candidate is a folder that may be the one that counts.
type Candidate struct {
	Folder string
	Code   map[string]string // package -> a hash of its code
}

// aside are names of folders in which people keep what does not count any more, and what they began
// with.
var aside = regexp.MustCompile(`(?i)^((old|older|backups?|bak|cop(y|ies)|archived?|archives|original|orig|previous|prev|deprecated|unused|` +
	`trash|temp|tmp|skeleton|starter|template|handout)([-_. ]?[0-9]*|[-_. ].*)|.*([-_. ](old|backup|bak|copy|orig)|\.bak|~|\(copy\))[-_. ]?[0-9]*)$`)

// setAside reports whether the folder, or one that it is in, is called as people call copies that do
// not count: old, backup, "src - Copy", skeleton.
func (c Candidate) setAside() bool {
	return slices.ContainsFunc(strings.Split(c.Folder, "/"), aside.MatchString)
}

// Overlaps reports whether one package is in both.
func (c Candidate) Overlaps(other Candidate) bool {
	for pkg := range c.Code {
		if _, ok := other.Code[pkg]; ok {
			return true
		}
	}
	return false
}

// inside reports whether all of c is in other, too, in the same words.
func (c Candidate) inside(other Candidate) bool {
	for pkg, code := range c.Code {
		if other.Code[pkg] != code {
			return false
		}
	}
	return true
}

// before orders folders: those that are less deep come first, and count where two have the same code.
func (c Candidate) before(other Candidate) int {
	return cmp.Or(cmp.Compare(depth(c.Folder), depth(other.Folder)), cmp.Compare(c.Folder, other.Folder))
}

// Choose leaves those of several folders out that nobody would grade: copies that were set aside,
// and the same code once more. What is left may still be several, those that are less deep first.
// leftOut is told of each of the others, and why.
func Choose(all []Candidate, leftOut func(folder, why string)) []Candidate {
	all = slices.SortedStableFunc(slices.Values(all), Candidate.before)
	kept := slices.Clone(all)
	for _, c := range all {
		why := ""
		for _, o := range kept {
			switch {
			case o.Folder == c.Folder || !o.Overlaps(c):
			case c.setAside() && !o.setAside():
				why = fmt.Sprintf("has code as well, and is called as a copy that was set aside: %s is tested. Name the folder itself if it counts", o.Folder)
			case c.inside(o) && (!o.inside(c) || c.setAside() || o.before(c) < 0):
				why = fmt.Sprintf("has the same code as %s, which is tested", o.Folder)
			}
		}
		if why != "" {
			leftOut(c.Folder, why)
			kept = slices.DeleteFunc(kept, func(o Candidate) bool { return o.Folder == c.Folder })
		}
	}
	return kept
}

// candidatesOf are folders with all that is in each of them.
func candidatesOf(files []File, folders []string) (all []Candidate) {
	for _, folder := range folders {
		h := sha256.New()
		for _, f := range files {
			if name, ok := strings.CutPrefix(f.Name, folder+"/"); ok {
				fmt.Fprintf(h, "%q %q", name, f.Text)
			}
		}
		all = append(all, Candidate{folder, map[string]string{"": string(h.Sum(nil))}})
	}
	return all
}

func foldersOf(all []Candidate) (folders []string) {
	for _, c := range all {
		folders = append(folders, c.Folder)
	}
	return folders
}
