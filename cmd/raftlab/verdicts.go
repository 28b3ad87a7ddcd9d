//raftlab:checkout-only (course trees are updated from a checkout)

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"raftlab/internal/course"
	"raftlab/internal/mutation"
	"raftlab/internal/release"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

func init() {
	aroundUpdate = func(a *app, flags *pflag.FlagSet) updating {
		v := &verdicts{app: a}
		flags.StringSliceVar(&v.cases, "verdicts", nil, "with --update: run these `parts` or cases on right peers before and after it, natively, and say which verdicts change")
		flags.StringSliceVar(&v.peers, "peers", nil, "with --verdicts: `names` or patterns of variants to run beside the reference (default: all)")
		flags.StringVar(&v.seeds, "verdict-seeds", "1", "with --verdicts: the `seeds`")
		return v.around
	}
}

// verdicts finds out what the update of a course tree changes in runs.
type verdicts struct {
	*app
	cases, peers []string
	seeds        string
}

// around is what surrounds an update: it looks at the tree before and after.
func (v *verdicts) around(ctx context.Context, root course.Root, dir string, update func() error) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	was := release.Of(dir)
	before, err := sim.IdentityOf(ctx, dir)
	if err != nil || !course.Is(dir) {
		return update() // which says what is wrong with it
	}
	subjects, err := v.subjects(root.Dir)
	if err != nil {
		return usage(err)
	}
	old, err := os.MkdirTemp("", "raftlab-verdicts-*")
	if err != nil {
		return broken(err)
	}
	defer os.RemoveAll(old)
	if len(subjects) > 0 {
		if _, err := course.CopyFramework(dir, old); err != nil {
			return broken(err)
		}
	}
	if err := update(); err != nil {
		return err
	}
	after, err := sim.IdentityOf(ctx, dir)
	if err != nil {
		return broken(err)
	}
	v.tell(dir, was, before, after)
	if len(subjects) == 0 || before == after {
		return nil
	}
	return v.compareOn(ctx, root.Dir, old, dir, subjects)
}

// compareOn runs the cases on right peers, in the framework that the tree had and in the one that
// it has now.
func (v *verdicts) compareOn(ctx context.Context, framework, old, dir string, subjects []mutation.Subject) error {
	then, err := v.run(ctx, framework, old, "before", subjects)
	var now []*suite.Report
	if err == nil {
		now, err = v.run(ctx, framework, dir, "after", subjects)
	}
	if ctx.Err() != nil {
		return exitWith(suite.ExitInterrupted)
	}
	if err != nil {
		return broken(err)
	}
	v.compare(subjects, then, now)
	return nil
}

// tell says whether runs may be others now.
func (v *verdicts) tell(dir, was string, before, after sim.Identity) {
	is := release.Of(dir)
	if was != is {
		fmt.Fprintf(v.out, "It was of %s, and is of %s now.\n", release.Named(was), release.Named(is))
	}
	if before == after {
		fmt.Fprintln(v.out, "Nothing that runs depend on has changed: the same code gives the same verdicts.")
		return
	}
	fmt.Fprintf(v.out, "What runs depend on has changed (%.12s then, %.12s now): the same code and seed may make another run.\n", before.Framework, after.Framework)
	if len(v.cases) == 0 {
		fmt.Fprintf(v.out, "Which verdicts of right peers change is found out by --verdicts, before an update: %s init --update --verdicts 2A-2D %s\n", program(), quote(dir))
	}
}

// subjects are the peers to run: the reference, and right ones in other styles.
func (v *verdicts) subjects(framework string) ([]mutation.Subject, error) {
	if len(v.cases) == 0 {
		if len(v.peers) > 0 {
			return nil, errors.New("--peers: it goes with --verdicts, which says what they run")
		}
		return nil, nil
	}
	all, err := mutation.Load(framework, mutation.Variant)
	if err != nil {
		return nil, err
	}
	chosen, rest := mutation.Choose(all, v.peers)
	if len(rest) > 0 {
		return nil, fmt.Errorf("--peers %s: no variant is called that; `%s mutants --variants --check` lists nothing if all are well, ls variants has their names",
			strings.Join(rest, ","), program())
	}
	return chosen, nil
}

// run runs the cases on each of the peers, in a copy of the tree as it is, with the tree's own
// program.
func (v *verdicts) run(ctx context.Context, framework, dir, when string, subjects []mutation.Subject) ([]*suite.Report, error) {
	tree, err := os.MkdirTemp("", "raftlab-verdicts-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tree)
	student, err := course.CopyFramework(dir, tree)
	if err != nil {
		return nil, err
	}
	display := newStatus(v.err)
	defer display.close()
	display.show("building the tree's raftlab of %s the update", when)
	if _, err := run(ctx, tree, "go", "build", "-o", programIn(tree), "./cmd/raftlab"); err != nil {
		return nil, err
	}
	reports := make([]*suite.Report, len(subjects))
	for i, s := range subjects {
		display.show("%s the update: %s, %d of %d", when, s.Name, i+1, len(subjects))
		err := reference(framework, tree, student)
		if err == nil {
			err = write(framework, s, tree)
		}
		if err == nil {
			reports[i], err = v.runOne(ctx, tree, s)
		}
		if err != nil {
			return nil, fmt.Errorf("find out the verdicts of %s %s the update: %w", s.Name, when, err)
		}
	}
	return reports, nil
}

// write puts a peer into the place of the reference in a tree.
func write(framework string, s mutation.Subject, tree string) error {
	switch s.Package() {
	case "": // the reference itself
		return nil
	case mutation.PeerPackage:
		tree = filepath.Join(tree, "raft")
	}
	return mutation.Write(framework, s, tree)
}

// runOne runs the cases on the peer in a tree.
func (v *verdicts) runOne(ctx context.Context, tree string, s mutation.Subject) (*suite.Report, error) {
	file := filepath.Join(tree, "verdicts.json")
	if err := os.RemoveAll(file); err != nil {
		return nil, err
	}
	args := append([]string{"test", "--engine", suite.NativeEngine, "--keep-going", "--seeds", v.seeds, "--json", file}, v.cases...)
	if s.Contract() != "" {
		args = append(args, "--contract", s.Contract())
	}
	said, failed := run(ctx, tree, programIn(tree), args...) // that cases fail is a result, too
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the tree's own raftlab wrote no results: %w\n%s", failed, said)
	}
	r := &suite.Report{}
	return r, json.Unmarshal(text, r)
}

// reference makes the checkout's own code that of a tree, as far as students write it there.
func reference(framework, tree string, student []string) error {
	for _, pkg := range student {
		if err := empty(filepath.Join(tree, filepath.FromSlash(pkg))); err != nil {
			return err
		}
		from := filepath.Join(framework, filepath.FromSlash(pkg))
		err := filepath.WalkDir(from, func(name string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			rel, err := filepath.Rel(framework, name)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return place(filepath.Join(tree, rel), text)
		})
		if err != nil {
			return fmt.Errorf("copy the reference: %w", err)
		}
	}
	return nil
}

// empty removes the Go files of a package and of those below it, but for its test.
func empty(pkg string) error {
	return filepath.WalkDir(pkg, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lab_test.go" {
			return err
		}
		return os.Remove(name)
	})
}

// compare tells which verdicts are not what they were.
func (v *verdicts) compare(subjects []mutation.Subject, then, now []*suite.Report) {
	all, changed := 0, 0
	for i, s := range subjects {
		lines, compared := suite.Changed(then[i], now[i])
		all, changed = all+compared, changed+len(lines)
		for _, line := range lines {
			fmt.Fprintf(v.out, "  %s: %s\n", s.Name, line)
		}
	}
	fmt.Fprintf(v.out, "verdicts of %d right peers on %s, seeds %s: %d compared, %d changed\n", len(subjects), strings.Join(v.cases, " "), v.seeds, all, changed)
}
