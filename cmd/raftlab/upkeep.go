//raftlab:checkout-only (a course tree has no mutants)

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"raftlab/internal/mutation"
	"raftlab/internal/suite"
)

// upkeep are the flags of `raftlab mutants` that look after the patches and run nothing.
type upkeep struct{ check, rebase bool }

// patches is `raftlab mutants --check` and `--rebase`.
func (a *app) patches(ctx context.Context, f upkeep, selectors []string) error {
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	var all []mutation.Subject
	var unreadable error
	// Variants come first, because there are mutants of variants.
	for _, kind := range []mutation.Kind{mutation.Variant, mutation.Mutant} {
		subjects, err := mutation.Load(root.Dir, kind)
		if len(subjects) == 0 {
			return usage(err)
		}
		all, unreadable = append(all, subjects...), errors.Join(unreadable, err)
	}
	all, rest := mutation.Choose(all, selectors)
	if len(rest) > 0 {
		return usage(fmt.Errorf("%q is not the name of a mutant or a variant, nor a pattern of names; --check and --rebase take nothing else", rest[0]))
	}
	if unreadable != nil {
		fmt.Fprintf(a.out, "%v\nof the others:\n", unreadable)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	done := a.checkPatches
	if f.rebase {
		done = a.rebasePatches
	}
	good, err := done(ctx, root.Dir, all)
	switch {
	case ctx.Err() != nil:
		return exitWith(suite.ExitInterrupted)
	case err != nil:
		return broken(err)
	case !good || unreadable != nil:
		return exitWith(suite.ExitFailed)
	}
	return nil
}

// checkPatches lists every patch that does not apply or does not compile.
func (a *app) checkPatches(ctx context.Context, root string, subjects []mutation.Subject) (bool, error) {
	flaws, err := mutation.Check(ctx, root, subjects)
	if err != nil {
		return false, err
	}
	bad := map[string]bool{}
	for _, f := range flaws {
		bad[f.Subject] = true
		fmt.Fprintln(a.out, f)
	}
	if len(bad) == 0 {
		fmt.Fprintf(a.out, "all %d patches apply and compile\n", count(subjects))
		return true, nil
	}
	fmt.Fprintf(a.out, "%d of %d patches do not apply or compile; `%s mutants --rebase` carries them over to the tree as it is now\n",
		len(bad), count(subjects), program())
	return false, nil
}

// rebasePatches carries every patch over that does not apply any more.
func (a *app) rebasePatches(ctx context.Context, root string, subjects []mutation.Subject) (bool, error) {
	all, err := mutation.CarryOver(ctx, root, filepath.Join(root, ".raftlab", "rebase"), subjects)
	if err != nil {
		return false, err
	}
	carried, left := 0, 0
	for _, c := range all {
		if c.Text != "" {
			from := ""
			if c.Base != "" {
				from = fmt.Sprintf(", from %.12s", c.Base)
			}
			fmt.Fprintf(a.out, "%s: carried over%s\n", c.Patch, from)
		}
		if c.Good() {
			carried++
			continue
		}
		left++
		if c.Err != nil {
			fmt.Fprintf(a.out, "%s: cannot be carried over: %v\n", c.Patch, c.Err)
		}
		for _, file := range c.Conflicts {
			fmt.Fprintf(a.out, "%s: conflict: %s\n", c.Patch, filepath.Join(c.WorkCopy, filepath.FromSlash(file)))
		}
		for _, f := range c.Flaws {
			fmt.Fprintln(a.out, f)
		}
		switch {
		case c.WorkCopy != "":
			fmt.Fprintf(a.out, "    edit the files in %s so that they are as the patch should make them; then `%s mutants --rebase %s`\n",
				c.WorkCopy, program(), c.Subject)
		case len(c.Flaws) > 0:
			fmt.Fprintf(a.out, "    edit %s\n", c.Patch)
		}
	}
	fmt.Fprintf(a.out, "%d patches were as they should be, %d were carried over, %d are left to you\n",
		count(subjects)-carried-left, carried, left)
	return left == 0, nil
}

// count is how many of the subjects have a patch.
func count(subjects []mutation.Subject) (n int) {
	for _, s := range subjects {
		if s.Patch != nil {
			n++
		}
	}
	return n
}
