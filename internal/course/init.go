package course

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"raftlab/internal/release"
	"raftlab/internal/submission"
)

// skeletons are the files of a course tree that the checkout itself does not have. Their names end
// in .txt, so that the Go compiler does not take the peer among them for a package of the
// framework.
//
//go:embed skeleton
var skeletons embed.FS

// Extra is something that a tree can have besides the framework: it adds files to those of the
// tree. It must give the same files each time.
type Extra func(labs []Lab, files map[string][]byte) error

// Extras are those that there are, by the names that the manifest knows them by.
type Extras map[string]Extra

// add adds the files of some of them.
func (e Extras) add(names []string, labs []Lab, files map[string][]byte) error {
	for _, name := range names {
		extra := e[name]
		if extra == nil {
			return fmt.Errorf("the tree has %q, which this raftlab cannot write; use the raftlab of a checkout", name)
		}
		if err := extra(labs, files); err != nil {
			return err
		}
	}
	return nil
}

// Init writes a course tree for labs into dir, from the checkout at root, with those of the extras
// that are named. The directory must be empty, but for a .git, or not exist. It returns the
// student's files, which are the ones to write.
func Init(root Root, dir string, labs []Lab, extras Extras, names ...string) (student []string, err error) {
	if root.Course {
		return nil, fmt.Errorf("%s is a course tree itself; `raftlab init` works from a checkout of the framework (--framework DIR)", root.Dir)
	}
	if err := mustBeEmpty(dir); err != nil {
		return nil, err
	}
	files, err := treeFiles(root, labs)
	if err != nil {
		return nil, err
	}
	if err := extras.add(names, labs, files); err != nil {
		return nil, err
	}
	m := manifest{Files: map[string]string{}, Extras: names, Raftlab: release.Of(root.Dir)}
	m.ask(labs)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), files[name]); err != nil {
			return nil, fmt.Errorf("writing the course tree: %w", err)
		}
		m.Files[name] = hash(files[name])
	}
	if student, err = writeSkeletons(dir, labs); err != nil {
		return nil, err
	}
	return student, m.write(dir)
}

// contents is what the tree's README and Makefile are filled in from.
type contents struct {
	Labs     []Lab
	Packages []string // the student's, each once
	Handouts []string // the labs' first pages, "docs/lab2.md"

	// Of the first lab, for examples.
	First string // part: "2A"
	Case  string // a case of that part: "2A/InitialElection"
	Test  string // the part in `go test -run`: "Lab2/2A"
}

func contentsOf(labs []Lab, files map[string][]byte) contents {
	first := labs[0]
	c := contents{Labs: labs, First: first.Parts[0], Case: first.Case, Test: strings.TrimPrefix(first.Test, "Test") + "/" + first.Parts[0]}
	for _, l := range labs {
		if !slices.Contains(c.Packages, l.Package) {
			c.Packages = append(c.Packages, l.Package)
		}
		if page := "docs/" + l.Name + ".md"; files[page] != nil {
			c.Handouts = append(c.Handouts, page)
		}
	}
	return c
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s cannot be a course tree: %w", dir, err)
	}
	for _, e := range entries {
		if e.Name() == manifestName {
			return fmt.Errorf("%s is a course tree already; `raftlab init --update %s` refreshes the framework in it and keeps your code", dir, dir)
		}
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			return fmt.Errorf("%s is not empty (it has %s); choose a new or an empty directory", dir, e.Name())
		}
	}
	return nil
}

// treeFiles returns all files of a course tree that belong to the framework.
func treeFiles(root Root, labs []Lab) (map[string][]byte, error) {
	files, err := frameworkFiles(root.Dir, labs)
	if err != nil {
		return nil, err
	}
	return files, fillIn(labs, files, map[string]string{"README.md": "README.md", "Makefile": "Makefile", ".gitignore": "gitignore"})
}

// Workflows is an [Extra]: files with which GitHub and GitLab test a student's repository.
func Workflows(labs []Lab, files map[string][]byte) error {
	return fillIn(labs, files, map[string]string{".github/workflows/labs.yml": "ci/github.yml", ".gitlab-ci.yml": "ci/gitlab.yml"})
}

// fillIn adds files that are templates among the skeletons, by the names that they get in the tree.
func fillIn(labs []Lab, files map[string][]byte, templates map[string]string) error {
	for name, skeleton := range templates {
		text, err := skeletons.ReadFile("skeleton/" + skeleton + ".txt")
		if err != nil {
			return err
		}
		t, err := template.New(name).Parse(string(text))
		if err != nil {
			return fmt.Errorf("course tree's %s: %w", name, err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, contentsOf(labs, files)); err != nil {
			return fmt.Errorf("course tree's %s: %w", name, err)
		}
		files[name] = b.Bytes()
	}
	return nil
}

// writeSkeletons writes the student's files where there is no Go code of theirs yet.
func writeSkeletons(dir string, labs []Lab) (written []string, err error) {
	for _, l := range labs {
		pkg := strings.TrimPrefix(l.Package, "./")
		if hasCode(filepath.Join(dir, filepath.FromSlash(pkg))) {
			continue
		}
		found, err := skeletonOf(pkg)
		if err != nil {
			return nil, fmt.Errorf("there is no skeleton for package %s of %s: %w", pkg, l.Name, err)
		}
		for _, name := range found {
			data, err := skeletons.ReadFile(name)
			if err != nil {
				return nil, err
			}
			target := strings.TrimSuffix(strings.TrimPrefix(name, "skeleton/"), ".txt")
			if err := writeFile(filepath.Join(dir, filepath.FromSlash(target)), data); err != nil {
				return nil, fmt.Errorf("writing the skeleton: %w", err)
			}
			written = append(written, target)
		}
	}
	return written, nil
}

// skeletonOf returns the names of the skeleton's files for a package and the packages below it.
func skeletonOf(pkg string) (names []string, err error) {
	err = fs.WalkDir(skeletons, "skeleton/"+pkg, func(name string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go.txt") {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// Skeleton returns the files that students of some labs begin with, by their paths in a tree.
func Skeleton(labs []Lab) (files []submission.File, err error) {
	for _, l := range labs {
		names, err := skeletonOf(strings.TrimPrefix(l.Package, "./"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := skeletons.ReadFile(name)
			if err != nil {
				return nil, err
			}
			files = append(files, submission.File{Name: strings.TrimSuffix(strings.TrimPrefix(name, "skeleton/"), ".txt"), Text: text})
		}
	}
	return files, nil
}

// hasCode says whether dir has Go files beside tests.
func hasCode(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is fixed
	return slices.ContainsFunc(files, func(f string) bool { return !strings.HasSuffix(f, "_test.go") })
}
