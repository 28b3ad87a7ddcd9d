//raftlab:checkout-only (a course tree has no mutants)

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/contract"
	"raftlab/internal/course"
	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

func init() { commands = append(commands, mutantsCommand) }

// mutantsFlags are the flags of `raftlab mutants`.
type mutantsFlags struct {
	seeds    string
	matrix   bool
	variants bool
	noOrder  bool
	noYield  bool
	where    engineFlags
	native   bool // of before there was --engine
	confirm  bool
	remember bool
	contract string
	workers  int
	json     string
	resume   string
	write    string
	upkeep   upkeep
}

func mutantsCommand(a *app) *cobra.Command {
	f := &mutantsFlags{}
	c := &cobra.Command{
		Use:   "mutants [SEL...]",
		Short: "Run the cases on peers that are wrong on purpose, and on right ones in other styles",
		Long: `Run the cases on the curated wrong peers of mutants/, each of which has to die for a reason that it names,
or with --variants on the reference and the right peers of variants/, which have to pass. SEL is the name of
a peer, a pattern of names (snapshot-*), or a lab, part or case as for the other commands.

A mutant is hunted with the cases of the parts that it names, until the first expected death. --matrix
finds out for every case whether it kills. A long hunt is interrupted with Ctrl-C, and goes on where it
was with the same --resume file. The tree is not touched: patches reach the compiler through an overlay.

--check runs nothing: it lists, in seconds, every patch of mutants/ and variants/ that does not apply to the tree or
does not compile. --rebase carries those patches over: by a merge of what the patch meant where it last applied,
found in the history of git, with the tree as it is now. What the merge cannot decide is left in .raftlab/rebase.

Exit code: 0 every mutant was killed, or every variant passed; 1 not so; 2 usage; 3 the framework failed
(a patch does not apply any more, say); 130 interrupted.`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := atLeastOne(c.Flags(), f.workers); err != nil {
				return usage(err)
			}
			if f.upkeep != (upkeep{}) {
				return a.patches(c.Context(), f.upkeep, args)
			}
			if f.native && f.where.engine == "" {
				f.where.engine = suite.NativeEngine
			}
			if f.confirm && f.where.engine == suite.WasmEngine {
				return usage(errors.New("--confirm --engine wasm: --confirm repeats in the wasm engine what ran in the native one; leave one of the two out"))
			}
			return a.mutants(c.Context(), f, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.seeds, "seeds", "1-20", "seeds: 7, 1-20, or 3,9,40")
	flags.BoolVar(&f.matrix, "matrix", false, "find all cases that kill a mutant, not only the first")
	flags.BoolVar(&f.variants, "variants", false, "run the reference and the variants instead of the mutants")
	flags.BoolVar(&f.noOrder, "no-order", false, "leave goroutines in the order in which they became ready, to measure what varying it finds")
	flags.BoolVar(&f.noYield, "no-yield", false, "interrupt no goroutine where it synchronizes, to measure what that finds (seeds that 4 divides)")
	flags.StringVar(&f.where.engine, "engine", "", engineUsage)
	flags.BoolVar(&f.native, "native", false, "as --engine native")
	flags.MarkHidden("native")
	flags.BoolVar(&f.confirm, "confirm", false, "repeat in the wasm engine each kill that ran natively, and compare verdict and trace hash")
	flags.BoolVar(&f.remember, "remember", false, "write down where each mutant died (mutants/kills.json): these runs come first the next time")
	contractFlag(flags, &f.contract)
	flags.IntVarP(&f.workers, "jobs", "j", 0, "runs at once (default: from processors and memory)")
	flags.StringVar(&f.json, "json", "", "write results to this `file` as JSON")
	flags.StringVar(&f.resume, "resume", "", "keep results in this `file`, and do not repeat those that are in it")
	flags.StringVar(&f.write, "write", "", "write the package of the one selected peer to this `directory`, for replay --impl, and run nothing")
	flags.BoolVar(&f.upkeep.check, "check", false, "run nothing, and list all patches that do not apply or do not compile")
	flags.BoolVar(&f.upkeep.rebase, "rebase", false, "run nothing, and carry over patches that do not apply any more")
	for _, other := range []string{"seeds", "matrix", "variants", "no-order", "native", "confirm", "remember", "json", "resume", "write", "jobs"} {
		c.MarkFlagsMutuallyExclusive("check", other)
		c.MarkFlagsMutuallyExclusive("rebase", other)
	}
	c.MarkFlagsMutuallyExclusive("check", "rebase")
	c.MarkFlagsMutuallyExclusive("remember", "variants")
	return c
}

// hunting is one `raftlab mutants` under way.
type hunting struct {
	*app
	flags  *mutantsFlags
	root   course.Root
	all    []mutation.Subject // also those that are not selected
	state  *suite.State
	hunt   mutation.Hunt
	report mutation.Report
}

func (a *app) mutants(ctx context.Context, f *mutantsFlags, selectors []string) error {
	h := &hunting{app: a, flags: f}
	if err := h.prepare(selectors); err != nil {
		return err
	}
	if f.write != "" {
		return h.writeOne()
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := h.run(ctx); err != nil {
		if ctx.Err() != nil {
			return exitWith(suite.ExitInterrupted)
		}
		return broken(err)
	}
	return h.finish()
}

// prepare finds out what is to run.
func (h *hunting) prepare(selectors []string) error {
	root, err := h.app.root()
	if err != nil {
		return usage(err)
	}
	h.root = root
	kind := mutation.Mutant
	if h.flags.variants {
		kind = mutation.Variant
	}
	subjects, err := mutation.Load(root.Dir, kind)
	if err != nil {
		return usage(err)
	}
	h.all = subjects
	subjects, rest := mutation.Choose(subjects, selectors)
	cases := suite.Cases(labs.All()) // those on request, too: mutants name the parts that they want
	if len(rest) > 0 {
		if cases, err = suite.Select(cases, rest); err != nil {
			return usage(fmt.Errorf("%w; nor is it the name of a %s", err, kind))
		}
	}
	if _, err := contract.Of(h.flags.contract); err != nil {
		return usage(fmt.Errorf("--contract %s: %w", h.flags.contract, err))
	}
	seeds, err := suite.ParseSeeds(h.flags.seeds)
	if err != nil {
		return usage(fmt.Errorf("--%w", err))
	}
	if sameFile(h.flags.json, h.flags.resume) {
		return usage(fmt.Errorf("--json %s --resume %s: both would be written to one file; give each its own", h.flags.json, h.flags.resume))
	}
	for flag, path := range map[string]string{"json": h.flags.json, "resume": h.flags.resume} {
		if err := writable(flag, path); err != nil {
			return usage(err)
		}
	}
	if err := h.flags.where.choose(h.app, &suite.Options{}, suite.Code{}); err != nil {
		return usage(err)
	}
	if h.state, err = suite.OpenState(root.Dir); err != nil {
		return broken(err)
	}
	if h.flags.workers <= 0 {
		h.flags.workers = sim.DefaultWorkers()
	}
	h.hunt = mutation.Hunt{Subjects: subjects, Cases: cases, Selected: len(rest) > 0, Seeds: seeds, Matrix: h.flags.matrix,
		Contract: h.flags.contract, Workers: h.flags.workers, Costs: h.state.Costs()}
	h.report = mutation.Report{Schema: mutation.Schema, Started: time.Now().UTC(), Seeds: suite.FormatSeeds(seeds),
		Matrix: h.flags.matrix, NoOrder: h.flags.noOrder, NoYield: h.flags.noYield, Contract: h.flags.contract, Workers: h.flags.workers}
	if h.hunt.Kills, err = mutation.ReadKills(root.Dir); err != nil {
		return usage(err)
	}
	return h.leaveOut()
}

// leaveOut drops the peers that none of the cases concerns, and says so.
func (h *hunting) leaveOut() error {
	all := len(h.hunt.Subjects)
	h.hunt.Subjects = slices.DeleteFunc(h.hunt.Subjects, func(s mutation.Subject) bool { return !h.hunt.Concerns(s) })
	switch left := len(h.hunt.Subjects); {
	case left == 0:
		return usage(fmt.Errorf("none of the %d selected cases concerns any of the %d selected peers; `%s mutants NAME` alone runs the cases that a peer is meant for",
			len(h.hunt.Cases), all, program()))
	case left < all:
		fmt.Fprintf(h.err, "left out: %s of %d, because none of the selected cases concerns them\n", suite.Plural(all-left, "peer"), all)
	}
	return nil
}

// writeOne writes the code of the selected peer.
func (h *hunting) writeOne() error {
	if n := len(h.hunt.Subjects); n != 1 {
		return usage(fmt.Errorf("--write takes one peer; %d are selected", n))
	}
	if err := mutation.Write(h.root.Dir, h.hunt.Subjects[0], h.flags.write); err != nil {
		return broken(err)
	}
	words := []string{program(), "test"}
	if p := h.hunt.Subjects[0].Patch; p != nil {
		words = append(words, p.Header.Parts...) // where it is to show, or all that it is for
		if p.Header.Runner == patch.Strict {
			words = append(words, "--strict")
		}
		if p.Header.Contract != "" {
			words = append(words, "--contract", p.Header.Contract)
		}
	}
	fmt.Fprintf(h.out, "wrote %s; run it with: %s --impl %s\n", h.hunt.Subjects[0].Name, strings.Join(words, " "), quote(h.flags.write))
	return nil
}

// run builds and hunts. Its error is the framework's.
func (h *hunting) run(ctx context.Context) error {
	began := time.Now()
	others, raced := mutation.Runners(h.hunt.Subjects)
	var err error
	where := h.flags.where.settle(ctx, h.app, h.root.Dir, suite.Code{}, func(what string) { fmt.Fprintln(h.err, what) })
	if h.hunt.Binaries, err = h.build(ctx, others, where.native); err != nil {
		return err
	}
	h.report.Native, h.report.Notes = where.native, append(h.report.Notes, where.note)
	pool, err := sim.NewPool(h.flags.workers)
	if err != nil {
		return fmt.Errorf("starting the engine: %w", err)
	}
	defer pool.Close()
	h.hunt.Engine = mutation.NewEngines(h.hunt.Subjects, pool, mutation.NewRaced(h.root.Dir, raced, pool))
	if h.flags.resume != "" {
		log, err := mutation.OpenLog(h.flags.resume, h.report.Build, h.hunt.Engine)
		if err != nil {
			return err
		}
		defer func() {
			if err := log.Close(); err != nil {
				h.report.Notes = append(h.report.Notes, err.Error())
			}
		}()
		if n := log.Known(); n > 0 {
			fmt.Fprintf(h.err, "known from %s: %s\n", h.flags.resume, suite.Plural(n, "run"))
		}
		h.hunt.Engine = log
	}
	display := huntDisplay{newStatus(h.err)}
	h.hunt.Progress = display.show
	h.report.Subjects = h.hunt.Run(ctx)
	display.close()
	if h.flags.confirm && where.native && ctx.Err() == nil {
		if err := h.confirm(ctx, others, pool); err != nil {
			return err
		}
	}
	h.report.Interrupted, h.report.Wall = ctx.Err() != nil, time.Since(began).Seconds()
	return h.remember()
}

// remember compares where mutants died with where they did before, and with --remember writes it
// down.
func (h *hunting) remember() error {
	asUsual := !h.flags.remember && !h.flags.noOrder && !h.flags.noYield
	if stale := h.hunt.Stale(h.report.Subjects); len(stale) > 0 && asUsual {
		h.report.Notes = append(h.report.Notes, fmt.Sprintf("%s died in another run than the one that mutants/kills.json remembers, which "+
			"cost time and nothing else (%s): `%s mutants --remember` writes it anew", suite.Plural(len(stale), "mutant"), strings.Join(stale, ", "), program()))
	}
	if !h.flags.remember {
		return nil
	}
	h.hunt.Kills.Learn(h.report.Subjects, h.all)
	return h.hunt.Kills.Write(h.root.Dir)
}

// confirm repeats in the wasm engine what has killed in the native one.
func (h *hunting) confirm(ctx context.Context, subjects []mutation.Subject, pool *sim.Pool) error {
	binaries, err := h.build(ctx, subjects, false)
	if err != nil {
		return err
	}
	n := h.hunt.Confirm(ctx, h.report.Subjects, binaries, pool)
	h.report.Notes = append(h.report.Notes, fmt.Sprintf("%d kills of the native engine were repeated in the wasm engine, and compared by verdict and trace hash", n))
	return nil
}

// build makes a test binary of the peers and one of the services, as far as there are any, and
// cases for them. It returns them by the package of the cases.
func (h *hunting) build(ctx context.Context, subjects []mutation.Subject, native bool) (map[string]*sim.Binary, error) {
	binaries := map[string]*sim.Binary{}
	for _, kind := range []struct{ what, pkg string }{
		{"peer", mutation.PeerPackage},
		{"single server", mutation.SinglePackage},
		{"service", mutation.ServicePackage},
		{"sharded service", mutation.ShardedPackage},
	} {
		own := mutation.Of(subjects, kind.pkg)
		if len(own) == 0 || !slices.ContainsFunc(h.hunt.Cases, func(c suite.Case) bool { return c.Package == kind.pkg }) {
			continue
		}
		edits, err := mutation.Together(h.root.Dir, kind.pkg, own)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(h.err, "building %s into one test binary\n", suite.Plural(len(own), kind.what))
		build := sim.Build{Framework: h.root.Dir, Package: kind.pkg, Edits: edits, NoOrder: h.flags.noOrder, NoYield: h.flags.noYield, Native: native}
		b, err := build.Binary(ctx, func(what string) { fmt.Fprintln(h.err, what) })
		if err != nil {
			return nil, err
		}
		binaries[kind.pkg] = b
		if h.report.Build != "" {
			h.report.Build += "+"
		}
		h.report.Build += b.ID
		h.report.GoVersion, h.report.Notes = b.GoVersion, append(h.report.Notes, b.Notes...)
	}
	return binaries, nil
}

// finish prints the results and writes the file.
func (h *hunting) finish() error {
	if err := mutation.WriteTable(h.out, &h.report, screen(h.out)); err != nil {
		return broken(err)
	}
	fmt.Fprintf(h.out, "seeds %s, %s, %.0f s\n", h.report.Seeds, suite.Plural(h.report.Workers, "worker"), h.report.Wall)
	if h.report.Interrupted {
		fmt.Fprintln(h.err, "raftlab: interrupted; the results above are those of the runs that had ended")
	}
	if h.flags.json != "" {
		file, err := os.Create(filepath.Clean(h.flags.json))
		if err != nil {
			return broken(err)
		}
		if err := errors.Join(h.report.WriteJSON(file), file.Close()); err != nil {
			return broken(err)
		}
	}
	return exitWith(h.report.ExitCode())
}

// huntDisplay shows how far a hunt has come.
type huntDisplay struct{ *status }

func (d huntDisplay) show(s mutation.Standing) {
	text := fmt.Sprintf("%d of %d peers decided, %d of at most %d runs", s.Decided, s.Subjects, s.Runs, s.Most)
	if s.Last.Result.Verdict.Outcome != record.Pass {
		text += ", last: " + s.Last.Group + ": " + string(s.Last.Result.Verdict.Outcome) + " " + s.Last.Result.Verdict.Rule
	}
	d.status.show("%s", text)
}
