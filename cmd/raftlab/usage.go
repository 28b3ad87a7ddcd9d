package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

// strict makes a command refuse what pflag lets pass: a flag that is given twice, of which the last
// one would count, and one whose value is empty, which is mostly a variable of a script that was
// not set.
func strict(c *cobra.Command) {
	wrap := func(f *pflag.Flag) {
		if _, done := f.Value.(*once); done || f.Value.Type() == "bool" {
			return
		}
		_, many := f.Value.(pflag.SliceValue)
		f.Value = &once{Value: f.Value, many: many}
		if f.DefValue == "[]" || f.DefValue == "0s" { // which help would tell, for it does not know the type any more
			f.DefValue = ""
		}
	}
	c.Flags().VisitAll(wrap)
	c.PersistentFlags().VisitAll(wrap)
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

// once is the value of a flag that is given once, unless it takes many values, and says something.
type once struct {
	pflag.Value
	many  bool
	given bool
	first string
}

// Set implements [pflag.Value].
func (o *once) Set(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty; give it a value, or leave the flag out")
	}
	if o.given && !o.many {
		return fmt.Errorf("the flag is given twice, with %q before; give it once", o.first)
	}
	o.given, o.first = true, s
	if err := o.Value.Set(s); err != nil {
		return fmt.Errorf("%q is no %s", s, valueNames[o.Type()])
	}
	return nil
}

// valueNames are what the types of flags are called, each with an example.
var valueNames = map[string]string{
	"int":         "whole number, such as 4",
	"uint64":      "whole number from 1 up, such as 7",
	"duration":    "time with its unit, such as 3s or 250ms",
	"string":      "text",
	"stringArray": "text",
	"stringSlice": "list with commas between, such as a,b",
}

// atLeastOne says what is wrong with a number of workers that was given.
func atLeastOne(flags *pflag.FlagSet, workers int) error {
	const most = 1024
	switch {
	case !flags.Changed("jobs"):
		return nil
	case workers < 1:
		return fmt.Errorf("-j %d: at least one run has to go on at a time; leave -j out for as many as this machine can bear", workers)
	case workers > most:
		return fmt.Errorf("-j %d: at most %d; leave -j out for as many as this machine can bear", workers, most)
	}
	return nil
}

// one asks for exactly one argument, and says what it is: "the case that is to run, such as
// 2A/InitialElection".
func one(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s needs %s", c.Name(), what)
		case 1:
			return nil
		}
		return fmt.Errorf("%s takes one argument, %s; there are %d: %s", c.Name(), what, len(args), strings.Join(args, " "))
	}
}

// none asks for no arguments.
func none(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, and there is %q", c.Name(), args[0])
	}
	return nil
}

// numberHelp makes help texts call labs, parts and pages by the numbering of the tree, or of
// --numbering.
func (a *app) numberHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		n := a.names()
		c.Short, c.Long = n.Text(c.Short), n.Text(c.Long)
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "numbering" { // which speaks of the course's numbers already
				f.Usage = n.Text(f.Usage)
			}
		})
		if n := screen(c.OutOrStdout()); n > 0 {
			wrapHelp(c, n)
		}
		help(c, args)
	})
}

// wrapHelp fits a command's help into lines of n characters.
func wrapHelp(c *cobra.Command, n int) {
	c.Long = fitted(c.Long, n)
	template := strings.ReplaceAll(c.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", n))
	c.SetUsageTemplate(strings.ReplaceAll(template, "{{.Short}}", "{{behind .NamePadding .Short}}"))
	cobra.AddTemplateFunc("behind", func(padding int, short string) string { // two columns: names, and what they do
		return strings.ReplaceAll(text.WrapSoft(short, max(n-padding-4, 20)), "\n", "\n"+strings.Repeat(" ", padding+3))
	})
}

// fitted fits paragraphs into lines of n characters. Indented lines are lists, and stay apart.
func fitted(s string, n int) string {
	var out []string
	open := false // the last line of out is a paragraph's, which goes on
	for line := range strings.SplitSeq(s, "\n") {
		text := strings.TrimLeft(line, " ")
		switch indent := len(line) - len(text); {
		case text == "" || indent > 0:
			for _, part := range timeline.Wrap(text, n-indent) {
				out = append(out, strings.Repeat(" ", indent)+part)
			}
			open = false
		case open:
			last := len(out) - 1
			out = append(out[:last], timeline.Wrap(out[last]+" "+text, n)...)
		default:
			out, open = append(out, timeline.Wrap(text, n)...), true
		}
	}
	return strings.Join(out, "\n")
}

// writable says what is in the way of writing a file.
func writable(flag, path string) error {
	if path == "" {
		return nil
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("--%s %s: there is no directory %s; make it first, or name another file", flag, path, dir)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("--%s %s: it is a directory; name a file, such as %s", flag, path, filepath.Join(path, "results."+flag))
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe is written through
	}
	if linked, err := os.Lstat(path); err == nil && linked.Mode()&os.ModeSymlink != 0 {
		return nil // and so is a link
	}
	probe, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return fmt.Errorf("--%s %s: no file can be made in %s; name another place: %w", flag, path, dir, errors.Unwrap(err))
	}
	probe.Close()
	os.Remove(probe.Name())
	return nil
}

// sameFile reports whether two paths name one file, which may not exist yet.
func sameFile(a, b string) bool {
	if a == "" || b == "" || a == os.DevNull && b == os.DevNull {
		return false
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	return wholePath(a) == wholePath(b)
}

// wholePath is the path of a file in a directory that exists, without links.
func wholePath(path string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

// misused writes what `raftlab test` and `raftlab list` owe to programs although their command line
// was wrong. The flags were perhaps not read to their end, so args are looked through for them.
func misused(out io.Writer, args []string, err error) error {
	if hasWord(args, "list") && (slices.Contains(args, "--json") || slices.Contains(args, "--json=true")) {
		return suite.WriteListJSON(out, nil, err.Error())
	}
	if !hasWord(args, "test") {
		return nil
	}
	jsonFile, junit := flagIn(args, "json"), flagIn(args, "junit")
	if sameFile(jsonFile, junit) || writable("junit", junit) != nil {
		junit = ""
	}
	if writable("json", jsonFile) != nil {
		jsonFile = ""
	}
	r := &suite.Report{Schema: suite.Schema, Status: suite.Misused, Error: err.Error(), Started: time.Now().UTC(),
		Impl: flagIn(args, "impl"), Seeds: flagIn(args, "seeds"), Builds: []suite.Build{}, Cases: []suite.CaseResult{}}
	return r.Save(jsonFile, junit)
}

// hasWord reports whether word is the command of a command line: its first word that is no flag,
// nor the value of one.
func hasWord(args []string, word string) bool {
	for i := 0; i < len(args); i++ {
		if args[i] == "--framework" {
			i++
		} else if !strings.HasPrefix(args[i], "-") {
			return args[i] == word
		}
	}
	return false
}

// flagIn is the value of a flag in a command line, or "".
func flagIn(args []string, name string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
		if arg == "--"+name && i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
			return args[i+1]
		}
	}
	return ""
}
