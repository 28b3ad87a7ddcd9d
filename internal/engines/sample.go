package engines

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// oddPeer is the peer of the sample.
//
//go:embed odd/raft.go.txt
var oddPeer []byte

// sampleCases are the cases that the sample has, as far as the tree does, and ownCases those that
// code of the tree's own is compared on.
var (
	sampleCases = []string{"2A/InitialElection", "2A/ManyElections", "2B/ConcurrentStarts", "2B/OldLeaderRejoins", "2C/CrashSwarm",
		"2C/CrashAtWrites", "2C/UnreliableAgreement"}
	ownCases = []string{"2A/ManyElections", "2B/ConcurrentStarts", "2C/CrashSwarm", "2D/Snapshots", "3A/ManyClients", "3B/SnapshotSwarm",
		"4A/ReplicasAgree", "4B/Busy"}
)

// sampleSeeds are those that each case runs with. 4 divides one of them: its goroutines are
// interrupted (package yield).
var sampleSeeds = []uint64{1, 4}

// Code is something that has test binaries of its own.
type Code struct {
	Name  string
	Build func(pkg string) sim.Build // for one of the engines
}

// binaries are those of one package.
type binaries struct{ native, wasm *sim.Binary }

// build makes the binaries of both engines.
func (c Code) build(ctx context.Context, pkg string, progress func(string)) (b binaries, err error) {
	build := c.Build(pkg)
	build.Native = true
	if b.native, err = build.Binary(ctx, progress); err != nil {
		return b, err
	}
	build.Native = false
	b.wasm, err = build.Binary(ctx, progress)
	return b, err
}

// Pairs builds what cases need and returns a pair for each case and seed, in groups of one case.
func (c Code) Pairs(ctx context.Context, cases []suite.Case, seeds []uint64, progress func(string)) ([]Pair, error) {
	made := map[string]binaries{}
	var pairs []Pair
	for _, k := range cases {
		b, ok := made[k.Package]
		if !ok {
			var err error
			if b, err = c.build(ctx, k.Package, progress); err != nil {
				return nil, err
			}
			made[k.Package] = b
		}
		for _, seed := range seeds {
			p := Pair{Group: c.Name + ", " + k.ID(), Peer: c.Name, Case: k, Seed: seed}
			p.Native = sim.Job{Binary: b.native, Test: k.Test, Params: record.Params{Case: k.ID(), Seed: seed}}
			p.Wasm = p.Native
			p.Wasm.Binary = b.wasm
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}

// Sampling is one comparison of a sample.
type Sampling struct {
	Framework string
	Cases     []suite.Case // all that there are
	Own       []Code       // code of the tree's own, which is compared as well; nil leaves it out
	Has       func(suite.Case) bool
	Workers   int
	Time      time.Duration // nothing more is built after so long
	Building  func(string)
}

// Sample compares the engines by the odd peer on a few cases, and then by the code of the tree's
// own. What of the latter does not compile is left out, with a note.
func (s Sampling) Sample(ctx context.Context) (results []Result, notes []string, err error) {
	pool, err := sim.NewPool(s.Workers)
	if err != nil {
		return nil, nil, err
	}
	defer pool.Close()
	began := time.Now()
	dir, remove, err := sim.TempDir()
	if err != nil {
		return nil, nil, err
	}
	defer remove()
	peer := filepath.Join(dir, "raft")
	if err = os.Mkdir(peer, 0o755); err == nil {
		err = os.WriteFile(filepath.Join(peer, "raft.go"), oddPeer, 0o644)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("write the peer of the sample: %w", err)
	}
	odd := Code{Name: "odd peer", Build: func(pkg string) sim.Build {
		return sim.Build{Framework: s.Framework, Package: pkg, Impl: map[string]string{"raft": peer}, Private: true}
	}}
	cases := named(s.Cases, sampleCases)
	if len(cases) == 0 && len(s.Own) == 0 {
		return nil, nil, errors.New("this tree has none of the cases of the sample")
	}
	pairs, err := odd.Pairs(ctx, cases, sampleSeeds, s.Building)
	if err != nil {
		return nil, nil, err
	}
	results = Compare(ctx, pool, s.Workers, pairs, nil, nil)
	for _, c := range s.Own {
		for _, k := range named(s.Cases, ownCases) {
			if !s.Has(k) || ctx.Err() != nil {
				continue
			}
			if time.Since(began) > s.Time {
				notes = append(notes, fmt.Sprintf("%s, %s was left out, because the sample is to take no longer than a minute (--full has all cases)", c.Name, k.ID()))
				continue
			}
			pairs, err := c.Pairs(ctx, []suite.Case{k}, sampleSeeds, s.Building)
			if err != nil {
				notes = append(notes, fmt.Sprintf("%s, %s was left out: %v", c.Name, k.ID(), err))
				continue
			}
			results = append(results, Compare(ctx, pool, s.Workers, pairs, nil, nil)...)
		}
	}
	return results, notes, ctx.Err()
}

// named returns the cases that are called so.
func named(cases []suite.Case, names []string) []suite.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c suite.Case) bool { return !slices.Contains(names, c.ID()) })
}

// Conclude is what to remember after a comparison.
func Conclude(e sim.Engines, results []Result) sim.Compared {
	c := sim.Compared{Key: e.Key, GoVersion: e.GoVersion, Overlay: e.Overlay, When: time.Now().UTC()}
	different, unjudged := Differences(results)
	c.Runs = len(results) - len(unjudged)
	if len(different) > 0 {
		c.Differs = different[0].Difference()
	}
	return c
}
