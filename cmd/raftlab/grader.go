//raftlab:checkout-only (it goes with raftlab grade)

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/release"
	"raftlab/internal/sim"
	"raftlab/internal/submission"
	"raftlab/internal/suite"
	"raftlab/internal/upload"
)

func init() { commands = append(commands, graderCommand) }

// graderFlags are the flags of `raftlab grader init`.
type graderFlags struct {
	seeds, policy, salt, memory, modules string
	limit                                time.Duration
}

func graderCommand(a *app) *cobra.Command {
	f := &graderFlags{}
	c := &cobra.Command{
		Use:   "grader init SERVICE DIR SEL...",
		Short: "Write the upload for a grading service: scripts, framework, modules",
		Long: `Write into DIR, which must be empty or not exist, all that a grading service wants to be given, so that it grades
submissions on SEL: ` + strings.Join(upload.Services, ", ") + `. The grader needs no network, but for a Go release that is missing when
its image is made. docs/services.md says what to do with it; none of them was tried with a real upload.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 4 || args[0] != "init" {
				return errors.New("write raftlab grader init SERVICE DIR SEL..., such as raftlab grader init gradescope ../autograder 2A-2D")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.graderInit(f, args[1], args[2], args[3:]) },
	}
	c.Flags().StringVar(&f.seeds, "seeds", "1-5", "seeds: 7, 1-20, or 3,9,40")
	c.Flags().StringVar(&f.policy, "policy", "", "the policy, a YAML `file`")
	c.Flags().StringVar(&f.salt, "salt", "", "hide the seeds: derive them from the secret in this `file`")
	c.Flags().DurationVar(&f.limit, "limit", 9*time.Minute, "when the grader ends by itself; below the service's own timeout")
	c.Flags().StringVar(&f.memory, "memory", "", "memory that a run may have, such as 512MiB, where the service's machine has less than the default (1GiB)")
	modulesFlag(c.Flags(), &f.modules)
	a.casesFlag(c.Flags())
	a.numberingFlag(c.Flags())
	return c
}

func (a *app) graderInit(f *graderFlags, service, dir string, selectors []string) error {
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	if root.Course {
		return usage(errors.New("grader init needs a checkout of the framework, and this is a course tree"))
	}
	ctx, stop := interruptible(context.Background())
	defer stop()
	all, err := a.allCases(ctx)
	if err != nil {
		return usage(err)
	}
	s, cases, err := f.settings(ctx, all, selectors)
	if err != nil {
		return usage(err)
	}
	a.tellUnselected(all, cases)
	if s.Numbering = a.numbering; a.own != nil {
		s.Cases = a.own.Files.Keep
	}
	identity, err := sim.IdentityOf(ctx, root.Dir)
	if err != nil {
		return broken(err)
	}
	s.Go, s.First = identity.GoVersion, cases[0].ID()
	if err := upload.Write(ctx, root.Dir, service, dir, s); err != nil {
		return usage(err)
	}
	fmt.Fprintf(a.out, "%s is a grader for %s now: %s with seeds %s, %s. Next: docs/services.md\n", dir, service, s.Selection, s.Seeds, s.Go)
	return nil
}

// settings reads what the grader is to do, and checks all that `raftlab grade` would.
func (f *graderFlags) settings(ctx context.Context, all []suite.Case, selectors []string) (s upload.Settings, cases []suite.Case, err error) {
	if cases, err = selectGraded(all, selectors); err != nil {
		return s, nil, err
	}
	seeds, err := (&gradeFlags{seeds: f.seeds, salt: f.salt}).chooseSeeds(ctx)
	if err != nil {
		return s, nil, err
	}
	if f.limit < time.Minute {
		return s, nil, fmt.Errorf("--limit %v: in less than a minute nothing is graded", f.limit)
	}
	if f.memory != "" {
		if _, err := parseSize(f.memory); err != nil {
			return s, nil, err
		}
		s.Memory = quote(f.memory)
	}
	modules, err := readModules(ctx, f.modules)
	if err != nil {
		return s, nil, err
	}
	if modules != nil {
		s.Modules = func(dir string) error { return submission.Write(dir, modules) }
	}
	policy, text, err := readPolicy(ctx, f.policy, cases, seeds.Count())
	if err != nil {
		return s, nil, err
	}
	s.Policy = text
	if err := errors.Join(policy.CheckRelease(release.Version), policy.Check(cases, seeds.Count())); err != nil {
		return s, nil, policyError(f.policy, err)
	}
	if f.salt != "" {
		if s.Salt, err = readNamed(ctx, f.salt, maxSalt); err != nil {
			return s, nil, fmt.Errorf("--salt %s: %w", f.salt, err)
		}
	}
	for _, sel := range selectors {
		s.Selection = strings.TrimSpace(s.Selection + " " + quote(sel))
	}
	s.Seeds, s.Limit = seeds.String(), f.limit
	return s, cases, nil
}
