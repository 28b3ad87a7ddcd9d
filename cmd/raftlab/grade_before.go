//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"raftlab/internal/grade"
	"raftlab/internal/repo"
	"raftlab/internal/submission"
)

// deadlines are the forms of --before. Those without a zone are of this machine's.
var deadlines = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// parseDeadline reads --before.
func parseDeadline(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range deadlines {
		if when, err := time.ParseInLocation(form, s, time.Local); err == nil {
			return when.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--before %q: write day and time, such as \"2026-03-01 23:59\", or with a zone 2026-03-01T23:59:00+01:00", s)
}

// atDeadline is an opener that takes of a git repository what was committed before a moment. What
// is no repository is taken as it is, and so are working trees where there is no deadline.
func atDeadline(open grade.Opener, before time.Time) grade.Opener {
	return func(ctx context.Context, from grade.From, packages []string) (grade.Tree, error) {
		path := from.Path
		git := repo.Find(path)
		switch {
		case git == "" && before.IsZero():
			return open(ctx, from, packages)
		case git == "" && repo.LeadsElsewhere(path):
			return grade.Tree{}, &submission.Error{Name: ".git", What: "is a file, which leads to a repository somewhere else, so that nobody sees what was committed when",
				Help: "hand in a clone", Foreign: true}
		case git == "" && submission.HoldsRepository(ctx, path):
			return grade.Tree{}, &submission.Error{Name: "the archive", What: "has a git repository in it, of which nobody sees what was committed when",
				Help: "unpack it, for the deadline to count, or grade it without --before", Foreign: true}
		case git == "":
			tree, err := open(ctx, from, packages)
			tree.Notes = append([]string{"it is no git repository, so it was taken as it is, whenever it was written"}, tree.Notes...)
			return tree, err
		case before.IsZero() && !repo.Bare(git):
			tree, err := open(ctx, from, packages)
			return tree, elsewhere(ctx, git, err)
		}
		tree, err := committed(ctx, open, git, before, from.Folder, packages)
		return tree, elsewhere(ctx, git, err)
	}
}

// committed opens what was committed before a moment.
func committed(ctx context.Context, open grade.Opener, git string, before time.Time, folder string, packages []string) (grade.Tree, error) {
	dir, err := os.MkdirTemp("", "raftlab-commit-*")
	if err != nil {
		return grade.Tree{}, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, strings.TrimSuffix(filepath.Base(git), ".git")+".tar")
	c, err := repo.At(ctx, git, before, file)
	switch {
	case errors.Is(err, repo.ErrNone) && before.IsZero():
		return grade.Tree{}, &grade.NothingError{What: "nothing was committed"}
	case errors.Is(err, repo.ErrNone):
		return grade.Tree{}, &grade.NothingError{What: "nothing was committed before " + before.Format(time.RFC3339)}
	case err != nil:
		return grade.Tree{}, &submission.Error{Name: "the git repository", What: err.Error(), Help: "look at it with git"}
	}
	tree, err := open(ctx, grade.From{Path: file, Folder: folder}, packages)
	note := fmt.Sprintf("commit %.12s of %s, as the machine of its author says", c.ID, c.When.Format(time.RFC3339))
	if !before.IsZero() {
		note += ", the last one before " + before.Format(time.RFC3339)
	}
	tree.Notes = append([]string{note}, tree.Notes...)
	return tree, err
}

// elsewhere is the error about a repository without code, if its code may be where nobody looked: a
// person decides then whether anything was handed in.
func elsewhere(ctx context.Context, git string, err error) error {
	var nothing *grade.NothingError
	var other *submission.NoPackageError
	if ctx.Err() != nil || !errors.As(err, &nothing) && !errors.As(err, &other) {
		return err
	}
	if what := repo.Elsewhere(ctx, git); what != "" {
		return &submission.Error{Name: "the branch that is checked out", What: "has no code to test (" + err.Error() + "), but " + what,
			Help: "check out, or fetch, what counts"}
	}
	return err
}
