// Command raftlab runs the labs: it lists their cases, tests peers on them under the deterministic
// engine, replays a run, and hands out course trees.
//
//	raftlab init DIR            a course tree: framework, cases, handouts, an empty peer
//	raftlab list [SEL...]       the cases, and what each checks
//	raftlab test [SEL...]       run cases with seeds; progress, failures, a summary table
//	raftlab watch [SEL...]      what failed, then the rest, whenever the code changes
//	raftlab replay CASE --seed  one run again, with its output and a timeline
//	raftlab view CASE --seed    one run as a picture in the browser
//	raftlab shrink CASE --seed  the few faults that matter to a failure
//	raftlab why CASE --seed     the moment at which a failure became inevitable
//	raftlab where CASE          the functions that have most to do with a failure
//	raftlab doctor              what is there, what is missing and how to get it
//
// A selector SEL is a lab (lab2), a part (2A) or a case (2A/InitialElection). Exit codes: 0 all
// passed, 1 a case failed, 2 usage, 3 the framework itself failed or a run was ungraded, 130
// interrupted by Ctrl-C.
//
// Each command is a function in the file of its name. A file that adds a command appends that
// function to commands in its init, and begins with //raftlab:checkout-only if course trees are to
// do without it; the work is done in internal/suite, internal/sim, internal/timeline and
// internal/course.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"raftlab/internal/course"
	"raftlab/internal/owncases"
	"raftlab/internal/plain"
	"raftlab/internal/release"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

// commands makes the subcommands.
var commands = []func(*app) *cobra.Command{listCommand, testCommand, watchCommand, replayCommand, viewCommand, shrinkCommand, whyCommand, whereCommand, initCommand, doctorCommand}

// ofCheckouts are the commands that course trees do without, but that pages speak of.
var ofCheckouts = []string{"mutants", "compare", "grade", "merge", "regrade", "cluster", "cases", "handout"}

func main() {
	sim.WorkerMain() // does not return in a worker process of the engine
	out, err := plain.NewWriter(os.Stdout), plain.NewWriter(os.Stderr)
	code := (&app{out: out, err: err}).run(os.Args[1:])
	out.Close() // what still waits there are the last bytes of what somebody printed
	err.Close()
	os.Exit(code)
}

// app is one call of the command line. What is written to out and err is escaped there
// ([plain.Writer]), whatever it is and wherever it comes from.
type app struct {
	out, err  io.Writer
	framework string // --framework

	numbering string        // --numbering
	casesDir  string        // --cases
	own       *owncases.Set // what is there, once it was read
	compared  bool          // whether tree and program are of one release was looked at
}

// run executes the command line args and returns the exit code.
func (a *app) run(args []string) int {
	root := &cobra.Command{
		Use:           "raftlab",
		Short:         "Run Raft labs in a deterministic engine",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          commandArgs,
	}
	var version bool
	root.RunE = func(c *cobra.Command, _ []string) error {
		if version {
			a.version(context.Background())
			return nil
		}
		return c.Help()
	}
	root.Flags().BoolVar(&version, "version", false, "print the commit, the Go release and the engine")
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetArgs(args)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&a.framework, "framework", "",
		"root of the checkout or course tree (default: found from the working directory upwards)")
	for _, makeCommand := range commands {
		root.AddCommand(makeCommand(a))
	}
	root.SuggestionsMinimumDistance = 2
	a.numberHelp(root)
	strict(root)
	err := root.Execute()
	if err == nil {
		return suite.ExitPassed
	}
	code := suite.ExitUsage
	var exit *exitError
	if errors.As(err, &exit) {
		if code, err = exit.code, exit.err; err != nil {
			fmt.Fprintln(a.err, "raftlab:", err)
		}
	} else { // cobra's own: unknown command or flag, wrong number of arguments
		if len(args) > 0 && slices.Contains(ofCheckouts, args[0]) && strings.Contains(err.Error(), fmt.Sprintf("unknown command %q", args[0])) {
			err = fmt.Errorf("%w: it is in a checkout of the framework, not in course trees", err)
		}
		err = withNear(root, args, err)
		fmt.Fprintf(a.err, "raftlab: %v\n(raftlab --help shows the commands, raftlab COMMAND --help their flags)\n", err)
	}
	if code == suite.ExitUsage && err != nil {
		if err := misused(a.out, args, err); err != nil {
			fmt.Fprintln(a.err, "raftlab:", err)
		}
	}
	return code
}

// commandArgs is about a first word that is no command.
func commandArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return err
}

// exitError ends the program with a code, after printing err if there is one.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d: %v", e.code, e.err) }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{suite.ExitUsage, err}
}

func broken(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{suite.ExitFramework, err}
}

func exitWith(code int) error {
	if code == suite.ExitPassed {
		return nil
	}
	return &exitError{code, nil}
}

// root finds the tree that the command works on.
func (a *app) root() (root course.Root, err error) {
	if a.framework != "" {
		root, err = course.At(a.framework)
	} else {
		root, err = course.Find(".")
	}
	if err == nil && !a.compared {
		a.compared = true
		a.compareRelease(root)
	}
	return root, err
}

// compareRelease says so if the framework of a tree is of another release than this program.
func (a *app) compareRelease(root course.Root) {
	is := release.Of(root.Dir)
	if is == release.Version || is == "" && !root.Course {
		return
	}
	todo := "use the program of that tree: go run ./cmd/raftlab in it"
	if root.Course {
		todo += "; or bring the tree up to date, from a checkout of this release: raftlab init --update " + quote(root.Dir)
	}
	fmt.Fprintf(a.err, "WARNING: the framework in %s is of %s, and this program is raftlab %s, which may make other runs of it: %s\n",
		root.Dir, release.Named(is), release.Version, todo)
}

// packages are the packages that labs test.
func packages() []string {
	var all []string
	for _, l := range labs.All() {
		all = append(all, l.Package)
	}
	return all
}

// file is the file that w writes to, or nil.
func file(w io.Writer) *os.File {
	if p, ok := w.(*plain.Writer); ok {
		w = p.Unwrap()
	}
	f, _ := w.(*os.File)
	return f
}

// isTerminal says whether w is a terminal that people look at.
func isTerminal(w io.Writer) bool {
	f := file(w)
	return f != nil && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// newWatch returns a display on w. Its bar draws over itself, so it writes past the escaping.
func newWatch(w io.Writer) suite.Watch {
	if watch, ok := w.(suite.Watch); ok {
		return watch
	}
	if isTerminal(w) {
		return suite.NewWatch(file(w), true, func() int { return columns(file(w)) })
	}
	return suite.NewWatch(w, false, nil)
}

const unknownWidth = 110

// columns is the width of a terminal in characters.
func columns(f *os.File) int {
	if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
		return n
	}
	return unknownWidth
}

// width is how many characters tables and timelines on w may take for a line. Below 40 they would
// be unreadable.
func width(w io.Writer) int {
	if p, ok := w.(*page); ok {
		return p.wide
	}
	f := file(w)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return unknownWidth
	}
	return max(columns(f), 40)
}

// screen is how wide w is if it is a terminal, and 0 if not: what goes into files is not cut.
func screen(w io.Writer) int {
	if _, ok := w.(*page); !ok && !isTerminal(w) {
		return 0
	}
	return width(w)
}

// program is how the user called this program, for commands to be copied.
func program() string {
	name := filepath.ToSlash(os.Args[0])
	switch {
	case strings.Contains(name, "go-build"): // by `go run`
		return "go run ./cmd/raftlab"
	case strings.Contains(name, "/"):
		return quote(os.Args[0])
	}
	return strings.TrimSuffix(name, ".exe")
}

// quote makes s one word for a shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./=:,+@%\\", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && (os.PathSeparator == '\\' || !strings.Contains(s, `\`)) {
		return s
	}
	if os.PathSeparator == '\\' {
		return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// withNear adds to the complaint about an unknown flag those of the command whose names begin like it, or
// that it begins like: --seeds, where --seed was meant for one of them.
func withNear(root *cobra.Command, args []string, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	c, _, found := root.Find(args)
	if !unknown || found != nil || len(name) < 3 {
		return err
	}
	var near []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && (strings.HasPrefix(f.Name, name) || strings.HasPrefix(name, f.Name) && len(f.Name) >= 3) {
			near = append(near, "--"+f.Name)
		}
	})
	if len(near) == 0 {
		return err
	}
	return fmt.Errorf("%w; %s has %s", err, c.Name(), strings.Join(near, ", "))
}
