//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"raftlab/internal/adopt"
	"raftlab/internal/grade"
	"raftlab/internal/submission"
)

// openAny is a [grade.Opener] for submissions in raftlab's layout and in those of the course.
func openAny(year string) grade.Opener {
	return func(ctx context.Context, path string, packages []string) (grade.Tree, error) {
		tree, err := grade.Open(ctx, path, packages)
		var nothing *grade.NothingError
		if err == nil && !adopt.ForCourse(tree.Files) || errors.As(err, &nothing) {
			return tree, err
		}
		adopted, failed := adopt.Read(ctx, path, year)
		if failed != nil {
			var foreign *adopt.ForeignError
			if err == nil || !errors.As(failed, &foreign) {
				err = failed
			}
			return tree, err
		}
		return grade.Tree{Files: adopted.Files, Notes: noteTexts(adopted), Contract: adopted.Contract, Dirs: adopted.Dirs,
			Written: written(ctx, path, adopted.Files)}, nil
	}
}

// written are those of adopted files that were not handed in: adapters, shims, and the second copy of a peer that services run on.
func written(ctx context.Context, handedIn string, files []submission.File) (names []string) {
	theirs := map[string]bool{}
	read, err := submission.ReadAny(ctx, handedIn, submission.Tree, func(name string) bool { return filepath.Ext(name) == ".go" })
	if err != nil {
		return nil // it could be read a moment ago
	}
	for _, f := range read {
		theirs[filepath.Base(f.Name)] = true
	}
	for _, f := range files {
		if !theirs[filepath.Base(f.Name)] || strings.Contains(f.Name, "/own/") {
			names = append(names, f.Name)
		}
	}
	return names
}
