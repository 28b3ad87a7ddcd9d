//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"raftlab/internal/adopt"
	"raftlab/internal/grade"
	"raftlab/internal/submission"
)

// openAny is a [grade.Opener] for submissions in raftlab's layout and in those of the course, which
// may use some modules.
func openAny(year string, modules ...submission.File) grade.Opener {
	return func(ctx context.Context, from grade.From, packages []string) (grade.Tree, error) {
		tree, err := grade.Open(ctx, from, packages)
		var nothing *grade.NothingError
		if err == nil && !adopt.ForCourse(tree.Files) || errors.As(err, &nothing) {
			return tree, err
		}
		adopted, failed := adopt.Read(ctx, from.Place(), year, modules...)
		if failed != nil {
			var foreign *adopt.ForeignError
			if err == nil || !errors.As(failed, &foreign) {
				err = failed
			}
			return tree, nameOne(err)
		}
		if err := adopted.Nothing(); err != nil {
			return tree, err
		}
		return grade.Tree{Files: adopted.Files, Notes: noteTexts(adopted), Contract: adopted.Contract, Dirs: adopted.Dirs,
			Written: written(adopted)}, nil
	}
}

// nameOne says of a submission with more than one solution in it how one is named.
func nameOne(err error) error {
	var several *submission.SeveralError
	if !errors.As(err, &several) {
		return err
	}
	folder := several.Folders[len(several.Folders)-1]
	return fmt.Errorf("%w. In the policy: folders: {NAME: %q}, with the student's name, or leave one", err, folder)
}

// written are those of adopted files that were not handed in: adapters, shims, and the second copy
// of a peer that services run on.
func written(adopted *adopt.Adopted) (names []string) {
	for _, f := range adopted.Files {
		if !adopted.HandedIn[path.Base(f.Name)] || strings.Contains(f.Name, "/own/") {
			names = append(names, f.Name)
		}
	}
	return names
}
