// Package course writes course trees: what a student gets, a copy of the framework with an empty
// peer to fill in.
//
//	checkout of the framework                 course tree
//	  labgob, labrpc, raftapi, tester  -----> the same          \
//	  labs/lab2, internal/..., cmd/    -----> the same           |  framework files: in the manifest,
//	  docs/lab2*.md, ...               -----> the same           |  refreshed by `raftlab init --update`
//	  raft/lab_test.go                 -----> the same          /
//	  raft/*.go  (the reference)              raft/raft.go         the student's: written once, from a
//	  mutants, variants, tests                (nothing)            skeleton, and never touched again
//
// What belongs to the framework is found by following imports from the command line and from the
// labs asked for (files.go), so nothing has to be listed here when a package is added. The manifest
// .raftlab-course.json says which files those are and what they held (manifest.go); [Init] and
// [Update] write the tree (init.go, update.go); [Find] tells a checkout from a course tree
// (root.go).
package course

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Module is the path of the framework's module, and of every course tree's.
const Module = "raftlab"

// Root is a tree with the framework in it.
type Root struct {
	Dir    string // absolute
	Course bool   // a course tree: its peers are a student's, and there is no reference
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+` + Module + `\s*$`)

// Find returns the tree that contains dir: the nearest directory upwards whose go.mod names the
// framework's module.
func Find(dir string) (Root, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return Root{}, fmt.Errorf("looking for the framework: %w", err)
	}
	for at := start; ; at = filepath.Dir(at) {
		if isRoot(at) {
			return rootAt(at), nil
		}
		if filepath.Dir(at) == at {
			return Root{}, fmt.Errorf("%s is not inside a raftlab tree (no go.mod with `module %s` from there upwards); "+
				"change to a course tree or a checkout, or name one with --framework DIR", start, Module)
		}
	}
}

// At returns the tree whose root is dir itself.
func At(dir string) (Root, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Root{}, fmt.Errorf("--framework %s: %w", dir, err)
	}
	if !isRoot(abs) {
		return Root{}, fmt.Errorf("--framework %s: that is not the root of a raftlab tree (no go.mod with `module %s` in it)", dir, Module)
	}
	return rootAt(abs), nil
}

func isRoot(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && moduleLine.Match(data)
}

func rootAt(dir string) Root {
	_, err := os.Stat(filepath.Join(dir, manifestName))
	return Root{Dir: dir, Course: err == nil}
}
