package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/course"
	"raftlab/internal/suite"
	"raftlab/labs"
)

// ownCases is the extra of a tree that has an instructor's own cases.
const ownCases = "cases"

// ownExtra is the extra that writes the instructor's own cases into a tree.
func (a *app) ownExtra() {
	extras[ownCases] = func(_ []course.Lab, files map[string][]byte) error {
		if a.own == nil {
			return errors.New("the tree has cases of your own: --cases DIR says where they are")
		}
		for name, text := range a.own.Edits {
			if files[name] = text; text == nil {
				delete(files, name)
			}
		}
		return nil
	}
}

// numberingOfTree is the numbering that a tree was handed out with.
func numberingOfTree(dir string) string {
	i := slices.IndexFunc(suite.Numberings, func(n string) bool { return course.Has(dir, numberingExtra(n)) })
	if i < 0 {
		return ""
	}
	return suite.Numberings[i]
}

// renumber gives the names of a numbering to files of a tree that were just written.
func renumber(n suite.Numbering, dir string, files []string) error {
	for _, name := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(n.Text(string(text))), 0o644)
		}
		if err != nil {
			return fmt.Errorf("number the labs in %s: %w", name, err)
		}
	}
	return nil
}

// extras are what a tree can have besides the framework (handout.go adds to them).
var extras = course.Extras{}

// updating is what is done around the update of a tree.
type updating func(ctx context.Context, root course.Root, dir string, update func() error) error

// aroundUpdate returns it, and adds its flags. A checkout finds out what an update changes
// (verdicts.go).
var aroundUpdate = func(*app, *pflag.FlagSet) updating {
	return func(_ context.Context, _ course.Root, _ string, update func() error) error { return update() }
}

func initCommand(a *app) *cobra.Command {
	var update bool
	var around updating
	var names []string
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a course tree: framework, cases, handouts and an empty peer",
		Long: `Write a course tree into DIR, which must be empty or not exist. The reference is not in it; kvsrv/, raft/,
kvraft/ and shardkv/ hold skeletons that compile and fail with a reason that says what to write.

With --update, refresh the framework in an existing course tree. The student's files are never touched. A
framework file that was edited is kept in .raftlab-backup before it is replaced. It is said whether runs may be
others than before; --verdicts finds out, on the reference and the right peers in other styles, which verdicts are (docs/releases.md).`,
		Args: one("the directory for the tree, which is empty or does not exist"),
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.root()
			if err != nil {
				return usage(err)
			}
			if update {
				return around(c.Context(), root, args[0], func() error { return a.updateCourse(c.Context(), root, args[0], names) })
			}
			return a.initCourse(c.Context(), root, args[0], names)
		},
	}
	c.Flags().BoolVar(&update, "update", false, "refresh the framework's files in an existing course tree")
	around = aroundUpdate(a, c.Flags())
	c.Flags().StringSliceVar(&names, "labs", nil, "labs and parts that are asked for, such as lab1,2A-2C; lab2 means 2A-2D (default: all; with --update: those it has)")
	return c
}

func (a *app) initCourse(ctx context.Context, root course.Root, dir string, names []string) error {
	chosen, err := a.chooseLabs(ctx, names)
	if err != nil {
		return usage(err)
	}
	student, err := course.Init(root, dir, chosen, extras)
	if err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s is a course tree now. To write: %s. Next:\n\n", dir, strings.Join(student, ", "))
	fmt.Fprintf(a.out, "  cd %s\n  go run ./cmd/raftlab doctor\n  go run ./cmd/raftlab test %s\n\n", quote(dir), chosen[0].Parts[0])
	fmt.Fprintf(a.out, "and read %s.\n", filepath.Join(dir, "README.md"))
	return nil
}

func (a *app) updateCourse(ctx context.Context, root course.Root, dir string, names []string) error {
	if kept := filepath.Join(dir, "labs", "private"); a.casesDir == "" && course.Has(dir, ownCases) {
		a.casesDir = kept // the tree has them, and its framework does not
	}
	all, err := a.chooseLabs(ctx, nil)
	if err != nil {
		return usage(err)
	}
	var added []course.Lab
	if len(names) > 0 {
		if added, err = a.chooseLabs(ctx, names); err != nil {
			return usage(err)
		}
	}
	a.ownExtra()
	changes, err := course.Update(root, dir, all, added, extras, time.Now())
	for _, c := range changes {
		line := fmt.Sprintf("%-9s %s", c.What, c.File)
		if c.Backup != "" {
			line += "  (you had changed it; your version is in " + c.Backup + ")"
		}
		fmt.Fprintln(a.out, line)
	}
	for _, c := range changes {
		if c.What == "skeleton" {
			err = errors.Join(err, renumber(suite.Numbering(numberingOfTree(dir)), dir, []string{c.File}))
		}
	}
	if err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s is up to date: %s of the framework changed, none of yours\n", dir, suite.Plural(len(changes), "file"))
	return nil
}

// chooseLabs returns the labs that names name, with the parts of theirs that are asked for: a lab
// means its parts without the extensions, 2A-2C these three. No names mean all there is.
func (a *app) chooseLabs(ctx context.Context, names []string) ([]course.Lab, error) {
	all, err := a.allCases(ctx)
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(c suite.Case) bool { return c.OnRequest })
	if len(names) > 0 {
		if chosen, err = suite.SelectParts(all, names); err != nil {
			return nil, fmt.Errorf("--labs %s: %w", strings.Join(names, ","), err)
		}
	}
	found, on := []course.Lab{}, map[string]string{}
	for _, l := range labs.All() {
		lab := course.Lab{Name: l.Name, Package: l.Package, Test: l.Test, Parts: partsOf(l.Name, chosen)}
		if lab.Parts == nil {
			continue
		}
		i := slices.IndexFunc(chosen, func(c suite.Case) bool { return c.Own().Lab == l.Name })
		lab.Case = chosen[i].Own().ID()
		lab.Some = len(lab.Parts) < len(partsOf(l.Name, all))
		found, on[l.Name] = append(found, lab), l.On
	}
	for _, l := range found {
		if peer := on[l.Name]; peer != "" && !slices.ContainsFunc(found, func(l course.Lab) bool { return l.Name == peer }) {
			n := a.names()
			return nil, fmt.Errorf("--labs %s: the servers of %s run on the peer of %s: --labs %[3]s,%[1]s", strings.Join(names, ","), n.Lab(l.Name), n.Lab(peer))
		}
	}
	return found, nil
}

// partsOf are the parts of a lab that cases are of, by our own names.
func partsOf(lab string, cases []suite.Case) (parts []string) {
	for _, c := range cases {
		if own := c.Own(); own.Lab == lab && !slices.Contains(parts, own.Part) {
			parts = append(parts, own.Part)
		}
	}
	return parts
}
