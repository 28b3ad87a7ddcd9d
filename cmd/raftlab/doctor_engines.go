package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"raftlab/internal/course"
	"raftlab/internal/engines"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

// enginesFlags are the flags of `raftlab doctor --engines`.
type enginesFlags struct {
	engines bool
	full    bool
	seeds   string
	workers int
}

func (f *enginesFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.engines, "engines", false, "compare the native engine with the wasm engine")
	flags.BoolVar(&f.full, "full", false, "with --engines: every case, with this tree's code and, in a checkout, etcd's library, all variants and mutants")
	flags.StringVar(&f.seeds, "seeds", "", "with --engines: seeds, such as 1-20 (default 1, with --full 1-20)")
	flags.IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
}

// args says what is wrong with the command line.
func (f *enginesFlags) args(c *cobra.Command, args []string) error {
	if !f.engines && (f.full || f.seeds != "" || c.Flags().Changed("jobs")) {
		return errors.New("doctor takes --full, --seeds and -j together with --engines only")
	}
	if !f.engines && len(args) > 0 {
		return fmt.Errorf("%w; with --engines it takes cases", none(c, args))
	}
	return atLeastOne(c.Flags(), f.workers)
}

// sampleTime is how long a sample goes on building, so that it takes a minute at most on an idle
// machine.
const sampleTime = 30 * time.Second

// enginesRun is one `raftlab doctor --engines` under way.
type enginesRun struct {
	*app
	flags *enginesFlags
	root  course.Root
	cases []suite.Case
	seeds []uint64
	names []string // selectors that are no cases: of peers

	sampled bool // nothing was selected: the usual sample is made
}

// enginePeers are further sources of pairs for a full comparison; those of checkouts are in a file
// of theirs.
var enginePeers []func(ctx context.Context, e *enginesRun) ([]engines.Pair, error)

func (a *app) compareEngines(ctx context.Context, f *enginesFlags, args []string) error {
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	here, err := sim.FindEngines(ctx, root.Dir)
	if err != nil {
		return broken(err)
	}
	fmt.Fprintf(a.out, "%s, overlay %s\n", here.GoVersion, here.Overlay)
	if here.Problem != "" {
		fmt.Fprintf(a.out, "there is nothing to compare, and everything runs in the wasm engine: %s\n", here.Problem)
		return nil
	}
	e := &enginesRun{app: a, flags: f, root: root}
	if f.workers == 0 {
		f.workers = sim.DefaultWorkers()
	}
	began := time.Now()
	var results []engines.Result
	if e.sampled = !f.full && f.seeds == "" && len(args) == 0; e.sampled {
		results, err = e.sample(ctx)
	} else {
		results, err = e.full(ctx, args)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	return e.finish(ctx, here, results, time.Since(began))
}

// finish prints the table and remembers what was found.
func (e *enginesRun) finish(ctx context.Context, here sim.Engines, results []engines.Result, wall time.Duration) error {
	if err := engines.WriteTable(e.out, results); err != nil {
		return broken(err)
	}
	c := engines.Conclude(here, results)
	if ctx.Err() != nil && c.Differs == "" {
		fmt.Fprintln(e.err, "raftlab: interrupted; the same command goes on from here")
		return exitWith(suite.ExitInterrupted)
	}
	known := sim.RecallEngines(here)
	switch {
	case c.Differs != "":
		if err := sim.RememberEngines(c); err != nil {
			return broken(err)
		}
		fmt.Fprintln(e.out, "the engines make different runs: from now on everything runs in the wasm engine. Please report this as a fault of raftlab")
		return exitWith(suite.ExitFailed)
	case c.Runs == 0:
		return broken(errors.New("no run came to its end in both engines, so they were not compared; try again on a machine that is less busy"))
	case e.sampled || e.flags.full:
		if known != nil && known.Differs == "" {
			c.Runs = max(c.Runs, known.Runs)
		}
		if err := sim.RememberEngines(c); err != nil {
			return broken(err)
		}
		fmt.Fprintf(e.out, "each run was the same in both engines: this tree's own code runs natively from now on (%.0f s)\n", wall.Seconds())
	default:
		fmt.Fprintf(e.out, "each of these runs was the same in both engines (%.0f s)\n", wall.Seconds())
	}
	return nil
}

// own is the tree's own code.
func (e *enginesRun) own() (suite.Code, engines.Code, error) {
	code, err := suite.FindCode(e.root.Dir, e.root.Course, "", packages())
	name := code.Given
	if name == "." {
		name = "this tree"
	}
	return code, engines.Code{Name: name, Build: code.Build}, err
}

func (e *enginesRun) sample(ctx context.Context) ([]engines.Result, error) {
	code, own, err := e.own()
	s := engines.Sampling{Framework: e.root.Dir, Cases: suite.Cases(labs.All()), Workers: e.flags.workers, Time: sampleTime, Building: e.building,
		Has: func(c suite.Case) bool { return code.Has(c) == nil }}
	if err == nil { // a course tree may have no code yet
		s.Own = []engines.Code{own}
	}
	results, notes, err := s.Sample(ctx)
	for _, n := range notes {
		fmt.Fprintln(e.out, "note:", n)
	}
	return results, broken(err)
}

func (e *enginesRun) building(what string) { fmt.Fprintln(e.err, what) }

// full compares everything that the command line names.
func (e *enginesRun) full(ctx context.Context, args []string) ([]engines.Result, error) {
	if e.flags.seeds == "" {
		e.flags.seeds = suite.DefaultSeeds
		if e.flags.full {
			e.flags.seeds = "1-20"
		}
	}
	var err error
	if e.seeds, err = suite.ParseSeeds(e.flags.seeds); err != nil {
		return nil, usage(fmt.Errorf("--%w", err))
	}
	if e.names, err = e.selected(args); err != nil {
		return nil, usage(err)
	}
	pairs, err := e.pairs(ctx)
	if err != nil {
		return nil, broken(err)
	}
	if len(pairs) == 0 {
		return nil, usage(errors.New("none of the selected cases concerns any of the selected peers"))
	}
	state, err := suite.OpenState(e.root.Dir)
	if err != nil {
		return nil, broken(err)
	}
	log, err := engines.OpenLog(filepath.Join(state.Dir(), "engines.jsonl"))
	if err != nil {
		return nil, broken(err)
	}
	pool, err := sim.NewPool(e.flags.workers)
	if err != nil {
		return nil, broken(errors.Join(err, log.Close()))
	}
	defer pool.Close()
	results := engines.Compare(ctx, pool, e.flags.workers, pairs, log, e.progress())
	if n := log.Found(); n > 0 {
		fmt.Fprintf(e.out, "%d of %d runs were compared before\n", n, len(results))
	}
	return results, broken(log.Close())
}

// selected sorts the command line's words into cases and names of peers.
func (e *enginesRun) selected(args []string) (names []string, err error) {
	var words []string
	for _, arg := range args {
		if _, err := suite.Select(suite.Cases(labs.All()), []string{arg}); err == nil {
			words = append(words, arg)
		} else if names = append(names, arg); !e.flags.full || len(enginePeers) == 0 {
			return nil, fmt.Errorf("%w; peers by name need --full", err)
		}
	}
	e.cases, err = suite.Select(suite.Cases(labs.All()), words)
	return names, err
}

// pairs builds all that is compared: first this tree's own code, and with --full what else there
// is.
func (e *enginesRun) pairs(ctx context.Context) (all []engines.Pair, err error) {
	if len(e.names) == 0 {
		code, own, err := e.own()
		if err != nil {
			return nil, err
		}
		var cases []suite.Case
		for _, c := range e.cases {
			if code.Has(c) == nil {
				cases = append(cases, c)
			}
		}
		if all, err = own.Pairs(ctx, cases, e.seeds, e.building); err != nil {
			return nil, err
		}
	}
	for _, more := range enginePeers {
		if !e.flags.full {
			break
		}
		pairs, err := more(ctx, e)
		if err != nil {
			return nil, err
		}
		all = append(all, pairs...)
	}
	return all, nil
}

// progress says now and then how far the comparison has come.
func (e *enginesRun) progress() func(engines.Progress) {
	last := time.Now()
	return func(p engines.Progress) {
		if time.Since(last) < 10*time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(e.err, "%d of %d runs compared, %d of them different\n", p.Done, p.Total, p.Different)
	}
}
