package submission

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// NoPackageError says that what was read has none of the packages that are looked for.
type NoPackageError struct{ What string }

func (e *NoPackageError) Error() string { return e.What }

// FindTree finds the folder that holds packages in raftlab's own layout, however many folders there
// are around it, and returns what is in them, by names below that folder. What is no part of the
// packages is left out.
func FindTree(files []File, packages []string) (found []File, folder string, err error) {
	clauses := map[string][]string{} // directory -> packages
	roots := map[string]bool{".": true}
	for _, f := range files {
		dir := path.Dir(f.Name)
		for at := dir; at != "."; at = path.Dir(at) {
			roots[at] = true
		}
		if parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.PackageClauseOnly); err == nil {
			clauses[dir] = append(clauses[dir], parsed.Name.Name)
		}
	}
	candidates := slices.SortedFunc(maps.Keys(roots), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b))
	})
	var folders []string
	for _, root := range candidates {
		if len(folders) > 0 && depth(root) > depth(folders[0]) {
			break
		}
		if len(packagesIn(root, packages, clauses)) > 0 {
			folders = append(folders, root)
		}
	}
	if len(folders) > 1 {
		folders = foldersOf(Choose(candidatesOf(files, folders), func(string, string) {}))
	}
	switch len(folders) {
	case 0:
		return nil, "", &NoPackageError{fmt.Sprintf("no package %s is in it; %s. It may have another layout: give it the folders that `raftlab init` makes",
			strings.Join(lastParts(packages), ", "), thereAre(clauses))}
	case 1:
	default:
		return nil, "", &SeveralError{folders}
	}
	return cut(files, folders[0], packagesIn(folders[0], packages, clauses)), folders[0], nil
}

// packagesIn returns the directories below root that hold one of the packages.
func packagesIn(root string, packages []string, clauses map[string][]string) (dirs []string) {
	for _, p := range packages {
		last := path.Base(p)
		for _, dir := range []string{path.Join(root, p), path.Join(root, last), root} {
			if slices.Contains(clauses[dir], last) && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
				break
			}
		}
	}
	return dirs
}

// cut returns the files that are in dirs, by their names below root.
func cut(files []File, root string, dirs []string) (kept []File) {
	for _, f := range files {
		for _, dir := range dirs {
			if dir == "." || strings.HasPrefix(f.Name, dir+"/") {
				name := f.Name
				if root != "." {
					name = strings.TrimPrefix(name, root+"/")
				}
				kept = append(kept, File{Name: name, Text: f.Text})
				break
			}
		}
	}
	return kept
}

// Write writes files below a directory.
func Write(dir string, files []File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func depth(dir string) int {
	if dir == "." {
		return 0
	}
	return 1 + strings.Count(dir, "/")
}

func lastParts(packages []string) (names []string) {
	for _, p := range packages {
		if name := path.Base(p); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// thereAre says which packages there are in place of those that are looked for.
func thereAre(clauses map[string][]string) string {
	var all []string
	for _, names := range clauses {
		all = append(all, names...)
	}
	if len(all) == 0 {
		return "its Go files say no package"
	}
	slices.Sort(all)
	return "there are " + Listed(all)
}

// Listed is a list of names, as far as it is of interest.
func Listed(names []string) string {
	const most = 6
	names = slices.Compact(names)
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
