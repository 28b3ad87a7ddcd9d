package main

import (
	"context"
	"errors"
	"fmt"

	"raftlab/internal/adopt"
	"raftlab/internal/repo"
	"raftlab/internal/suite"
)

// checkedOut is the error about a folder without code, and where that is a repository whose code is
// where nobody looked, it says where, and what to do.
func checkedOut(ctx context.Context, dir string, err error) error {
	var foreign *adopt.ForeignError
	var none *suite.NoCodeError
	git := repo.Find(dir)
	if git == "" || !errors.As(err, &foreign) && !errors.As(err, &none) {
		return err
	}
	if repo.Bare(git) {
		return fmt.Errorf("%w\nIt is a git repository without a working tree. Clone it (git clone %s DIR), and give the clone", err, quote(git))
	}
	if what := repo.Elsewhere(ctx, git); what != "" {
		return fmt.Errorf("%w\nIt is a git repository, and %s. Check out what counts (git -C %s switch BRANCH; git -C %s submodule update --init), and try again",
			err, what, quote(git), quote(git))
	}
	return err
}
