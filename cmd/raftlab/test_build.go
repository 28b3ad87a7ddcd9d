package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/suite"
)

// This file is about how `raftlab test` builds what it runs.

// prepareBinaries decides for an engine and builds for it.
func (t *testRun) prepareBinaries(ctx context.Context) error {
	t.where = t.flags.where.settle(ctx, t.app, t.root.Dir, t.code, t.watch.Building)
	t.report.Options.Native = t.where.native
	err := t.build(ctx)
	if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(t.binaries)), t.where.outside) {
		t.report.Options.Native, t.report.Builds, t.report.Unbuilt, t.report.Faults = false, t.report.Builds[:0], nil, nil
		clear(t.binaries)
		err = t.build(ctx)
	}
	t.report.Notes = append(t.report.Notes, t.where.note)
	return err
}

// build makes the test binaries that the items need. A package that does not compile hinders its
// own cases and those of the services on it; it is an error if there is no other.
func (t *testRun) build(ctx context.Context) error {
	var first error
	for _, item := range t.items {
		pkg := item.Case.Package
		name := strings.TrimPrefix(pkg, "./")
		if t.binaries[pkg] != nil || slices.Contains(t.report.Unbuilt, name) {
			continue
		}
		t.watch.Building("building " + pkg)
		b, err := buildOf(t.code, pkg, t.report.Options).Binary(ctx, t.watch.Building)
		if err != nil {
			faults, outcome := t.code.Faults(err)
			if ctx.Err() != nil || outcome != suite.NotBuilt {
				return err
			}
			first = cmp.Or(first, err)
			t.report.Unbuilt, t.report.Faults = append(t.report.Unbuilt, name), suite.JoinFaults(t.report.Faults, faults)
			continue
		}
		t.binaries[pkg] = b
		t.report.Builds = append(t.report.Builds, suite.Build{Package: pkg, ID: b.ID, Source: b.Source, GoVersion: b.GoVersion, Notes: b.Notes, Warnings: t.code.ShowAll(b.Warnings)})
	}
	if len(t.binaries) == 0 {
		t.report.Unbuilt = nil
		return first
	}
	return nil
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
