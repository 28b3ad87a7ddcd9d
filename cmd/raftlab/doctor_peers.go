//raftlab:checkout-only (a course tree has no mutants, no variants, and not etcd's library)

package main

import (
	"context"
	"fmt"
	"slices"

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
			if subjects, _ = mutation.Choose(subjects, e.names); len(subjects) == 0 {
				continue
			}
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
	e.building(fmt.Sprintf("building %d %ss into one test binary for each engine", len(subjects), kind))
	edits, err := mutation.BundleFor(e.root.Dir, pkg, subjects)
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
	hunt := mutation.Hunt{Subjects: subjects, Cases: cases, Seeds: e.seeds, Binaries: map[string]*sim.Binary{pkg: native}}
	var pairs []engines.Pair
	for _, r := range hunt.All() {
		p := engines.Pair{Group: fmt.Sprintf("%s %s", kind, r.Subject.Name), Peer: r.Subject.Name, Case: r.Case, Seed: r.Seed, Native: r.Job, Wasm: r.Job}
		p.Wasm.Binary = wasm
		pairs = append(pairs, p)
	}
	return pairs, nil
}
