//raftlab:checkout-only (a course tree has no mutants, no variants, and not etcd's library)

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"raftlab/internal/engines"
	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

func init() { enginePeers = append(enginePeers, etcdPairs, mutationPairs) }

// etcdPairs are those of etcd's library.
func etcdPairs(ctx context.Context, e *enginesRun) ([]engines.Pair, error) {
	if len(e.names) > 0 {
		return nil, nil
	}
	code, err := suite.FindCode(e.root.Dir, e.root.Course, suite.EtcdRaft, packages())
	if err != nil {
		return nil, err
	}
	cases := slices.DeleteFunc(slices.Clone(e.cases), func(c suite.Case) bool { return c.Lab != "lab2" || c.Part > "2D" })
	c := engines.Code{Name: suite.EtcdRaft, Build: code.Build}
	pairs, err := c.Pairs(ctx, cases, e.seeds, e.building)
	for i := range pairs {
		pairs[i].Group = suite.EtcdRaft + ", " + pairs[i].Case.Part
	}
	return pairs, err
}

// mutationPairs are those of the variants and the mutants, each with the cases that concern it.
func mutationPairs(ctx context.Context, e *enginesRun) (all []engines.Pair, err error) {
	for _, kind := range []mutation.Kind{mutation.Variant, mutation.Mutant} {
		subjects, err := mutation.Load(e.root.Dir, kind)
		if err != nil {
			return nil, err
		}
		if len(e.names) > 0 {
			all := len(e.names)
			chosen, others := mutation.Choose(subjects, e.names)
			if len(others) == all { // none of the names is one of these
				continue
			}
			subjects = chosen
		}
		for _, pkg := range mutation.Packages {
			pairs, err := e.bundlePairs(ctx, kind, pkg, mutation.Of(subjects, pkg))
			if err != nil {
				return nil, err
			}
			all = append(all, pairs...)
		}
	}
	return all, nil
}

// bundlePairs are those of the peers that one test binary runs.
func (e *enginesRun) bundlePairs(ctx context.Context, kind mutation.Kind, pkg string, subjects []mutation.Subject) ([]engines.Pair, error) {
	subjects = slices.DeleteFunc(subjects, func(s mutation.Subject) bool { // the reference is compared by itself
		return s.Kind == mutation.Reference || s.Runner() == patch.Race
	})
	cases := slices.DeleteFunc(slices.Clone(e.cases), func(c suite.Case) bool { return c.Package != pkg })
	if len(subjects) == 0 || len(cases) == 0 {
		return nil, nil
	}
	e.building(fmt.Sprintf("building %s into one test binary for each engine", suite.Plural(len(subjects), string(kind))))
	edits, err := mutation.Together(e.root.Dir, pkg, subjects)
	if err != nil {
		return nil, err
	}
	build := sim.Build{Framework: e.root.Dir, Package: pkg, Edits: edits}
	wasm, err := build.Binary(ctx, nil)
	if err != nil {
		return nil, err
	}
	build.Native = true
	native, err := build.Binary(ctx, nil)
	if err != nil {
		return nil, err
	}
	hunt := mutation.Hunt{Subjects: subjects, Cases: cases, Seeds: e.seeds, Workers: e.flags.workers, Binaries: map[string]*sim.Binary{pkg: native}}
	runs := hunt.All()
	if kind == mutation.Mutant {
		if runs, err = e.kills(ctx, &hunt, native.ID); err != nil {
			return nil, err
		}
	}
	var pairs []engines.Pair
	for _, r := range runs {
		p := engines.Pair{Group: fmt.Sprintf("%s %s", kind, r.Subject.Name), Peer: r.Subject.Name, Case: r.Case, Seed: r.Seed, Native: r.Job, Wasm: r.Job}
		p.Wasm.Binary = wasm
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// kills are the runs that mutants die in, of which there is one for each: all runs of all mutants
// would take days, and tell nothing that those of the variants do not. They are found natively.
// What was found is kept in a file for this build.
func (e *enginesRun) kills(ctx context.Context, hunt *mutation.Hunt, build string) ([]mutation.SubjectRun, error) {
	state, err := suite.OpenState(e.root.Dir)
	if err != nil {
		return nil, err
	}
	pool, err := sim.NewPool(e.flags.workers)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	log, err := mutation.OpenLog(filepath.Join(state.Dir(), "engines-"+build+".jsonl"), build, pool)
	if err != nil {
		return nil, err
	}
	hunt.Engine = log
	if hunt.Kills, err = mutation.ReadKills(e.root.Dir); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	last := time.Now()
	hunt.Progress = func(s mutation.Standing) {
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			e.building(fmt.Sprintf("looking for runs that kill: %d of %d mutants, %d runs", s.Decided, s.Subjects, s.Runs))
		}
	}
	type run struct {
		name, id string
		seed     uint64
	}
	deadly := map[run]bool{}
	for _, o := range hunt.Run(ctx) {
		for _, d := range o.Kills {
			deadly[run{o.Name, d.Case, d.Seed}] = true
		}
		if len(o.Kills) == 0 {
			fmt.Fprintf(e.out, "note: %s has not died in these cases and seeds, so it is not compared\n", o.Name)
		}
	}
	if err := errors.Join(log.Close(), ctx.Err()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(hunt.All(), func(r mutation.SubjectRun) bool { return !deadly[run{r.Subject.Name, r.Case.ID(), r.Seed}] }), nil
}
