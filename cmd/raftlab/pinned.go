//raftlab:checkout-only (it goes with raftlab regrade)

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"raftlab/internal/release"
	"raftlab/internal/sim"
)

// byItsRelease repeats the runs of a report with the release of raftlab that made it, if it was
// another one, and this checkout's git has its tag. done says that it did, and code is the exit
// code.
func (a *app) byItsRelease(ctx context.Context, past *pastReport, students []string, workers int) (code int, done bool, err error) {
	root, err := a.root()
	if err != nil {
		return 0, false, err
	}
	was, is := past.release(), release.Of(root.Dir)
	if was == "" || was == is {
		return 0, false, nil
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	program, err := checkoutOf(ctx, root.Dir, was)
	if err != nil {
		fmt.Fprintf(a.err, "NOTE: %s was made by %s, and this is %s: %v.\nTo repeat the runs as they were made: %s; then regrade there. What follows "+
			"is repeated with this one.\n", past.name, release.Named(was), release.Named(is), err, release.HowToGet(was))
		return 0, false, nil
	}
	fmt.Fprintf(a.err, "%s was made by %s: its runs are repeated with that release, in %s (--here repeats them with this one)\n", past.name, release.Named(was), filepath.Dir(program))
	report, forget, err := past.file()
	defer forget()
	if err != nil {
		return 0, false, err
	}
	args := []string{"regrade", report, "--framework", filepath.Dir(program)}
	for _, s := range students {
		args = append(args, "--student", s)
	}
	if workers > 0 {
		args = append(args, "-j", fmt.Sprint(workers))
	}
	if a.casesDir != "" {
		args = append(args, "--cases", wholePath(a.casesDir))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = a.out, a.err
	if err = cmd.Run(); cmd.ProcessState == nil {
		return 0, true, err
	}
	return max(cmd.ProcessState.ExitCode(), 0), true, nil
}

// checkoutOf returns the program of another release: built in a clone of the checkout's repository,
// which stays in raftlab's cache for the next time.
func checkoutOf(ctx context.Context, checkout, version string) (program string, err error) {
	tag := release.Tag(version)
	if tag == "" {
		return "", errors.New("that is no release that a tag leads back to")
	}
	commit, err := run(ctx, checkout, "git", "rev-parse", "--verify", "--quiet", "refs/tags/"+tag+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("there is no tag %s in the repository of this checkout", tag)
	}
	cache, err := sim.CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "releases", tag)
	// Another repository, a fork or a trial, may have had a tag of that name.
	if is, err := run(ctx, checkout, "git", "-C", dir, "rev-parse", "HEAD"); err != nil || is != commit {
		next := dir + ".new"
		if err := errors.Join(os.RemoveAll(next), os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o755)); err != nil {
			return "", err
		}
		if _, err := run(ctx, checkout, "git", "clone", "--quiet", "--branch", tag, "--", checkout, next); err != nil {
			return "", err
		}
		if is := release.Of(next); is != version {
			return "", fmt.Errorf("the tag %s leads to %s", tag, release.Named(is))
		}
		if err := os.Rename(next, dir); err != nil {
			return "", err
		}
	}
	program = programIn(dir)
	_, err = run(ctx, dir, "go", "build", "-o", program, "./cmd/raftlab")
	return program, err
}

// programIn is the program of a tree, built for one purpose.
func programIn(tree string) string {
	name := filepath.Join(tree, "raftlab")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// run runs a program in a directory and returns what it said; an error has that, too.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", name, args[0], err, strings.TrimSpace(string(out)))
	}
	return string(out), err
}
