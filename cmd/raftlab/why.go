package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
	"raftlab/internal/why"
)

// whyFlags are the flags of `raftlab why`.
type whyFlags struct {
	replayFlags
	budget  time.Duration
	workers int
}

func whyCommand(a *app) *cobra.Command {
	f := &whyFlags{}
	c := &cobra.Command{
		Use:   "why CASE --seed N",
		Short: "Find out when a failure became inevitable",
		Long: `Make the run again and again, up to an instant as it was; from there on, whatever is decided by chance is drawn
anew: the weather, the order of goroutines, timeouts. The share of these runs that still fail, over that instant, is a
curve; where it jumps, something happened that the run did not recover from (docs/shrink.md).`,
		Args: one("the case that fails, such as 2C/Figure8"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			return a.why(c.Context(), f, args[0])
		},
	}
	f.add(c.Flags())
	c.Flags().Uint64Var(&f.seed, "seed", 0, "the seed (required)")
	scenarioFlag(c.Flags(), &f.scenario)
	c.Flags().DurationVar(&f.budget, "budget", 2*time.Minute, "search for so long at most, such as 30s")
	c.Flags().IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	return c
}

func (a *app) why(ctx context.Context, f *whyFlags, selector string) error {
	if f.budget <= 0 {
		return usage(fmt.Errorf("--budget %v: give a time, such as 2m", f.budget))
	}
	began := time.Now()
	m, err := a.newMany(ctx, &f.replayFlags, selector, f.workers)
	if err != nil {
		return err
	}
	defer m.close()
	dir, remove, err := sim.TempDir()
	if err != nil {
		return broken(err)
	}
	defer remove()
	trace := filepath.Join(dir, "trace")
	was := m.run(m.ctx, m.options.Scenario, trace)
	if m.ctx.Err() != nil {
		return exitWith(suite.ExitInterrupted)
	}
	if v := was.Verdict; !v.Outcome.Failed() {
		return &exitError{suite.ExitFailed, fmt.Errorf("%s with seed %d does not fail (%s), so there is nothing to explain", m.kase.ID(), f.seed, v.Outcome)}
	}
	events, err := readTrace(trace)
	if err != nil {
		return broken(err)
	}
	draw := newCurveDrawing(a.err)
	s := &why.Search{Times: timesOf(events, was.Verdict.Time), Workers: m.workers, Progress: draw.show,
		Run: func(ctx context.Context, from time.Duration, salt uint64) why.Outcome {
			return m.anew(ctx, was, from, salt)
		}}
	limited, cancel := m.within(began, f.budget)
	defer cancel()
	curve := s.Curve(limited)
	draw.close()
	if len(curve) == 0 {
		return exitWith(suite.ExitInterrupted)
	}
	if limited.Err() != nil {
		by := fmt.Sprintf("its budget of %v is over (--budget gives it more)", f.budget)
		if m.ctx.Err() != nil {
			by = "it was interrupted"
		}
		fmt.Fprintf(a.err, "raftlab: the search was ended: %s; the curve is as far as it came\n", by)
	}
	return m.tellWhy(was, events, curve)
}

// anew makes the run with new chance from an instant on.
func (m *many) anew(ctx context.Context, was sim.Result, from time.Duration, salt uint64) why.Outcome {
	j := m.options.Job(m.binary, m.kase, m.flags.seed)
	j.Params.Anew, j.Params.Salt = max(from, 1), salt
	v := m.pool.Run(ctx, j).Verdict
	switch {
	case ctx.Err() != nil || !v.Outcome.Decided():
		return why.Nothing
	case v.Outcome == record.Pass:
		return why.Passes
	case v.Outcome == was.Verdict.Outcome && v.Rule == was.Verdict.Rule:
		return why.Fails
	}
	return why.Differs
}

// timesOf are the instants at which something happened, from the beginning to the failure.
func timesOf(events []record.Event, end time.Duration) []time.Duration {
	times := []time.Duration{0}
	for _, e := range events {
		if e.Time > times[len(times)-1] && e.Time < end {
			times = append(times, e.Time)
		}
	}
	return times
}

// tellWhy prints the curve, and what happened where it jumps.
func (m *many) tellWhy(was sim.Result, events []record.Event, curve []why.Point) error {
	out := m.out
	verdict := suite.NewRunResult(suite.Finished{Run: suite.Run{Case: m.kase, Seed: m.flags.seed}, State: suite.Ran, Result: was})
	fmt.Fprintf(out, "%s, seed %d: %s\n\n%-*s  what happens from there on\n", m.kase.ID(), m.flags.seed, suite.Headline(verdict),
		besideCurve, "chance drawn anew from   runs that still fail")
	moments := timeline.Moments(events)
	for i, line := range curveLines(curve) {
		to := was.Verdict.Time
		if i+1 < len(curve) {
			to = curve[i+1].At
		}
		line = strings.TrimRight(fmt.Sprintf("%-*s  %s", besideCurve, line, timeline.Gist(events, moments, curve[i].At, to)), " ")
		fmt.Fprintln(out, timeline.Cut(line, width(out)))
	}
	fmt.Fprintln(out)
	first := curve[0]
	before, after, jumps := why.Jump(curve)
	switch {
	case first.Fails == first.Runs:
		low, _ := first.Interval()
		fmt.Fprintf(out, "It was inevitable from the start: whatever chance decides, this code fails here (%d of %d runs; with 95 %% confidence at least %.0f %%).\n",
			first.Fails, first.Runs, 100*low)
		return nil
	case !jumps:
		fmt.Fprintln(out, "There is no jump that these runs are enough to be sure of: give it a larger --budget, or it comes to this step by step.")
		return nil
	}
	lowBefore, highBefore := before.Interval()
	lowAfter, highAfter := after.Interval()
	fmt.Fprintf(out, "It was lost between %.6f s and %.6f s: of the runs drawn anew from the first on %d of %d fail (95 %% confidence: %.0f to %.0f %%), "+
		"from the second on %d of %d (%.0f to %.0f %%). What happened there:\n\n", before.At.Seconds(), after.At.Seconds(),
		before.Fails, before.Runs, 100*lowBefore, 100*highBefore, after.Fails, after.Runs, 100*lowAfter, 100*highAfter)
	o := timeline.Options{From: before.At, To: after.At, Width: width(out), Unwrapped: !isTerminal(out)}
	if err := timeline.Print(out, events, o); err != nil {
		return broken(err)
	}
	again := m.replayOf(m.root, m.code.Given, m.options, m.kase, m.flags.seed)
	fmt.Fprintf(out, "\nmore: %s --around %v\n", again, after.At.Round(time.Millisecond))
	return nil
}

// besideCurve is the column at which stands what happened, behind "64 %  20 of 32".
const besideCurve = 71

// curveLines draw a curve, a line for each point.
func curveLines(curve []why.Point) []string {
	const wide = 30
	var lines []string
	for _, p := range curve {
		full := int(p.Share()*wide + 0.5)
		line := fmt.Sprintf("%19.6f s   %s%s %3.0f %%  %d of %d", p.At.Seconds(), strings.Repeat("#", full), strings.Repeat(".", wide-full),
			100*p.Share(), p.Fails, p.Runs)
		if p.Others > 0 {
			line += fmt.Sprintf(", %d otherwise", p.Others)
		}
		lines = append(lines, line)
	}
	return lines
}

// curveDrawing is a curve that grows on a terminal; elsewhere there is a line now and then.
type curveDrawing struct {
	*status
	drawn []string
	w     io.Writer
}

func newCurveDrawing(w io.Writer) *curveDrawing { return &curveDrawing{status: newStatus(w), w: w} }

func (d *curveDrawing) show(curve []why.Point) {
	if !d.terminal {
		runs := 0
		for _, p := range curve {
			runs += p.Runs
		}
		d.status.show("%d points after %d runs", len(curve), runs)
		return
	}
	lines := curveLines(curve)
	if slices.Equal(lines, d.drawn) {
		return
	}
	d.clear()
	fmt.Fprint(file(d.w), strings.Join(lines, "\n")+"\n")
	d.drawn = lines
}

// clear takes the curve off the terminal.
func (d *curveDrawing) clear() {
	if len(d.drawn) > 0 {
		fmt.Fprintf(file(d.w), "\x1b[%dA\x1b[J", len(d.drawn))
	}
	d.drawn = nil
}

func (d *curveDrawing) close() {
	if d.terminal {
		d.clear()
	}
	d.status.close()
}
