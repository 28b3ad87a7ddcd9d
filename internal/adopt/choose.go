package adopt

import (
	"crypto/sha256"
	"fmt"
	"path"
	"slices"

	"raftlab/internal/submission"
)

// root is a folder that holds packages of a solution, by their places in raftlab.
type root struct {
	name  string
	found map[string]*directory
}

// code is a hash of the code in a directory. Its tests do not count.
func (d *directory) code() string {
	h := sha256.New()
	for _, f := range d.files {
		fmt.Fprintf(h, "%q %q", path.Base(f.name), f.text)
	}
	return string(h.Sum(nil))
}

// choose leaves those of several solutions out that nobody would grade. What is left may still be
// several: one package is in two of them.
func (c *conversion) choose(roots []root) (kept []root, several bool) {
	var all []submission.Candidate
	for _, r := range roots {
		code := map[string]string{}
		for place, d := range r.found {
			code[place] = d.code()
		}
		all = append(all, submission.Candidate{Folder: r.name, Code: code})
	}
	chosen := submission.Choose(all, func(folder, why string) { c.notes.add(Named, folder, 0, "%s", why) })
	for n, candidate := range chosen {
		i := slices.IndexFunc(roots, func(r root) bool { return r.name == candidate.Folder })
		kept = append(kept, roots[i])
		several = several || slices.ContainsFunc(chosen[:n], candidate.Overlaps)
	}
	return kept, several
}
