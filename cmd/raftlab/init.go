package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/course"
	"raftlab/labs"
)

// extras are what a tree can have besides the framework (handout.go adds to them).
var extras = course.Extras{}

func initCommand(a *app) *cobra.Command {
	var update bool
	var names []string
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a course tree: framework, cases, handouts and an empty peer",
		Long: `Write a course tree into DIR, which must be empty or not exist. The reference is not in it; kvsrv/, raft/,
kvraft/ and shardkv/ hold skeletons that compile and fail with a reason that says what to write.

With --update, refresh the framework in an existing course tree. The student's files are never touched. A
framework file that was edited is kept in .raftlab-backup before it is replaced.`,
		Args: one("the directory for the tree, which is empty or does not exist"),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := a.root()
			if err != nil {
				return usage(err)
			}
			if update {
				return a.updateCourse(root, args[0], names)
			}
			return a.initCourse(root, args[0], names)
		},
	}
	c.Flags().BoolVar(&update, "update", false, "refresh the framework's files in an existing course tree")
	c.Flags().StringSliceVar(&names, "labs", nil, "labs to hand out, such as lab2 (default: all; with --update: those it has)")
	return c
}

func (a *app) initCourse(root course.Root, dir string, names []string) error {
	chosen, err := chooseLabs(names)
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

func (a *app) updateCourse(root course.Root, dir string, names []string) error {
	if _, err := chooseLabs(names); err != nil {
		return usage(err)
	}
	all, err := chooseLabs(nil)
	if err != nil {
		return usage(err)
	}
	changes, err := course.Update(root, dir, all, names, extras, time.Now())
	for _, c := range changes {
		line := fmt.Sprintf("%-9s %s", c.What, c.File)
		if c.Backup != "" {
			line += "  (you had changed it; your version is in " + c.Backup + ")"
		}
		fmt.Fprintln(a.out, line)
	}
	if err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s is up to date: %d files of the framework changed, none of yours\n", dir, len(changes))
	return nil
}

// chooseLabs returns the labs with these names, or all.
func chooseLabs(names []string) ([]course.Lab, error) {
	var chosen []course.Lab
	var known []string
	for _, l := range labs.All() {
		known = append(known, l.Name)
		if len(names) > 0 && !slices.Contains(names, l.Name) || len(names) == 0 && l.OnRequest {
			continue
		}
		lab := course.Lab{Name: l.Name, Package: l.Package, Test: l.Test, Case: l.Cases[0].ID()}
		for _, c := range l.Cases {
			if !slices.Contains(lab.Parts, c.Part) {
				lab.Parts = append(lab.Parts, c.Part)
			}
		}
		chosen = append(chosen, lab)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("--labs %s: there is no such lab; there are %s", n, strings.Join(known, ", "))
		}
	}
	for _, l := range chosen {
		if l.Package != "./raft" && l.Package != "./kvsrv" && !slices.ContainsFunc(chosen, func(l course.Lab) bool { return l.Package == "./raft" }) {
			return nil, fmt.Errorf("--labs %s: the servers of %s run on the peer of lab 2: --labs lab2,%[1]s", strings.Join(names, ","), l.Name)
		}
	}
	return chosen, nil
}
