package main

import (
	"context"
	"maps"
	"slices"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// This file is about how `raftlab test` builds what it runs.

// prepareBinaries decides for an engine and builds for it.
func (t *testRun) prepareBinaries(ctx context.Context) error {
	t.where = t.flags.where.settle(ctx, t.app, t.root.Dir, t.code, t.watch.Building)
	t.report.Options.Native = t.where.native
	err := t.build(ctx)
	if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(t.binaries)), t.where.outside) {
		t.report.Options.Native = false
		err = t.build(ctx)
	}
	t.report.Notes = append(t.report.Notes, t.where.note)
	return err
}

// build makes the test binaries that the items need.
func (t *testRun) build(ctx context.Context) error {
	var packages []string
	for _, item := range t.items {
		packages = append(packages, item.Case.Package)
	}
	done, err := t.code.Compile(ctx, packages, func(pkg string) (*sim.Binary, error) {
		t.watch.Building("building " + pkg)
		return buildOf(t.code, pkg, t.report.Options).Binary(ctx, t.watch.Building)
	})
	t.binaries, t.report.Unbuilt, t.report.Faults = done.Binaries, done.Unbuilt, done.Faults
	t.report.Builds = append(t.report.Builds[:0], done.Builds...)
	return err
}

// unbuilt reports that nothing could run, and whose fault it is.
func (t *testRun) unbuilt(ctx context.Context, err error) [][]string {
	faults, outcome := t.code.Faults(err)
	r := t.report
	switch {
	case ctx.Err() != nil:
		r.Status = suite.Interrupted
		r.AddUnbuilt(t.items, suite.NotRun)
		return nil
	case outcome == record.FrameworkError:
		r.Status, r.Error = suite.Broke, err.Error()
		r.AddUnbuilt(t.items, outcome)
		return [][]string{{"the framework failed: " + err.Error()}}
	}
	r.Status, r.Faults = suite.Unbuilt, faults
	r.AddUnbuilt(t.items, outcome)
	return [][]string{suite.FaultLines(faults, outcome)}
}

// built are the items whose package compiles, and the others.
func (t *testRun) built() (built, unbuilt []suite.Item) {
	for _, item := range t.items {
		if t.binaries[item.Case.Package] != nil {
			built = append(built, item)
		} else {
			unbuilt = append(unbuilt, item)
		}
	}
	return built, unbuilt
}
