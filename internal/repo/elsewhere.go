package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// Elsewhere says where else code may be if there is none in what is checked out of a repository: in
// other branches that have files of Go, or in submodules, which are repositories of their own. It
// is "" if there is nothing of the kind.
func Elsewhere(ctx context.Context, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, remove, err := borrow(dir)
	if err != nil {
		return ""
	}
	defer remove()
	var found []string
	if others := r.withCode(ctx, otherBranches(gitDir(dir))); len(others) > 0 {
		found = append(found, "other branches have code ("+listed(others)+")")
	}
	if sub := r.submodules(ctx, dir); len(sub) > 0 {
		found = append(found, "submodules are repositories of their own ("+listed(sub)+")")
	}
	return strings.Join(found, ", and ")
}

// listed are names, which are somebody else's words, as far as they are of interest.
func listed(names []string) string {
	for i, name := range names {
		names[i] = fmt.Sprintf("%.60q", name)
	}
	return submission.Listed(names)
}

// places of branches: of this repository, and of those that it was cloned from.
var places = []string{"refs/heads/", "refs/remotes/origin/"}

// otherBranches are the branches that are not checked out, with their commits.
func otherBranches(git string) map[string]string {
	head, _ := small(filepath.Join(git, "HEAD"))
	tips := map[string]string{}
	add := func(ref, tip string) {
		for _, place := range places {
			name, ok := strings.CutPrefix(ref, place)
			if ok && name != "HEAD" && "ref: refs/heads/"+name != head && id.MatchString(tip) && tips[name] == "" {
				tips[name] = tip
			}
		}
	}
	const most = 1000 // entries that are looked at
	for _, place := range places {
		n := 0
		_ = filepath.WalkDir(filepath.Join(git, filepath.FromSlash(place)), func(at string, e fs.DirEntry, err error) error {
			if n++; err != nil || n > most {
				return errors.Join(err, fs.SkipAll)
			}
			if rel, err := filepath.Rel(git, at); err == nil && e.Type().IsRegular() {
				tip, _ := small(at)
				add(filepath.ToSlash(rel), tip)
			}
			return nil
		})
	}
	packed, _ := small(filepath.Join(git, "packed-refs"))
	for line := range strings.Lines(packed) {
		tip, ref, _ := strings.Cut(strings.TrimSpace(line), " ")
		add(ref, tip)
	}
	return tips
}

// withCode are the names of those branches that have files of Go.
func (r borrowed) withCode(ctx context.Context, tips map[string]string) (names []string) {
	const most = 20 // branches that are looked at
	for _, name := range slices.Sorted(maps.Keys(tips)) {
		if len(names) == most {
			break
		}
		list, err := r.git(ctx, nil, "ls-tree", "-r", "-z", "--name-only", tips[name])
		if err == nil && strings.Contains(string(list), ".go\x00") {
			names = append(names, name)
		}
	}
	return names
}

// submodules are the folders of the commit that is checked out which are repositories of their own,
// and are not there.
func (r borrowed) submodules(ctx context.Context, dir string) (names []string) {
	tip, err := tipOf(gitDir(dir))
	if err != nil {
		return nil
	}
	list, err := r.git(ctx, nil, "ls-tree", "-r", "-z", tip)
	if err != nil {
		return nil
	}
	for _, entry := range strings.Split(string(list), "\x00") {
		about, name, _ := strings.Cut(entry, "\t")
		if f := strings.Fields(about); len(f) > 1 && f[1] == "commit" {
			names = append(names, name)
		}
	}
	return names
}
