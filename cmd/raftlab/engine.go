package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// engineFlags choose where runs are executed, for `test` and `replay` alike.
type engineFlags struct {
	engine string
	race   bool
}

func (f *engineFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.engine, "engine", "", "wasm (a sandbox, default), or native: the same runs in a fraction of the time, for code that you trust")
	flags.BoolVar(&f.race, "race", false, "look for data races, natively; needs a C compiler")
}

// choose puts the engine into the options. Its errors are the user's. Code of others can do nothing outside of the
// wasm engine's sandbox; natively it could do whatever the user can.
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
	o.Native, o.Race = f.race || f.engine == suite.NativeEngine, f.race
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

// buildOf is what to compile for the options.
func buildOf(code suite.Code, pkg string, o suite.Options) sim.Build {
	b := code.Build(pkg)
	b.Native, b.Race = o.Native, o.Race
	return b
}

// nativeNote says in a table where its runs were executed.
func nativeNote(o suite.Options) string {
	if o.Race {
		return "executed natively, with the race detector"
	}
	return "executed natively; the wasm engine makes the same runs (docs/engine.md)"
}
