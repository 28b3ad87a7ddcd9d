package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/internal/view"
)

// show prints what was asked for, and last how the run ended.
func (r *replaying) show(j sim.Job, binary *sim.Binary, result sim.Result, was *suite.LastRun) error {
	if r.flags.verbose && !r.flags.timeline {
		if err := copyTo(r.out, j.Output); err != nil {
			return broken(err)
		}
	}
	events, err := readTrace(j.Trace)
	if result.Unkept != "" {
		fmt.Fprintln(r.out, "note: what follows is a part of the run:", result.Unkept)
	} else if err != nil && result.Verdict.Outcome.Decided() { // of a run that was killed, the last line may be a part
		return broken(err)
	}
	if err := r.known(events); err != nil {
		return usage(err)
	}
	if r.flags.timeline {
		shown := events
		if r.flags.verbose {
			prints, err := readPrints(j.Output, timeline.Peers(events))
			if err != nil {
				return broken(err)
			}
			shown, _ = view.WithPrints(events, prints)
		}
		o := timeline.Options{Peers: r.peers, From: r.flags.from, To: r.flags.to, Width: width(r.out),
			Unwrapped: !isTerminal(r.out), Choice: r.chosen}
		if err := timeline.Print(r.out, shown, o); err != nil {
			return broken(err)
		}
		fmt.Fprintln(r.out)
	}
	r.verdict(events, result)
	r.identity(binary, result, was)
	switch {
	case r.untraced != nil:
		return broken(r.untraced)
	case result.Verdict.Outcome == record.Pass:
		return nil
	}
	if !result.Verdict.Outcome.Failed() {
		return exitWith(suite.ExitFramework)
	}
	return exitWith(suite.ExitFailed)
}

// known says which of the columns that were asked for nobody stands in.
func (r *replaying) known(events []record.Event) error {
	there := timeline.Peers(events)
	if len(there) == 0 {
		return nil // the run ended before it began, and that is what it says
	}
	for _, p := range r.peers {
		if !slices.Contains(there, p) {
			var names []string
			for _, q := range there {
				names = append(names, timeline.Name(q))
			}
			return fmt.Errorf("--peers %s: nobody in this run is called %s; there are %s", r.flags.peers, timeline.Name(p), strings.Join(names, ","))
		}
	}
	return nil
}

// verdict prints how the run ended.
func (r *replaying) verdict(events []record.Event, result sim.Result) {
	finished := suite.Finished{Run: suite.Run{Case: r.kase, Seed: r.flags.seed}, State: suite.Ran, Result: result}
	run := suite.NewRunResult(finished)
	run.Replay = r.replayOf(r.root, r.code.Given, r.options, r.kase, r.flags.seed)
	if run.Outcome == record.Pass {
		fmt.Fprintf(r.out, "pass %s, seed %d: %.3f s of virtual time, %d RPCs\n", r.kase.ID(), r.flags.seed, result.Virtual.Seconds(), run.RPCs)
	} else {
		failure := suite.Failure{Case: r.kase, Run: run, ToDos: suite.ToDosOf(r.code.ToDos(), r.kase.Own().Part),
			Packages: r.code.Packages(r.kase), Show: r.code.Show, Width: width(r.out)}
		if !r.flags.timeline {
			failure.Events = events
			if len(events) == 0 {
				failure.Events = result.LastEvents
			}
		}
		if state, err := suite.OpenState(r.root.Dir); err == nil {
			failure.Picture = r.drawHistory(state, r.kase, r.flags.seed, run.Rule, events)
		}
		lines := failure.Lines()
		fmt.Fprintln(r.out, strings.Join(lines[:len(lines)-1], "\n")) // this is the replay
		if !r.flags.timeline && !r.flags.verbose {
			fmt.Fprintln(r.out, "  more: `view` instead of `replay` shows it in the browser; --brief or --timeline, -v for what the peers print")
		}
	}
	for _, n := range record.Unchecked(run.NotChecked, run.Why) {
		fmt.Fprintln(r.out, "not checked:", n)
	}
	for _, n := range folded(append(run.Warnings, run.Notes...)) {
		fmt.Fprintln(r.out, "warning:", n)
	}
}

// folded are texts without those that repeat; how often they did stands behind them.
func folded(all []string) []string {
	count := map[string]int{}
	var once []string
	for _, s := range all {
		if count[s]++; count[s] == 1 {
			once = append(once, s)
		}
	}
	for i, s := range once {
		if count[s] > 1 {
			once[i] += fmt.Sprintf(" (%d times)", count[s])
		}
	}
	return once
}

// identity prints which run this was.
func (r *replaying) identity(binary *sim.Binary, result sim.Result, was *suite.LastRun) {
	run := fmt.Sprintf("run %s seed %d, build %s, %s, overlay %s", r.kase.ID(), r.flags.seed, short(binary.ID), binary.GoVersion, binary.Overlay)
	if result.Hash == "" {
		fmt.Fprintf(r.out, "%s: it did not come to its end, so it cannot be compared with an earlier one\n", run)
		return
	}
	fmt.Fprintf(r.out, "%s, trace hash %s\n", run, short(result.Hash))
	if was != nil {
		switch {
		case was.Hash == result.Hash:
			fmt.Fprintln(r.out, "the same run as the one that failed: same trace hash")
		case was.Hash == "":
			fmt.Fprintln(r.out, "the earlier run did not come to its end, so this one cannot be compared with it")
		case was.Source == binary.Source && was.GoVersion == binary.GoVersion && was.Overlay == binary.Overlay && sameOptions(was.Options, r.options) && was.Build != binary.ID:
			fmt.Fprintf(r.out, "not the run that failed (trace hash %s), although only the engine is another one: "+
				"please report this as a fault of raftlab, and take --engine wasm\n", short(was.Hash))
		case was.Build == binary.ID && sameOptions(was.Options, r.options):
			fmt.Fprintln(r.out, "not the run that failed: "+hashesDiffer(was.Hash, result.Hash, result.GCs))
		default:
			fmt.Fprintf(r.out, "not the run that failed (trace hash %s): the code, the Go release, the edits of its runtime or the flags are others\n", short(was.Hash))
		}
	}
	if result.GCs > 0 {
		fmt.Fprintf(r.out, "warning: %d garbage collections took place; they can change the order of goroutines when anything else changes. "+
			"A larger --memory avoids them\n", result.GCs)
	}
	for _, n := range append(slices.Clone(binary.Notes), r.where.note) {
		fmt.Fprintln(r.out, "note:", n)
	}
	if r.flags.trace != "" && r.untraced == nil {
		fmt.Fprintln(r.out, "trace:", r.flags.trace)
	}
}

func sameOptions(a, b suite.Options) bool {
	return a.Strict == b.Strict && a.Contract == b.Contract && slices.Equal(a.With, b.With) && a.MemoryLimit == b.MemoryLimit && strings.Join(a.Env, "\x00") == strings.Join(b.Env, "\x00")
}

// copyTo copies what a run has written to a file, which is not there if it has written nothing.
func copyTo(w io.Writer, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// keepTrace writes the events of a run to where --trace wants them, which may be a pipe or a device.
func (r *replaying) keepTrace(events string, result sim.Result) {
	to := r.flags.trace
	if to == "" {
		return
	}
	err := copyFile(to, events)
	if err == nil && result.Unkept != "" {
		err = errors.New(result.Unkept)
	}
	if err != nil {
		r.untraced = fmt.Errorf("--trace %s: not all events could be written: %w; name another file", to, err)
	}
}

// copyFile is copyTo another file, which it makes if it is not there.
func copyFile(to, from string) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(copyTo(out, from), out.Close())
}

func readTrace(path string) ([]record.Event, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // the run ended before it began
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return timeline.Read(f)
}
