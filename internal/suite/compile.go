package suite

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"raftlab/internal/sim"
)

// Compiled is what came of compiling packages of the code under test.
type Compiled struct {
	Binaries map[string]*sim.Binary // by package: "./raft"
	Builds   []Build                // of these, in the order in which they were made
	Unbuilt  []string               // packages that do not compile where others do: "kvraft"
	Faults   []Fault                // why they do not
}

// Compile makes the test binaries of packages, each once, by one. A package that does not compile
// hinders its own cases and those of the services on it, and no others; it is an error if there is
// no other. Any other error ends it. What there is by then is returned with the error.
func (c Code) Compile(ctx context.Context, packages []string, one func(pkg string) (*sim.Binary, error)) (Compiled, error) {
	done := Compiled{Binaries: map[string]*sim.Binary{}}
	var first error
	for _, pkg := range packages {
		name := strings.TrimPrefix(pkg, "./")
		if done.Binaries[pkg] != nil || slices.Contains(done.Unbuilt, name) {
			continue
		}
		b, err := one(pkg)
		if err != nil {
			faults, outcome := c.Faults(err)
			if ctx.Err() != nil || outcome != NotBuilt {
				return done, err
			}
			first = cmp.Or(first, err)
			done.Unbuilt, done.Faults = append(done.Unbuilt, name), JoinFaults(done.Faults, faults)
			continue
		}
		done.Binaries[pkg] = b
		done.Builds = append(done.Builds, Build{Package: pkg, ID: b.ID, Source: b.Source, GoVersion: b.GoVersion, Overlay: b.Overlay, Notes: b.Notes, Warnings: c.ShowAll(b.Warnings)})
	}
	if len(done.Binaries) == 0 {
		done.Unbuilt = nil
		return done, first
	}
	return done, nil
}
