package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/adopt"
	"raftlab/internal/course"
	"raftlab/internal/plain"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
)

func init() { commands = append(commands, adoptCommand) }

func adoptCommand(a *app) *cobra.Command {
	var year, out, modules string
	c := &cobra.Command{
		Use:   "adopt PATH",
		Short: "Turn a solution in the course's own layout, of 2020 to 2026, into a tree that raftlab tests",
		Long: `Turn a solution of 6.824 or 6.5840 into a tree that raftlab tests. PATH is a repository, its folder src, one package,
or an archive (zip, tar, tar.gz) of these, as it was written: the course's own files are left out, imports
and types get raftlab's names, and what is changed is listed, with file and line (docs/adopt.md).

test, replay and grade do the same by themselves for what needs it, so that this command is for looking at
the result, and for keeping it.`,
		Args: one("the solution: a folder or an archive"),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return usage(errors.New("adopt needs a directory to write to: --out DIR"))
			}
			allowed, err := readModules(c.Context(), modules)
			if err != nil {
				return usage(err)
			}
			adopted, err := adopt.Read(c.Context(), args[0], year, allowed...)
			if err != nil {
				err = checkedOut(c.Context(), args[0], err)
				return usage(fmt.Errorf("adopt %s: %w", args[0], oneOf(err, program()+" adopt", args[0], " --out "+quote(out))))
			}
			if err := adopted.Write(out); err != nil {
				return usage(err)
			}
			a.tellAdopted(adopted, 0)
			fmt.Fprintf(a.out, "\n%s has it now, with all of this in ADOPTED.md. Next:\n\n  %s test %s --impl %s\n",
				out, program(), adoptedParts(adopted), quote(out))
			return nil
		},
	}
	yearFlag(c.Flags(), &year)
	modulesFlag(c.Flags(), &modules)
	c.Flags().StringVar(&out, "out", "", "the `directory` for the tree, which is empty or does not exist")
	return c
}

// yearFlag is the flag that says which year a solution of the course is of.
func yearFlag(flags *pflag.FlagSet, year *string) {
	flags.StringVar(year, "year", adopt.Auto, "the `year` of the course that a solution in its layout is of: "+strings.Join(adopt.Years(), ", ")+
		"; auto finds it out (docs/adopt.md)")
}

// modulesFlag is the flag that says which modules of others a course allows.
func modulesFlag(flags *pflag.FlagSet, dir *string) {
	flags.StringVar(dir, "modules", "", "a `directory` such as vendor/, as go mod vendor writes it, with the code of modules that your course "+
		"allows: for solutions that do not bring it themselves (docs/adopt.md)")
}

func readModules(ctx context.Context, dir string) (files []submission.File, err error) {
	if dir != "" {
		if files, err = adopt.Modules(ctx, dir); err != nil {
			err = fmt.Errorf("--modules %s: %w", dir, err)
		}
	}
	return files, err
}

// oneOf is an error, and where that is about several solutions in one place, it has the words that
// name each of them.
func oneOf(err error, before, from, after string) error {
	var several *submission.SeveralError
	if !errors.As(err, &several) {
		return err
	}
	lines := []string{"there is more than one solution in it; name one of them:"}
	for _, folder := range several.Folders {
		lines = append(lines, fmt.Sprintf("  %s %s%s", before, quote(filepath.Join(from, filepath.FromSlash(folder))), after))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// tellAdopted prints what was done. At most so many notes of each kind are told; 0 means all.
func (a *app) tellAdopted(adopted *adopt.Adopted, most int) {
	fmt.Fprintln(a.out, "adopted a solution "+adopted.Summary())
	if adopted.Contract != "" {
		fmt.Fprintf(a.out, "it is judged by the contract of %s (--contract says otherwise)\n", adopted.Contract)
	}
	told := map[adopt.Kind]int{}
	for _, n := range adopted.Notes {
		if told[n.Kind]++; most == 0 || told[n.Kind] <= most {
			fmt.Fprintf(a.out, "  %-9s  %s\n", n.Kind, plain.Line(n.String(), 300))
		}
	}
}

// adoptedParts are the labs that an adopted solution has packages for.
func adoptedParts(adopted *adopt.Adopted) string {
	return strings.Join(adopted.Graded(), " ")
}

// findCode finds the code under test, to be run with the cases there are.
func (a *app) findCode(ctx context.Context, root course.Root, f *runFlags, o *suite.Options) (suite.Code, func(), error) {
	code, forget, err := a.findCodeAlone(ctx, root, f, o)
	return a.withCases(code), forget, err
}

// findCodeAlone finds the code under test, and adopts it first if it is in the course's own layout.
// The options get the contract of its year, unless one was given. forget removes what was written
// for that; it is never nil.
func (a *app) findCodeAlone(ctx context.Context, root course.Root, f *runFlags, o *suite.Options) (code suite.Code, forget func(), err error) {
	forget = func() {}
	code, err = suite.FindCode(root.Dir, root.Course, f.impl, packages())
	own := f.impl == "" || f.impl == suite.Reference || f.impl == suite.EtcdRaft
	if own || err == nil && !forCourse(ctx, code) {
		if f.year != adopt.Auto && err == nil {
			err = fmt.Errorf("--year %s: it goes with --impl and a solution in the layout of the course, which %s is not", f.year, code.Given)
		}
		return code, forget, err
	}
	adopted, failed := adopt.Read(ctx, f.impl, f.year)
	var foreign *adopt.ForeignError
	if failed != nil {
		switch {
		case err == nil || !errors.As(failed, &foreign):
			failed = checkedOut(ctx, f.impl, failed)
			err = fmt.Errorf("--impl %s: %w", f.impl, oneOf(failed, "--impl", f.impl, ""))
		case f.year == adopt.Auto:
			code, forget, err = a.unwrapped(ctx, root, f.impl, err)
		}
		return code, forget, checkedOut(ctx, f.impl, err)
	}
	dir, forget, err := sim.TempDir()
	if err != nil {
		return code, func() {}, fmt.Errorf("make a directory for the adopted code: %w", err)
	}
	dir = filepath.Join(dir, "adopted")
	if err := adopted.Write(dir); err != nil {
		return code, forget, fmt.Errorf("--impl %s: %w", f.impl, err)
	}
	key, err := filepath.Abs(f.impl)
	if err != nil {
		return code, forget, err
	}
	if code, err = suite.FindCode(root.Dir, root.Course, dir, packages()); err != nil {
		return code, forget, fmt.Errorf("--impl %s: nothing in it can be tested: %s", f.impl, adopted.Page())
	}
	if o.Contract == "" {
		o.Contract = adopted.Contract
	}
	if f.year != adopt.Auto {
		o.Year = f.year
	}
	return code.From(f.impl, key, adopted.Dirs).Lacking(adopted.Lacks), forget, a.announce(adopted, f.brief)
}

// unwrapped finds code in raftlab's own layout that is in an archive, or has folders around it. If
// that is not what it is, the error is the one that is given.
func (a *app) unwrapped(ctx context.Context, root course.Root, impl string, otherwise error) (code suite.Code, forget func(), err error) {
	forget = func() {}
	files, err := submission.ReadAny(ctx, impl, submission.Tree, func(name string) bool {
		return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
	})
	if err != nil || len(files) == 0 {
		return code, forget, otherwise
	}
	files, folder, err := submission.FindTree(files, packages())
	if err != nil {
		return code, forget, otherwise
	}
	dir, forget, err := sim.TempDir()
	if err != nil {
		return code, func() {}, fmt.Errorf("make a directory for the code: %w", err)
	}
	if dir = filepath.Join(dir, "unwrapped"); submission.Write(dir, files) != nil {
		return code, forget, otherwise
	}
	key, err := filepath.Abs(impl)
	if err != nil {
		return code, forget, err
	}
	if code, err = suite.FindCode(root.Dir, root.Course, dir, packages()); err != nil {
		return code, forget, otherwise
	}
	dirs := map[string]string{}
	for name, at := range code.Impl {
		if dirs[name], err = filepath.Rel(dir, at); err != nil {
			return code, forget, err
		}
		dirs[name] = path.Join(folder, filepath.ToSlash(dirs[name]))
	}
	return code.From(impl, key, dirs), forget, nil
}

// findOneOf is findCode for commands that need one of some packages, and no other; lack says that
// there is none of them.
func (a *app) findOneOf(ctx context.Context, root course.Root, impl, lack string, packages ...string) (code suite.Code, forget func(), err error) {
	code, forget, err = a.findCode(ctx, root, &runFlags{impl: impl, year: adopt.Auto, brief: true}, &suite.Options{})
	if err == nil && code.Impl != nil && !slices.ContainsFunc(packages, func(pkg string) bool { return code.Impl[pkg] != "" }) {
		err = fmt.Errorf("--impl %s: %s", impl, lack)
	}
	return code, forget, err
}

// announce tells what was adopted on the way to something else.
func (a *app) announce(adopted *adopt.Adopted, brief bool) error {
	const most = 3
	if brief {
		_, err := fmt.Fprintln(a.err, "adopted a solution "+adopted.Summary())
		return err
	}
	silent := &app{out: a.err}
	silent.tellAdopted(adopted, most)
	_, err := fmt.Fprintln(a.err, "(raftlab adopt tells everything)")
	return err
}

// forCourse reports whether the code imports the framework of the course.
func forCourse(ctx context.Context, code suite.Code) bool {
	for _, dir := range code.Impl {
		files, err := submission.Read(ctx, dir, submission.Usual, func(name string) bool { return strings.HasSuffix(name, ".go") })
		if err == nil && adopt.ForCourse(files) {
			return true
		}
	}
	return false
}

// noteTexts are notes as a grade has them: what is missing, and what somebody should look at.
func noteTexts(adopted *adopt.Adopted) []string {
	texts := []string{"adopted: a solution " + adopted.Summary()}
	for _, n := range adopted.Notes {
		if slices.Contains([]adopt.Kind{adopt.Missing, adopt.Named, adopt.Shimmed}, n.Kind) {
			texts = append(texts, n.String())
		}
	}
	return texts
}
