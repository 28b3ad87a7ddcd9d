package sim

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"raftlab/internal/submission"
	"raftlab/internal/vet"
)

// source is one file of the code under test.
type source struct {
	display string // as the user knows it
	text    []byte
}

// tree is what the compiler is to see instead of the framework's files. Keys are slash-separated
// paths relative to the framework; nil stands for "no such file".
type tree struct {
	replace   map[string][]byte
	displays  map[string]string      // of files under test: how the user calls them
	inserted  map[string][]insertion // of files under test
	underTest []string               // directories
	// underTestFiles are the files under test as they were written: those that are compiled.
	underTestFiles map[string]source
	refusals       []Refusal // of files that are not read
	// written are the functions of the framework that the rewrite calls, by package.
	written map[string][]string
}

// sources collects the code under test and rewrites it. It compiles nothing, and checks no more
// than what there are files of.
func (b Build) sources(ctx context.Context) (*tree, error) {
	t := &tree{replace: map[string][]byte{}, displays: map[string]string{}, inserted: map[string][]insertion{},
		underTestFiles: map[string]source{}, written: map[string][]string{backedgePackage: {backedgeRound, backedgeEnter}}}
	t.underTest = b.underTest()
	rest := map[string][]byte{}
	for name, text := range b.Edits {
		rest[path.Clean(filepath.ToSlash(name))] = text
	}
	for _, dir := range t.underTest {
		if err := b.packageSources(ctx, t, dir, rest); err != nil {
			return nil, err
		}
	}
	for name, text := range rest { // edits of the framework itself
		t.replace[name] = text
	}
	if len(t.refusals) > 0 {
		return nil, &RefusedError{Refusals: t.refusals}
	}
	return t, nil
}

// underTest returns the directories that hold code under test, relative to the framework.
func (b Build) underTest() []string {
	dirs := []string{path.Clean(filepath.ToSlash(b.Package))}
	for dir := range b.Impl {
		if dir = path.Clean(filepath.ToSlash(dir)); dir != dirs[0] {
			dirs = append(dirs, dir)
		}
	}
	sort.Strings(dirs[1:])
	return dirs
}

// packageSources adds the package at dir and what is below it. It takes the edits that fall there
// out of edits.
func (b Build) packageSources(ctx context.Context, t *tree, dir string, edits map[string][]byte) error {
	own := filepath.Join(b.Framework, filepath.FromSlash(dir))
	err := walkPackages(own, func(name string) error { // the package as it is disappears, but for its entrance
		relative, err := filepath.Rel(b.Framework, name)
		if err != nil {
			return err
		}
		if relative = filepath.ToSlash(relative); filepath.Ext(name) == ".go" && relative != dir+"/lab_test.go" {
			t.replace[relative] = nil
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the framework's package %s: %w", dir, err)
	}
	root, shown := own, own
	if impl, ok := b.Impl[dir]; ok {
		shown = impl
		if root, err = implRoot(impl, dir); err != nil {
			return err
		}
	}
	files, err := readTree(ctx, root, shown, dir)
	if err != nil {
		return err
	}
	for name, text := range edits {
		if strings.HasPrefix(name, dir+"/") && !strings.HasSuffix(name, "/lab_test.go") {
			delete(edits, name)
			if text == nil {
				delete(files, name)
			} else {
				files[name] = source{display: name, text: text}
			}
		}
	}
	return t.add(files, path.Base(dir), dir)
}

// add rewrites the files that a build for the engine uses; the others are left out.
func (t *tree) add(files map[string]source, packageName, dir string) error {
	compiled := 0
	for _, name := range sortedKeys(files) {
		s := files[name]
		if ext := path.Ext(name); otherLanguages[ext] {
			t.refusals = append(t.refusals, Refusal{File: s.display, Line: 1,
				What: "is a " + ext + " file", Why: "the code under test is Go; other code would not run in the engine"})
			continue
		}
		if strings.HasSuffix(name, "_test.go") || !vet.Compiled(name, s.text) {
			continue
		}
		if path.Dir(name) == dir {
			compiled++
			if got := packageClause(s.text); got != "" && got != packageName {
				return &CompileError{Output: fmt.Sprintf("%s: package %s, but the tests need package %s", s.display, got, packageName)}
			}
		}
		t.underTestFiles[name] = s
		t.displays[name], t.inserted[name] = s.display, backedges(s.display, s.text)
		t.replace[name] = insert(s.text, t.inserted[name])
	}
	if compiled == 0 {
		return &CompileError{Output: fmt.Sprintf("there is no Go file with package %s", packageName)}
	}
	return nil
}

// implRoot returns the directory with the package that is to replace dir: dir itself in a course
// tree, or impl when that has the Go files.
func implRoot(impl, dir string) (string, error) {
	info, err := os.Stat(impl)
	if err != nil {
		return "", fmt.Errorf("read the code under test: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file; the code under test is named by its directory", impl)
	}
	inner := filepath.Join(impl, filepath.FromSlash(dir))
	if submission.HasDirectory(impl, dir) && hasGo(inner) {
		return inner, nil
	}
	if hasGo(impl) {
		return impl, nil
	}
	return "", fmt.Errorf("there is no Go code in %s, nor in %s", impl, inner)
}

func hasGo(dir string) bool {
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	return len(names) > 0
}

// walkPackages calls f for every file that the go command might look at below root.
func walkPackages(root string, f func(name string) error) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		hidden := strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
		if entry.IsDir() {
			if name != root && (hidden || base == "testdata" || base == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		if hidden {
			return nil
		}
		return f(name)
	})
}

// readTree reads the files of the package at root and below that the go command would compile. Keys
// are their places below dir in the framework; shown is what the user calls root.
func readTree(ctx context.Context, root, shown, dir string) (map[string]source, error) {
	files := map[string]source{}
	read, err := submission.Read(ctx, root, submission.Usual, func(name string) bool {
		return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") || otherLanguages[path.Ext(name)]
	})
	var strange *submission.Error
	switch {
	case errors.As(err, &strange) && strange.Foreign:
		return nil, &RefusedError{Refusals: []Refusal{{File: filepath.Join(shown, strange.Name), Line: 1, What: strange.What, Why: strange.Help}}}
	case errors.As(err, &strange):
		return nil, &CompileError{Output: fmt.Sprintf("%s:1:1: %s: %s", filepath.Join(shown, strange.Name), strange.What, strange.Help)}
	case errors.Is(err, fs.ErrNotExist):
		return files, nil
	case err != nil:
		return nil, fmt.Errorf("read the code under test in %s: %w", shown, err)
	}
	for _, f := range read {
		files[dir+"/"+f.Name] = source{display: filepath.Join(shown, filepath.FromSlash(f.Name)), text: f.Text}
	}
	return files, nil
}

// packageClause returns the name in the package clause, or "".
func packageClause(text []byte) string {
	file, _ := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly)
	if file == nil {
		return ""
	}
	return file.Name.Name
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
