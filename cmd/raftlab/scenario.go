package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"raftlab/internal/scenario"
	"raftlab/internal/suite"
)

// maxScenario is how many bytes a scenario may have. The longest that shrink writes has a few
// thousand: a line for each fault of a run.
const maxScenario = 1 << 20

// scenarioFlag is the flag for a file that says what differs in a run.
func scenarioFlag(flags *pflag.FlagSet, file *string) {
	flags.StringVar(file, "scenario", "", "a `file` that says what differs in the run: faults left out, messages lost or late (docs/shrink.md)")
}

// readScenario reads the file of --scenario; nil if there is none.
func (f *runFlags) readScenario(ctx context.Context) (*scenario.Scenario, error) {
	if f.scenario == "" {
		return nil, nil
	}
	text, err := readNamed(ctx, f.scenario, maxScenario)
	if err != nil {
		return nil, fmt.Errorf("--scenario %s: %w; raftlab shrink writes such files (docs/shrink.md)", f.scenario, err)
	}
	s, err := scenario.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("--scenario %s, %w", f.scenario, err)
	}
	if s.String() == "" {
		return nil, fmt.Errorf("--scenario %s: it says nothing that differs in a run; raftlab shrink writes such files, "+
			"and a click in raftlab view copies a line for one (docs/shrink.md)", f.scenario)
	}
	return s, nil
}

// useScenario puts the scenario of --scenario into the options of one run, and takes the seed from
// it where none is given.
func (f *runFlags) useScenario(ctx context.Context, o *suite.Options, c suite.Case, seed *uint64) error {
	s, err := f.readScenario(ctx)
	if s == nil || err != nil {
		return err
	}
	if s.Case != "" && s.Case != c.ID() {
		return fmt.Errorf("--scenario %s: it is one of %s, and keys mean other things in %s; it is for `raftlab replay %s`", f.scenario, s.Case, c.ID(), s.Case)
	}
	if *seed == 0 {
		*seed = s.Seed
	}
	if s.Seed != 0 && s.Seed != *seed {
		return fmt.Errorf("--scenario %s: it is one of seed %d, and keys mean other things in seed %d; leave --seed out", f.scenario, s.Seed, *seed)
	}
	o.Scenario, o.ScenarioFile = s.String(), f.scenario
	return nil
}

// fits says whether a scenario is about the runs that were selected.
func fits(s *scenario.Scenario, file string, cases []suite.Case, seeds []uint64) error {
	if s.Case != "" && (len(cases) != 1 || cases[0].ID() != s.Case) {
		return fmt.Errorf("--scenario %s: it is one of %s, and keys mean other things in other cases; select that, or nothing", file, s.Case)
	}
	if s.Seed != 0 && (len(seeds) != 1 || seeds[0] != s.Seed) {
		return fmt.Errorf("--scenario %s: it is one of seed %d, and keys mean other things in other seeds; leave --seeds out", file, s.Seed)
	}
	return nil
}
