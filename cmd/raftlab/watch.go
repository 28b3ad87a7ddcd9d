package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"raftlab/internal/loop"
	"raftlab/internal/suite"
)

// looks is how often files are looked at. A change counts when nothing has changed since the last
// look, for an editor may still be writing.
const looks = 150 * time.Millisecond

func watchCommand(a *app) *cobra.Command {
	f := &testFlags{}
	c := &cobra.Command{
		Use:   "watch [SEL...]",
		Short: "Run what failed, then the rest, whenever a file of the code changes",
		Long: `Run what failed when it was last tested, and if that passes, all that is selected; again whenever what is in a file of
the code under test changes, also in the middle of a run. There is one screen: how many failed, and the first failures.
q or Ctrl-C ends it, Enter runs it again. SEL and the flags are those of test. Failures are not repeated in the wasm
engine, as test does it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.watch(c.Context(), f, args)
		},
	}
	f.add(c.Flags())
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	c.Flags().StringVar(&f.seeds, "seeds", suite.DefaultSeeds, "seeds: 7, 1-20, or 3,9,40")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	return c
}

func (a *app) watch(ctx context.Context, f *testFlags, selectors []string) error {
	screen := file(a.out)
	if !isTerminal(a.out) || !term.IsTerminal(int(os.Stdin.Fd())) {
		return usage(errors.New("watch draws on a terminal, and this is none; run test instead"))
	}
	dirs, err := a.watched(ctx, f)
	if err != nil {
		return usage(err)
	}
	raw, err := term.MakeRaw(int(os.Stdin.Fd()))
	if err != nil {
		return broken(fmt.Errorf("reading single keys from the terminal: %w", err))
	}
	defer term.Restore(int(os.Stdin.Fd()), raw)
	ctx, stop := interruptible(ctx)
	defer stop()
	size := func() (int, int) {
		if columns, rows, err := term.GetSize(int(screen.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
		return unknownWidth, 24
	}
	l := &loop.Loop{Screen: screen, Keys: os.Stdin, Every: looks, State: loop.In(dirs...).State, Size: size,
		Title: strings.TrimSpace("raftlab watch "+strings.Join(selectors, " ")) + "   (q ends it)",
		Round: func(ctx context.Context, say func(string)) string {
			columns, _ := size()
			return a.watchRound(ctx, f, selectors, columns, say)
		}}
	l.Run(ctx)
	return nil
}

// watched are the directories with the code under test.
func (a *app) watched(ctx context.Context, f *testFlags) ([]string, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	code, forget, err := a.findCode(ctx, root, &f.runFlags, &options)
	if err != nil {
		return nil, err
	}
	defer forget()
	switch {
	case code.Adopted():
		return []string{code.Key}, nil
	case code.Impl != nil:
		return slices.Sorted(maps.Values(code.Impl)), nil
	}
	var dirs []string
	for _, pkg := range packages() {
		dirs = append(dirs, filepath.Join(root.Dir, filepath.FromSlash(pkg)))
	}
	return dirs, nil
}

// page is what a command prints for a screen so many columns wide.
type page struct {
	bytes.Buffer
	wide int
}

// saying is the display of a round that goes on: a line that says how far it has come, now and then.
type saying struct {
	io.Writer
	say   func(string)
	phase string
	last  time.Time
}

// Building implements [suite.Watch].
func (s *saying) Building(what string) { s.say(s.phase + ": " + what) }

// Done implements [suite.Watch].
func (s *saying) Done(_ suite.Finished, p suite.Progress) {
	if time.Since(s.last) > time.Second {
		s.last = time.Now()
		s.say(s.phase + ": " + p.String())
	}
}

// Close implements [suite.Watch].
func (s *saying) Close() {}

// watchRound runs what failed, and then all of it, and returns the screen. It begins with what came
// of it and when: otherwise the screen of a round that changed nothing looks like the one before.
func (a *app) watchRound(ctx context.Context, f *testFlags, selectors []string, columns int, say func(string)) string {
	for _, failed := range []bool{true, false} {
		phase := map[bool]string{true: "running what failed", false: "running all of it"}[failed]
		say(phase + " ...")
		told := &page{wide: max(columns-1, 40)}
		quiet := *a
		quiet.out, quiet.err = told, &saying{Writer: io.Discard, say: say, phase: phase}
		flags := *f
		flags.failed = failed
		t := &testRun{app: &quiet, flags: &flags, watched: true}
		err := t.do(ctx, selectors)
		var exit *exitError
		switch {
		case err == nil && failed, errors.As(err, &exit) && failed && exit.code == suite.ExitUsage:
			continue // nothing failed, or nothing is known
		case exit != nil && exit.err != nil:
			told.WriteString(exit.err.Error())
		}
		return fmt.Sprintf("%s (%s)\n\n%s", cameOf(t.report, err, failed), time.Now().Format(time.TimeOnly), told)
	}
	return ""
}

// cameOf says in a few words what came of a round.
func cameOf(r *suite.Report, err error, failed bool) string {
	var exit *exitError
	switch {
	case err == nil && (r == nil || len(r.Cases) == 0):
		return "nothing to run"
	case err == nil:
		return "all of it passes: " + r.Tally()
	case r != nil && r.Status == suite.Unbuilt:
		return "it does not compile"
	case !errors.As(err, &exit) || exit.code != suite.ExitFailed:
		return "it did not come to its end"
	case failed:
		return "what failed before still fails: " + r.Tally()
	}
	return "it fails: " + r.Tally()
}
