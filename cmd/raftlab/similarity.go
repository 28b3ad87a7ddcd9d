//raftlab:checkout-only (it is about a class)

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/course"
	"raftlab/internal/grade"
	"raftlab/internal/mutation"
	"raftlab/internal/plain"
	"raftlab/internal/similar"
	"raftlab/internal/submission"
)

func init() { commands = append(commands, similarityCommand) }

// similarityFlags are the flags of `raftlab similarity`.
type similarityFlags struct {
	out, key, before, year string
	past, labs             []string
}

func similarityCommand(a *app) *cobra.Command {
	f := &similarityFlags{}
	c := &cobra.Command{
		Use:   "similarity SUBMISSIONS --out DIR",
		Short: "Write the code of a class for Dolos and JPlag, which look for copies",
		Long: `Write the code of a class for programs that look for copies: folders for JPlag, an archive for Dolos. The class is
compared with itself, with last years' classes (--past) and with the reference and all its wrong and right versions; what was handed out is
left out of account. Students have pseudonyms; the key is a file beside DIR. What is in common is for people to judge: there is no
score here (docs/similarity.md).`,
		Args: one("the folder that holds one folder or archive for each student"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.out == "" {
				return usage(errors.New("similarity needs a directory to write to: --out DIR"))
			}
			return a.similarity(c.Context(), f, args[0])
		},
	}
	c.Flags().StringVar(&f.out, "out", "", "the `directory` to write into, which is empty or does not exist")
	c.Flags().StringVar(&f.key, "key", "", "the `file` that says who is who; one that exists is gone on with (default: DIR-key.csv)")
	c.Flags().StringArrayVar(&f.past, "past", nil, "a `folder` with the submissions of another year; may be repeated")
	c.Flags().StringSliceVar(&f.labs, "labs", nil, "labs whose code is compared, such as lab2 (default: all)")
	c.Flags().StringVar(&f.before, "before", "", "of git repositories, what was committed before this `time`")
	yearFlag(c.Flags(), &f.year)
	return c
}

func (a *app) similarity(ctx context.Context, f *similarityFlags, submissions string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	chosen, err := a.chooseLabs(ctx, f.labs)
	if err != nil {
		return usage(err)
	}
	var dirs []string
	for _, l := range chosen {
		dirs = append(dirs, strings.TrimPrefix(l.Package, "./"))
	}
	before, err := parseDeadline(f.before)
	if err != nil {
		return usage(err)
	}
	open := atDeadline(openAny(f.year), before)
	entries, err := a.entries(ctx, open, similar.Class, submissions, dirs)
	if err != nil {
		return usage(err)
	}
	inClass := len(entries)
	for i, folder := range f.past {
		more, err := a.entries(ctx, atDeadline(openAny(f.year), before), similar.Past, folder, dirs)
		if err != nil {
			return usage(err)
		}
		for j := range more { // the same name in another year is another person
			more[j].Name = fmt.Sprintf("%s (%s, folder %d)", more[j].Name, filepath.Base(folder), i+1)
		}
		entries = append(entries, more...)
	}
	inPast := len(entries) - inClass
	corpus, err := corpusOf(root.Dir, dirs)
	if err != nil {
		return broken(err)
	}
	base, err := course.Skeleton(chosen)
	if err != nil {
		return broken(err)
	}
	key := f.key
	if key == "" {
		key = strings.TrimRight(f.out, `/\`) + "-key.csv"
	}
	if err := similar.Write(f.out, key, append(entries, corpus...), base); err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s: %d of the class, %d of other years, %d versions of the reference. %s says what to run.\nwho is who: %s; keep it to yourself\n",
		f.out, inClass, inPast, len(corpus), filepath.Join(f.out, "README.md"), key)
	return nil
}

// entries reads the code of a class, each student's own files alone.
func (a *app) entries(ctx context.Context, open grade.Opener, set, folder string, dirs []string) ([]similar.Entry, error) {
	roster, _, err := grade.FindRoster(folder)
	if err != nil {
		return nil, err
	}
	var all []similar.Entry
	for _, e := range roster {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		err := errors.New("it " + e.Strange)
		var tree grade.Tree
		if e.Strange == "" {
			tree, err = open(ctx, grade.From{Path: e.Path}, packages())
		}
		own := ownFiles(tree, dirs)
		if err == nil && len(own) == 0 {
			err = errors.New("there is no code of these labs in it")
		}
		if err != nil {
			fmt.Fprintf(a.err, "left out: %s: %s\n", plain.Line(e.Name, plain.MaxName), plain.Line(err.Error(), plain.MaxLine))
			continue
		}
		all = append(all, similar.Entry{Set: set, Name: e.Name, Files: own})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no code in it to compare", folder)
	}
	return all, nil
}

// ownFiles are the files of a tree that the student has written, of some packages and those below
// them. What was written when the tree was adopted is left out.
func ownFiles(tree grade.Tree, dirs []string) (own []submission.File) {
	for _, f := range tree.Files {
		inside := slices.ContainsFunc(dirs, func(dir string) bool {
			last := path.Base(dir)
			return strings.HasPrefix(f.Name, dir+"/") || strings.HasPrefix(f.Name, last+"/") || !strings.Contains(f.Name, "/")
		})
		if inside && path.Ext(f.Name) == ".go" && !slices.Contains(tree.Written, f.Name) {
			own = append(own, f)
		}
	}
	return own
}

// corpusOf are the reference and all its wrong and right versions.
func corpusOf(root string, dirs []string) (all []similar.Entry, err error) {
	reference := similar.Entry{Set: similar.Corpus, Name: "reference"}
	for _, dir := range dirs {
		files, err := filesBelow(filepath.Join(root, filepath.FromSlash(dir)), dir)
		if err != nil {
			return nil, err
		}
		reference.Files = append(reference.Files, files...)
	}
	all = append(all, reference)
	for _, kind := range []mutation.Kind{mutation.Mutant, mutation.Variant} {
		subjects, err := mutation.Load(root, kind)
		if err != nil {
			return nil, err
		}
		for _, s := range subjects {
			if s.Patch == nil || !slices.Contains(dirs, strings.TrimPrefix(s.Package(), "./")) {
				continue
			}
			e, err := versionOf(root, kind, s)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// versionOf is one version of the reference.
func versionOf(root string, kind mutation.Kind, s mutation.Subject) (similar.Entry, error) {
	e := similar.Entry{Set: similar.Corpus, Name: fmt.Sprintf("%s-%s", kind, s.Name)}
	dir, err := os.MkdirTemp("", "raftlab-version-*")
	if err != nil {
		return e, err
	}
	defer os.RemoveAll(dir)
	if err := mutation.Write(root, s, filepath.Join(dir, "it")); err != nil {
		return e, err
	}
	e.Files, err = filesBelow(filepath.Join(dir, "it"), "")
	return e, err
}

// filesBelow are the Go files of a directory without tests, by their names below prefix.
func filesBelow(dir, prefix string) ([]submission.File, error) {
	files, err := submission.Read(context.Background(), dir, submission.Tree, func(name string) bool {
		return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	})
	for i := range files {
		files[i].Name = path.Join(prefix, files[i].Name)
	}
	return files, err
}
