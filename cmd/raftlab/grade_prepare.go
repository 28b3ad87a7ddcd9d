//raftlab:checkout-only (a course tree is a student's, who has nobody to grade)

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"raftlab/internal/grade"
	"raftlab/internal/hidden"
	"raftlab/internal/release"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// This file reads the command line of `raftlab grade`. Its errors are the user's.

// prepare sets the class up: what is graded, how, whose it is, and by what.
func (g *gradeRun) prepare(ctx context.Context, submissions string, selectors []string) (err error) {
	if g.root, err = g.app.root(); err != nil {
		return err
	}
	if err := g.flags.checkPlace(submissions); err != nil {
		return err
	}
	cases, err := g.selected(ctx, selectors)
	if err != nil {
		return err
	}
	before, err := parseDeadline(g.flags.before)
	if err != nil {
		return err
	}
	seeds, err := g.flags.chooseSeeds(ctx)
	if err != nil {
		return err
	}
	policy, err := g.policy(ctx, cases, seeds.Count())
	if err != nil {
		return err
	}
	modules, err := readModules(ctx, g.flags.modules)
	if err != nil {
		return err
	}
	roster, err := g.roster(submissions)
	if err != nil {
		return err
	}
	plan, err := g.plan(ctx, cases, seeds, policy, roster)
	if err != nil {
		return err
	}
	if !before.IsZero() {
		plan.Before = before.Format(time.RFC3339)
		fmt.Fprintf(g.err, "of git repositories, what was committed before %s is graded\n", plan.Before)
	}
	if g.flags.workers <= 0 {
		g.flags.workers = sim.DefaultWorkers()
	}
	g.class = &grade.Class{Plan: plan, Roster: roster, Out: grade.ShardDir(g.flags.out, plan.Shard), Seeds: seeds, Framework: g.root.Dir,
		Packages: packages(), Open: atDeadline(openAny(g.flags.year, modules...), before), Compile: compileSubmission,
		Workers: g.flags.workers, Afresh: g.flags.regrade, Costs: suite.Costs{}, Progress: g.progress()}
	if other := plan.Other(g.class.Out); other != "" {
		fmt.Fprintf(g.err, "NOTE: the grades in %s were of %s, and become those of this command, of the whole class; give another --out to keep them\n", g.class.Out, other)
	}
	if err := g.races(ctx); err != nil {
		return err
	}
	if err := g.keepCases(); err != nil {
		return err
	}
	if g.state, err = suite.OpenState(g.root.Dir); err == nil {
		g.class.Costs = g.state.Costs()
	}
	return g.choose(roster)
}

// checkPlace looks at what is given as the class.
func (f *gradeFlags) checkPlace(submissions string) error {
	switch info, err := os.Stat(submissions); {
	case err != nil:
		return fmt.Errorf("%s: there is no such folder; name the folder that holds one folder or archive for each student", submissions)
	case !f.one && !info.IsDir():
		return fmt.Errorf("%s is a file, and not a folder that holds one folder or archive for each student; "+
			"unpack a class that is an archive, and give one submission with --one", submissions)
	}
	return nil
}

// selected are the cases that are graded.
func (g *gradeRun) selected(ctx context.Context, selectors []string) ([]suite.Case, error) {
	all, err := g.app.allCases(ctx)
	if err != nil {
		return nil, err
	}
	cases, err := selectGraded(all, selectors)
	if err != nil {
		return nil, err
	}
	g.tellUnselected(all, cases)
	return cases, nil
}

// policy is by what points are given.
func (g *gradeRun) policy(ctx context.Context, cases []suite.Case, seeds int) (grade.Policy, error) {
	policy, _, err := readPolicy(ctx, g.flags.policy, cases, seeds)
	if err != nil {
		return policy, err
	}
	if g.flags.course {
		policy.Counts = grade.CountsCourse
	}
	if err := policy.CheckRelease(release.Of(g.root.Dir)); err != nil {
		return policy, policyError(g.flags.policy, err)
	}
	return policy, nil
}

// plan is what records are compared with, and shards with each other.
func (g *gradeRun) plan(ctx context.Context, cases []suite.Case, seeds hidden.Seeds, policy grade.Policy, roster []grade.Entry) (*grade.Plan, error) {
	f := g.flags
	options, err := (&runFlags{with: f.with, strict: f.strict, contract: f.contract, memory: f.memory, cpu: f.cpu}).options()
	if err != nil {
		return nil, err
	}
	options.Numbering = g.app.names()
	shard, err := f.chooseShard(g.app)
	if err != nil {
		return nil, err
	}
	identity, err := g.app.identity(ctx, g.root.Dir)
	if err != nil {
		return nil, err
	}
	plan, err := grade.NewPlan(cases, seeds, options, policy, identity, roster)
	if err != nil {
		return nil, policyError(f.policy, err)
	}
	plan.Raftlab, plan.Shard = release.Of(g.root.Dir), shard
	return plan, nil
}

// races has data races looked for as well, if that was asked for.
func (g *gradeRun) races(ctx context.Context) error {
	if !g.flags.race {
		return nil
	}
	g.class.Race, g.class.CompileRace = true, grade.CompileRace
	here, err := sim.FindEngines(ctx, g.root.Dir)
	if err == nil && here.Problem != "" {
		err = errors.New(here.Problem)
	}
	if err != nil {
		return fmt.Errorf("--race: code cannot be run natively here: %v", err)
	}
	fmt.Fprintln(g.err, "WARNING: --race runs the code of all submissions as processes of this machine, outside of the sandbox: they can do whatever you can. "+
		"Use a container that is thrown away, with no secret in it")
	return nil
}

// keepCases brings the instructor's own cases in, and keeps them with the grades.
func (g *gradeRun) keepCases() error {
	own := g.app.own
	if own == nil {
		return nil
	}
	g.class.Edits = own.Edits
	return own.Files.Keep(filepath.Join(g.class.Out, grade.CasesDir))
}

// selectGraded returns the cases that are graded.
func selectGraded(all []suite.Case, selectors []string) ([]suite.Case, error) {
	if len(selectors) == 0 {
		return nil, errors.New("say what is graded: parts such as 2A-2D, or a lab such as lab2, which means 2A to 2D")
	}
	return suite.SelectParts(all, selectors)
}

// compileSubmission compiles for the wasm engine, where code of others runs.
func compileSubmission(ctx context.Context, code suite.Code, pkg string) (*sim.Binary, error) {
	return code.Build(pkg).Binary(ctx, nil)
}

// readPolicy reads a policy file, or takes the default where there is none. An error has everything
// that is wrong with it.
func readPolicy(ctx context.Context, file string, cases []suite.Case, seeds int) (p grade.Policy, text []byte, err error) {
	if file == "" {
		return grade.DefaultPolicy(), nil, nil
	}
	if text, err = readNamed(ctx, file, maxPolicy); err != nil {
		return p, nil, fmt.Errorf("--policy %s: %w; raftlab grade --print-policy writes one", file, err)
	}
	if p, err = grade.ReadPolicy(text); err != nil {
		err = policyError(file, errors.Join(err, p.Check(cases, seeds)))
	}
	return p, text, err
}

func policyError(file string, err error) error {
	if file == "" {
		return err
	}
	return fmt.Errorf("--policy %s:\n%w", file, err)
}

// chooseSeeds returns the seeds, hidden ones if there is a secret.
func (f *gradeFlags) chooseSeeds(ctx context.Context) (hidden.Seeds, error) {
	given, err := suite.ParseSeeds(f.seeds)
	if err != nil {
		return hidden.Seeds{}, fmt.Errorf("--%w", err)
	}
	if f.salt == "" {
		return hidden.Given(given), nil
	}
	return readSalt(ctx, f.salt, given)
}
