package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/internal/view"
	"raftlab/porcupine-tests/model"
)

// viewFlags are the flags of `raftlab view`.
type viewFlags struct {
	replayFlags
	against string
	out     string
	noOpen  bool
}

func viewCommand(a *app) *cobra.Command {
	f := &viewFlags{}
	c := &cobra.Command{
		Use:   "view CASE --seed N | view FILE",
		Short: "Show a run as a picture in the browser",
		Long: `Run one case with one seed, or read the trace of a run (replay --trace), and write it as one page of HTML:
a lane per peer and client, messages as arrows, the peers' logs at the cursor. It opens at the violation, with what led
to it marked. The page needs no network, and can be sent to somebody else (docs/view.md).`,
		Args: one("the case that is to run, such as 2A/InitialElection, or a file with a trace"),
		RunE: func(c *cobra.Command, args []string) error { return a.view(c.Context(), f, args[0]) },
	}
	f.add(c.Flags())
	c.Flags().Uint64Var(&f.seed, "seed", 0, "the seed (required for a case)")
	scenarioFlag(c.Flags(), &f.scenario)
	c.Flags().StringVar(&f.against, "against", "", "show a second run beside it: another `case`, directory with code under test, or file with a trace")
	c.Flags().StringVar(&f.out, "out", "", "write the page to this `file`")
	c.Flags().BoolVar(&f.noOpen, "no-open", false, "do not open the page in the browser")
	return c
}

// view writes the page and opens it.
func (a *app) view(ctx context.Context, f *viewFlags, what string) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := writable("out", f.out); err != nil {
		return usage(err)
	}
	first, name, err := a.viewed(ctx, f, what)
	if err != nil {
		return err
	}
	runs := []view.Run{first}
	if f.against != "" {
		second, err := a.against(ctx, f, what)
		if err != nil {
			return err
		}
		runs = append(runs, second)
		name += "-against"
	}
	var page bytes.Buffer
	if err := view.Write(&page, runs...); err != nil {
		return broken(err)
	}
	path := f.out
	if path == "" {
		root, err := a.root()
		if err != nil {
			return usage(err)
		}
		state, err := suite.OpenState(root.Dir)
		if err != nil {
			return broken(err)
		}
		path = filepath.Join(state.Dir(), "view-"+name+".html")
	}
	if err := suite.WriteFile(path, page.Bytes()); err != nil {
		return broken(fmt.Errorf("writing the page: %w", err))
	}
	for _, r := range runs {
		fmt.Fprintf(a.out, "%s: %s\n", r.Title, r.Verdict)
	}
	fmt.Fprintln(a.out, "page:", shortest(path))
	if !f.noOpen && !openPage(ctx, path) {
		fmt.Fprintln(a.out, "(there is no browser here: open it in one, it needs nothing else)")
	}
	return nil
}

// viewed makes the run that what names: a file with a trace, or a case. name is for a file.
func (a *app) viewed(ctx context.Context, f *viewFlags, what string) (run view.Run, name string, err error) {
	switch info, err := os.Stat(what); {
	case err == nil && info.Mode().IsRegular():
		run, err := viewTrace(what)
		return run, strings.TrimSuffix(filepath.Base(what), filepath.Ext(what)), err
	case err == nil && !info.IsDir():
		return view.Run{}, "", usage(fmt.Errorf("%s: it is no regular file; view takes a file that replay --trace has written", what))
	}
	if filepath.Ext(what) != "" || filepath.IsAbs(what) { // no case is called so
		return view.Run{}, "", usage(fmt.Errorf("%s: there is no file of that name; replay --trace FILE writes one", what))
	}
	r := &replaying{app: a, flags: &f.replayFlags, forget: func() {}}
	defer func() { r.forget() }()
	if err := r.prepare(ctx, what); err != nil {
		return view.Run{}, "", usage(err)
	}
	name = strings.ReplaceAll(r.kase.ID(), "/", "-") + "-" + strconv.FormatUint(f.seed, 10)
	run, err = r.viewRun(ctx)
	return run, name, err
}

// against makes the second run: like the first, but for the code, the case or all of it.
func (a *app) against(ctx context.Context, f *viewFlags, what string) (view.Run, error) {
	other := *f
	if info, err := os.Stat(f.against); err == nil && info.Mode().IsRegular() {
		return viewTrace(f.against)
	}
	all, err := a.allCases(ctx)
	if err != nil {
		return view.Run{}, usage(err)
	}
	if cases, err := suite.Select(all, []string{f.against}); err == nil && len(cases) == 1 {
		what = f.against
	} else if _, err := os.Stat(f.against); err != nil && f.against != suite.Reference && f.against != suite.EtcdRaft {
		return view.Run{}, usage(fmt.Errorf("--against %s: there is no such case, directory or file; give another case, a directory with code, %q, or a file that replay --trace has written", f.against, suite.Reference))
	} else {
		other.impl = f.against
	}
	run, _, err := a.viewed(ctx, &other, what)
	if other.impl != f.impl {
		run.Code = other.impl
	}
	return run, err
}

// viewTrace reads a run from a file. What is not in a trace, such as the case's name, is not known.
func viewTrace(file string) (view.Run, error) {
	events, err := readTrace(file)
	if err == nil && !slices.ContainsFunc(events, func(e record.Event) bool { return e.Kind != "" }) {
		err = errors.New("there is no event in it")
	}
	if err != nil {
		if text, failed := os.ReadFile(file); failed == nil && strings.Contains(string(text), "\n") {
			if s, failed := scenario.Parse(string(text)); failed == nil && s.String() != "" {
				return view.Run{}, usage(fmt.Errorf("%s: it is a scenario: view %s --seed %d --scenario %[1]s", file, cmp.Or(s.Case, "CASE"), s.Seed))
			}
		}
		return view.Run{}, usage(fmt.Errorf("%s: %w; view takes a whole file that replay --trace has written: write it once more, or give the case and its seed", file, err))
	}
	run := view.Run{Title: filepath.Base(file), Verdict: "no violation", Events: events}
	if s := deduce.SubjectIn(events); s.Rule != "" {
		run.Failed, run.Verdict = true, s.Rule
	}
	run.History = judged(events)
	return run, nil
}

// viewRun executes the case and takes what there is to see from it.
func (r *replaying) viewRun(ctx context.Context) (view.Run, error) {
	dir, remove, err := sim.TempDir()
	if err != nil {
		return view.Run{}, broken(err)
	}
	defer remove()
	binary, err := r.prepareBinary(ctx)
	if err != nil {
		return view.Run{}, err
	}
	j := r.options.Job(binary, r.kase, r.flags.seed)
	j.Params.Detail, j.Trace, j.Output = true, filepath.Join(dir, "trace"), filepath.Join(dir, "output")
	result, err := r.runOnce(ctx, j)
	if err != nil {
		return view.Run{}, err
	}
	events, err := readTrace(j.Trace)
	if err != nil && result.Verdict.Outcome.Decided() {
		return view.Run{}, broken(err)
	}
	if len(events) == 0 {
		events = result.LastEvents
	}
	told := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: r.kase, Seed: r.flags.seed}, State: suite.Ran, Result: result})
	run := view.Run{
		Title: fmt.Sprintf("%s, seed %d", r.kase.ID(), r.flags.seed), Verdict: "pass", Checks: r.kase.Checks,
		Replay: r.replayOf(r.root, r.code.Given, r.options, r.kase, r.flags.seed), Events: events,
		Rule: told.Rule, Peers: told.Peers, Message: told.Message, Warnings: told.Warnings, History: judged(events), Where: r.code.ShowWhere(r.kase),
	}
	if told.Outcome != record.Pass {
		run.Failed, run.Verdict = told.Outcome.Failed(), suite.Headline(told)
	}
	run.Prints, err = readPrints(j.Output, timeline.Peers(events))
	if err != nil {
		return view.Run{}, broken(err)
	}
	return run, nil
}

func readPrints(path string, peers []int) ([]view.Print, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it printed nothing
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return view.ReadPrints(f, peers)
}

// judged is porcupine's judgement on what the clients of a run saw; nil without clients.
func judged(events []record.Event) *view.History {
	ops, _, err := model.FromTrace(events)
	if err != nil || len(ops) == 0 {
		return nil // there are none, or only the end of the run is known
	}
	v := model.Check(ops, 0)
	h := &view.History{Result: string(v.Result), Key: v.Key, Why: v.Why, Call: -1}
	if v.Op != nil {
		h.Call = v.Op.Call
	}
	if v.Result == model.Illegal {
		h.Order = model.Longest(ops, v.Key)
	}
	return h
}

// openPage opens a file in the browser, if there is one.
func openPage(ctx context.Context, path string) bool {
	full, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	var words []string
	switch runtime.GOOS {
	case "darwin":
		words = []string{"open", full}
	case "windows":
		words = []string{"rundll32", "url.dll,FileProtocolHandler", full}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return false
		}
		words = []string{"xdg-open", full}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return false
	}
	return exec.CommandContext(ctx, words[0], words[1:]...).Run() == nil
}
