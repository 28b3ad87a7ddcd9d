package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/course"
	"raftlab/internal/hidden"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/timeline"
)

// replayFlags are the flags of `raftlab replay`.
type replayFlags struct {
	runFlags
	seed     uint64
	code     string
	salt     string
	verbose  bool
	timeline bool
	peers    string
	from, to time.Duration
	choose   chooseFlags
	trace    string
	debug    bool
	listen   string
	blocks   bool // the code under test notes which of its blocks run
}

func replayCommand(a *app) *cobra.Command {
	f := &replayFlags{}
	c := &cobra.Command{
		Use:   "replay CASE --seed N",
		Short: "Run one case with one seed again: output, timeline, trace",
		Long: `Run one case with one seed. The same code does the same thing every time, whatever is printed or
traced. If this very run failed earlier, replay says whether it is the same run again, and warns if the
code or the Go release has changed since.`,
		Args: one("the case that is to run, such as 2A/InitialElection"),
		RunE: func(c *cobra.Command, args []string) error { return a.replay(c.Context(), f, args[0]) },
	}
	f.add(c.Flags())
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	c.Flags().Uint64Var(&f.seed, "seed", 0, "the seed (required)")
	c.Flags().StringVar(&f.code, "code", "", "the `code` of a run with a hidden seed, instead of --seed; needs --salt")
	c.Flags().StringVar(&f.salt, "salt", "", "the `file` with the secret that hidden seeds were derived from")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show what the code under test prints, with virtual times; in a timeline each line stands with its peer")
	c.Flags().BoolVar(&f.timeline, "timeline", false, "show the events, in one column per peer")
	c.Flags().StringVar(&f.peers, "peers", "", "only these peers and clients in the timeline, such as 0,2 or 1,c0")
	c.Flags().DurationVar(&f.from, "from", 0, "begin the timeline at this virtual time, such as 3s")
	c.Flags().DurationVar(&f.to, "to", 0, "end the timeline at this virtual time, such as 5s")
	f.choose.add(c.Flags())
	scenarioFlag(c.Flags(), &f.scenario)
	c.Flags().BoolVar(&f.debug, "debug", false, "run it under the debugger Delve, in which time stands still while you look (docs/debugger.md)")
	c.Flags().StringVar(&f.listen, "listen", "", "with --debug: wait for an editor at this `address`, such as 127.0.0.1:2345, instead of a session here")
	c.Flags().StringVar(&f.trace, "trace", "", "write all events to this `file`, as JSON lines (docs/trace.md)")
	return c
}

// replaying is one `raftlab replay` under way.
type replaying struct {
	*app
	flags   *replayFlags
	root    course.Root
	code    suite.Code
	forget  func() // removes code that was adopted
	options suite.Options
	kase    suite.Case
	peers   []int
	chosen  timeline.Selection
	where   engineChoice
	// untraced is why --trace has not all events.
	untraced error
}

func (a *app) replay(ctx context.Context, f *replayFlags, selector string) error {
	r := &replaying{app: a, flags: f, forget: func() {}}
	defer func() { r.forget() }()
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := r.prepare(ctx, selector); err != nil {
		return usage(err)
	}
	if f.debug {
		return r.debug(ctx, stop)
	}
	dir, remove, err := sim.TempDir()
	if err != nil {
		return broken(err)
	}
	defer remove()

	binary, err := r.prepareBinary(ctx)
	if err != nil {
		return err
	}
	was := r.remembered(binary)
	j := r.options.Job(binary, r.kase, f.seed)
	j.Params.Detail = true // the decoded arguments; changes nothing else
	j.Trace, j.Output = filepath.Join(dir, "trace"), filepath.Join(dir, "output")
	result, err := r.runOnce(ctx, j)
	r.keepTrace(j.Trace, result)
	if err != nil {
		return err
	}
	return r.show(j, binary, result, was)
}

// prepare reads the command line.
func (r *replaying) prepare(ctx context.Context, selector string) (err error) {
	f := r.flags
	if r.root, err = r.app.root(); err != nil {
		return err
	}
	all, err := r.app.allCases(ctx)
	if err != nil {
		return err
	}
	cases, err := suite.Select(all, []string{selector})
	if err != nil {
		return err
	}
	if len(cases) != 1 {
		return fmt.Errorf("%s is %d cases; name one of them, such as %s", selector, len(cases), cases[0].ID())
	}
	r.kase = cases[0]
	if err = f.checkDebug(); err != nil {
		return err
	}
	if err := f.decode(ctx, r.kase); err != nil {
		return err
	}
	if r.options, err = f.options(); err != nil {
		return err
	}
	if err := f.useScenario(ctx, &r.options, r.kase, &f.seed); err != nil {
		return err
	}
	if f.seed == 0 {
		return fmt.Errorf("%s: its seed is missing: --seed N, from 1 up; `test` names the seed of a failure", r.kase.ID())
	}
	r.options.Numbering, r.options.Blocks = r.app.names(), f.blocks
	if r.peers, err = parsePeers(f.peers); err != nil {
		return err
	}
	if f.choose.flags != nil { // view has no timeline
		if r.chosen, err = f.choose.selection(); err != nil {
			return err
		}
		if f.choose.given() {
			f.timeline = true
			f.from, f.to = f.choose.window(f.from, f.to)
		}
	}
	if !f.timeline && (f.peers != "" || f.from != 0 || f.to != 0) {
		f.timeline = true // what else could they be for
	}
	if f.from < 0 || f.to < 0 {
		return fmt.Errorf("--from %v --to %v: virtual time begins at 0; give times from there on", f.from, f.to)
	}
	if f.to != 0 && f.to < f.from {
		return fmt.Errorf("--from %v --to %v: the timeline would end before it begins", f.from, f.to)
	}
	if err := writable("trace", f.trace); err != nil {
		return err
	}
	if r.code, r.forget, err = r.findCode(ctx, r.root, &f.runFlags, &r.options); err != nil {
		return err
	}
	if err := f.where.choose(r.app, &r.options, r.code); err != nil {
		return err
	}
	return r.code.Has(r.kase)
}

// decode finds the seed that a code stands for.
func (f *replayFlags) decode(ctx context.Context, k suite.Case) error {
	switch {
	case f.code == "" && f.salt == "":
		return nil
	case f.code == "" || f.salt == "" || f.seed != 0:
		return errors.New("a hidden seed is given by its code and its secret: --code K3F9-2M7Q --salt FILE, without --seed")
	}
	seeds, err := readSalt(ctx, f.salt, nil)
	if err != nil {
		return err
	}
	if f.seed, err = seeds.Find(k.Own().ID(), f.code); err != nil {
		return fmt.Errorf("--code %s: %w", f.code, err)
	}
	return nil
}

// readSalt returns the hidden seeds of a secret.
func readSalt(ctx context.Context, file string, given []uint64) (hidden.Seeds, error) {
	content, err := readNamed(ctx, file, maxSalt)
	if err == nil {
		var seeds hidden.Seeds
		if seeds, err = hidden.ReadSalt(content, given); err == nil {
			return seeds, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return hidden.Seeds{}, fmt.Errorf("--salt %s: there is no such file; make a secret with `head -c 32 /dev/urandom | base64 > %[1]s`, and keep it", file)
	}
	return hidden.Seeds{}, fmt.Errorf("--salt %s: %w", file, err)
}

// parsePeers reads 0,2,c0. Nothing means all peers and clients.
func parsePeers(s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	var peers []int
	for _, part := range strings.Split(s, ",") {
		n, ok := timeline.Peer(part)
		if !ok {
			return nil, fmt.Errorf("--peers %q: %q is no column of a timeline; give numbers of peers and names of clients with commas between, such as 0,2 or 1,c0", s, part)
		}
		peers = append(peers, n)
	}
	return peers, nil
}

// prepareBinary decides for an engine and builds for it.
func (r *replaying) prepareBinary(ctx context.Context) (*sim.Binary, error) {
	defer slowly(r.err, "building")()
	r.where = r.flags.where.settle(ctx, r.app, r.root.Dir, r.code, r.progress)
	r.options.Native = r.where.native
	binary, err := r.build(ctx)
	if err == nil && r.where.outside(binary) {
		r.options.Native = false
		return r.build(ctx)
	}
	return binary, err
}

// progress tells people what takes long.
func (r *replaying) progress(what string) {
	if isTerminal(r.err) {
		fmt.Fprintln(r.err, what)
	}
}

func (r *replaying) build(ctx context.Context) (*sim.Binary, error) {
	binary, err := buildOf(r.code, r.kase.Package, r.options).Binary(ctx, r.progress)
	if err == nil {
		return binary, nil
	}
	if ctx.Err() != nil {
		return nil, exitWith(suite.ExitInterrupted)
	}
	faults, outcome := r.code.Faults(err)
	if outcome == record.FrameworkError {
		return nil, broken(err)
	}
	fmt.Fprintln(r.out, strings.Join(suite.FaultLines(faults, outcome), "\n"))
	return nil, exitWith(suite.ExitFailed)
}

// remembered returns how this run failed last, and warns if it was another build that did.
func (r *replaying) remembered(binary *sim.Binary) *suite.LastRun {
	state, err := suite.OpenState(r.root.Dir)
	if err != nil || r.options.Scenario != "" {
		return nil // nothing can be remembered, so nothing is; and with a scenario it is another run
	}
	was := state.Find(r.code.Key, r.kase.ID(), r.flags.seed)
	if was == nil || was.Hash == "" { // it came to no end that could be compared
		return nil
	}
	if was.GoVersion != binary.GoVersion {
		fmt.Fprintf(r.err, "warning: this run failed under %s, and this is %s: it may be another run\n", was.GoVersion, binary.GoVersion)
	} else if was.Build != binary.ID && was.Source != binary.Source {
		fmt.Fprintf(r.err, "warning: the code has changed since this run failed (build %s then, %s now): it may be another run\n",
			short(was.Build), short(binary.ID))
	}
	return was
}

func (r *replaying) runOnce(ctx context.Context, j sim.Job) (sim.Result, error) {
	pool, err := sim.NewPool(1)
	if err != nil {
		return sim.Result{}, broken(fmt.Errorf("starting the engine: %w", err))
	}
	defer pool.Close()
	defer slowly(r.err, "making the run")()
	result := pool.Run(ctx, j)
	if ctx.Err() != nil {
		return result, exitWith(suite.ExitInterrupted)
	}
	return result, nil
}
