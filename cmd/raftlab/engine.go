package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"raftlab/internal/engines"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/labs"
)

// engineFlags choose where runs are executed, for `test` and `replay` alike.
type engineFlags struct {
	engine string
	race   bool
}

const engineUsage = "`wasm` (a sandbox) or native (the same runs in a fraction of the time, for code that you trust). Default: native for this " +
	"tree's own code, once a sample of runs was the same in both, and wasm for --impl"

func (f *engineFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.engine, "engine", "", engineUsage)
	flags.BoolVar(&f.race, "race", false, "look for data races, natively; needs a C compiler")
}

// choose puts the engine that the user asks for into the options. Its errors are the user's. Code
// of others can do nothing outside of the wasm engine's sandbox; natively it could do whatever the
// user can.
func (f *engineFlags) choose(a *app, o *suite.Options, code suite.Code) error {
	switch f.engine {
	case "", suite.WasmEngine:
		if f.race && f.engine != "" {
			return fmt.Errorf("--engine wasm --race: the race detector works natively only; leave --engine out")
		}
	case suite.NativeEngine:
	default:
		return fmt.Errorf("--engine %s: there are wasm and native", f.engine)
	}
	o.Native, o.Race, o.EngineAsked = f.race || f.engine == suite.NativeEngine, f.race, f.engine != ""
	if !o.Native || code.Own() {
		return nil
	}
	if !f.race {
		return fmt.Errorf("--engine native --impl %s: code of others runs in the wasm engine, where it can reach nothing; "+
			"natively it could read and change your files. Leave --engine out", code.Given)
	}
	fmt.Fprintf(a.err, "WARNING: --race runs the code in %s as a process of this machine, outside of the sandbox: it can do whatever you can\n", code.Given)
	return nil
}

// engineChoice is where the runs of a command are executed, and why.
type engineChoice struct {
	native bool
	free   bool   // nobody has asked for an engine, so the other one may be taken
	note   string // what is said about it below a table
}

// settle decides where code runs that the user has left to raftlab: natively once a sample has
// shown that the runs are the same. If this machine has not been looked at yet, it makes the
// sample.
func (f *engineFlags) settle(ctx context.Context, a *app, root string, code suite.Code, building func(string)) engineChoice {
	switch {
	case f.race:
		return engineChoice{native: true, note: "executed natively, with the race detector"}
	case f.engine == suite.NativeEngine:
		return engineChoice{native: true, note: "executed natively, as asked for (docs/engine.md)"}
	case f.engine == suite.WasmEngine:
		return engineChoice{note: "executed in the wasm engine, as asked for"}
	case !code.Own():
		return engineChoice{note: "executed in the wasm engine, which is a sandbox: code of others runs nowhere else"}
	}
	why := a.whyWasm(ctx, root, building)
	if why != "" {
		return engineChoice{free: true, note: "executed in the wasm engine: " + why}
	}
	return engineChoice{native: true, free: true,
		note: "executed natively: on this machine a sample of runs was the same in the wasm engine (docs/engine.md)"}
}

// whyWasm says why runs cannot be had natively, or "".
func (a *app) whyWasm(ctx context.Context, root string, building func(string)) string {
	here, err := sim.FindEngines(ctx, root)
	if err != nil {
		return err.Error()
	}
	if here.Problem != "" {
		return here.Problem
	}
	known := sim.RecallEngines(here)
	if known == nil {
		building("comparing the two engines, once for this machine and Go release; it takes less than a minute")
		s := engines.Sampling{Framework: root, Cases: suite.Cases(labs.All()), Workers: sim.DefaultWorkers()}
		results, _, err := s.Sample(ctx)
		if err != nil {
			return fmt.Sprintf("the engines could not be compared (raftlab doctor --engines tries again): %v", err)
		}
		c := engines.Conclude(here, results)
		if known = &c; c.Runs == 0 {
			return "no run of the sample came to its end in both engines; raftlab doctor --engines tries again"
		}
		if err := sim.RememberEngines(c); err != nil {
			building(err.Error())
		}
	}
	if known.Equal() {
		return ""
	}
	return "on this machine the native engine makes other runs; raftlab doctor --engines shows them"
}

// outside says that the code under test must not run natively after all, if it looks at the
// machine.
func (e *engineChoice) outside(b *sim.Binary) bool {
	if !e.native || !e.free || len(b.Outside) == 0 {
		return false
	}
	e.native = false
	e.note = fmt.Sprintf("executed in the wasm engine, where there are no files and no machine: %s", b.Outside[0])
	return true
}

// buildOf is what to compile for the options.
func buildOf(code suite.Code, pkg string, o suite.Options) sim.Build {
	b := code.Build(pkg)
	b.Native, b.Race, b.Debug, b.Blocks = o.Native, o.Race, o.Debug, o.Blocks
	return b
}
