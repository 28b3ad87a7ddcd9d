package grade

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/submission"
)

// Opener turns what somebody handed in into a tree that can be tested. [Open] takes the course's
// own layout; whatever converts another layout is an Opener, too, and nothing else here has to know
// of it.
type Opener func(ctx context.Context, path string, packages []string) (Tree, error)

// Tree is code as [suite.FindCode] takes it.
type Tree struct {
	Files []submission.File // by their name below the root of the tree
	Notes []string          // what a reader of the grade should know of how the tree came about
	// Contract is the year by whose contract the code is judged, where the grading gives none, or
	// "".
	Contract string
	// Written are files that the student has not written: they came about when the tree was
	// adopted.
	Written []string
	// Dirs say what its directories were called in what was handed in, if they had other names:
	// "raft" was "src/raft".
	Dirs map[string]string
}

// NothingError says that nothing was handed in: no file of Go. That is worth nothing, and no person
// needs to look.
type NothingError struct{ What string }

func (e *NothingError) Error() string { return e.What }

// Open is the usual [Opener]: it reads a folder or an archive, and finds the tree in it, however
// many folders there are around it. What is no part of the packages is left out.
func Open(ctx context.Context, handedIn string, packages []string) (Tree, error) {
	wanted := func(name string) bool {
		return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	}
	files, err := submission.ReadAny(ctx, handedIn, submission.Tree, wanted)
	if err != nil {
		return Tree{}, err
	}
	if len(files) == 0 {
		return Tree{}, &NothingError{"there is no Go file in it"}
	}
	return findTree(files, packages)
}

// findTree finds the directory that holds the packages, and returns what is in them.
func findTree(files []submission.File, packages []string) (Tree, error) {
	clauses := map[string]string{} // directory -> package
	roots := map[string]bool{".": true}
	for _, f := range files {
		dir := path.Dir(f.Name)
		for at := dir; at != "."; at = path.Dir(at) {
			roots[at] = true
		}
		if clauses[dir] == "" {
			if parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.PackageClauseOnly); err == nil {
				clauses[dir] = parsed.Name.Name
			}
		}
	}
	candidates := slices.SortedFunc(maps.Keys(roots), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b))
	})
	var found []string
	for _, root := range candidates {
		if len(found) > 0 && depth(root) > depth(found[0]) {
			break
		}
		if len(packagesIn(root, packages, clauses)) > 0 {
			found = append(found, root)
		}
	}
	switch len(found) {
	case 0:
		return Tree{}, fmt.Errorf("no package %s is in it; there are %s. It may have another layout: give it the folders that `raftlab init` makes",
			strings.Join(lastParts(packages), ", "), listed(slices.Sorted(maps.Values(clauses))))
	case 1:
	default:
		return Tree{}, fmt.Errorf("more than one folder in it has code to test: %s; leave one", listed(found))
	}
	return cut(files, found[0], packagesIn(found[0], packages, clauses)), nil
}

// packagesIn returns the directories below root that hold one of the packages.
func packagesIn(root string, packages []string, clauses map[string]string) (dirs []string) {
	for _, p := range packages {
		last := path.Base(p)
		for _, dir := range []string{path.Join(root, p), path.Join(root, last), root} {
			if clauses[dir] == last && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
				break
			}
		}
	}
	return dirs
}

// cut returns the files that are in dirs, by their names below root.
func cut(files []submission.File, root string, dirs []string) Tree {
	var t Tree
	for _, f := range files {
		for _, dir := range dirs {
			if dir == "." || strings.HasPrefix(f.Name, dir+"/") {
				name := f.Name
				if root != "." {
					name = strings.TrimPrefix(name, root+"/")
				}
				t.Files = append(t.Files, submission.File{Name: name, Text: f.Text})
				break
			}
		}
	}
	if root != "." {
		t.Notes = append(t.Notes, "the code is in the folder "+root)
	}
	return t
}

func depth(dir string) int {
	if dir == "." {
		return 0
	}
	return 1 + strings.Count(dir, "/")
}

func lastParts(packages []string) (names []string) {
	for _, p := range packages {
		names = append(names, path.Base(p))
	}
	return names
}

// listed is a list of names, as far as it is of interest.
func listed(names []string) string {
	const most = 6
	names = slices.Compact(names)
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Hash identifies what was handed in.
func (t Tree) Hash() string {
	h := sha256.New()
	for _, f := range t.Files {
		fmt.Fprintf(h, "%q %d\n%s", f.Name, len(f.Text), f.Text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// write puts the tree in place of what is at dir.
func (t Tree) write(dir string) error {
	next := dir + ".new"
	if err := errors.Join(os.RemoveAll(next), os.RemoveAll(dir)); err != nil {
		return fmt.Errorf("make room for the code: %w", err)
	}
	for _, f := range t.Files {
		name := filepath.Join(next, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("keep the code: %w", err)
		}
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			return fmt.Errorf("keep the code: %w", err)
		}
	}
	return os.Rename(next, dir)
}
