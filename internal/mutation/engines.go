package mutation

import (
	"context"
	"slices"

	"raftlab/internal/patch"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Engines sends each run to where its subject's runner wants it.
type Engines struct {
	Engine suite.Engine // patch.Engine and patch.Strict, in the engine or natively
	Race   suite.Engine // patch.Race
	raced  []string
}

// NewEngines returns the engines for subjects. Both may be used at the same time.
func NewEngines(subjects []Subject, engine, race suite.Engine) *Engines {
	e := &Engines{Engine: engine, Race: race}
	for _, s := range subjects {
		if s.Runner() == patch.Race {
			e.raced = append(e.raced, peerVariable+"="+s.Name)
		}
	}
	return e
}

// Run implements [suite.Engine].
func (e *Engines) Run(ctx context.Context, j sim.Job) sim.Result {
	if slices.Contains(e.raced, j.Env[0]) {
		return e.Race.Run(ctx, j)
	}
	return e.Engine.Run(ctx, j)
}

// Runners splits subjects by what has to be built for them.
func Runners(subjects []Subject) (engine, race []Subject) {
	for _, s := range subjects {
		if s.Runner() == patch.Race {
			race = append(race, s)
		} else {
			engine = append(engine, s)
		}
	}
	return engine, race
}

func frameworkError(err error) sim.Result {
	return sim.Result{Verdict: record.Verdict{Outcome: record.FrameworkError, Message: err.Error()}}
}
