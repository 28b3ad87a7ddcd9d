package engines

import (
	"context"
	"fmt"
	"sync"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Pair is one run that is made in both engines.
type Pair struct {
	Group  string // the line of the table that it belongs to
	Peer   string // whose run it is: "reference", "votes-twice"
	Case   suite.Case
	Seed   uint64
	Native sim.Job
	Wasm   sim.Job
}

// Side is how the run ended in one engine.
type Side struct {
	Outcome record.Outcome `json:"outcome"`
	Rule    string         `json:"rule,omitempty"`
	Message string         `json:"message,omitempty"`
	Hash    string         `json:"hash"`
	Time    time.Duration  `json:"time"` // virtual, of the verdict
	CPU     time.Duration  `json:"cpu"`
}

// SideOf is what is compared of a result.
func SideOf(r sim.Result) Side {
	v := r.Verdict
	return Side{v.Outcome, v.Rule, v.Message, r.Hash, v.Time, r.CPU}
}

func (s Side) String() string {
	what := string(s.Outcome)
	if s.Rule != "" && s.Rule != what {
		what += ", " + s.Rule
	}
	return fmt.Sprintf("%s at %.3f s (hash %.12s)", what, s.Time.Seconds(), s.Hash)
}

// Result is what both engines made of a pair.
type Result struct {
	Pair
	Sides struct{ Native, Wasm Side }
}

// Judged says that both engines came to an end of the run that says something about it. A run that
// was killed does not.
func (r Result) Judged() bool {
	return r.Sides.Native.Outcome.Decided() && r.Sides.Wasm.Outcome.Decided()
}

// Equal says that it was the same run.
func (r Result) Equal() bool {
	n, w := r.Sides.Native, r.Sides.Wasm
	return n.Hash == w.Hash && n.Outcome == w.Outcome
}

// Difference says in one line how the two runs differ.
func (r Result) Difference() string {
	n, w := r.Sides.Native, r.Sides.Wasm
	text := fmt.Sprintf("%s, %s seed %d: natively %v, in wasm %v", r.Peer, r.Case.ID(), r.Seed, n, w)
	if n.Message != w.Message {
		text += fmt.Sprintf("; natively %q, in wasm %q", n.Message, w.Message)
	}
	return plain.Line(text, maxDifference)
}

const maxDifference = 1000 // bytes

// Progress is how far a comparison has come.
type Progress struct{ Done, Total, Different int }

// Compare makes each pair's run in both engines, as many at a time as workers says, and returns
// what came of those that were made before ctx ended. log, if not nil, knows some already, and gets
// the others. progress may be nil.
func Compare(ctx context.Context, engine suite.Engine, workers int, pairs []Pair, log *Log, progress func(Progress)) []Result {
	results, done := make([]Result, len(pairs)), make([]bool, len(pairs))
	now := Progress{Total: len(pairs)}
	var mu sync.Mutex
	var all sync.WaitGroup
	next := 0
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if next == len(pairs) || ctx.Err() != nil {
			return -1
		}
		next++
		return next - 1
	}
	for range max(1, workers) {
		all.Go(func() {
			for i := take(); i >= 0; i = take() {
				r, ok := log.run(ctx, engine, pairs[i])
				if !ok {
					continue
				}
				mu.Lock()
				results[i], done[i] = r, true
				if now.Done++; r.Judged() && !r.Equal() {
					now.Different++
				}
				if progress != nil {
					progress(now)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	var made []Result
	for i, r := range results {
		if done[i] {
			made = append(made, r)
		}
	}
	return made
}

// both makes a pair's run in both engines; ok is false if ctx ended meanwhile.
func both(ctx context.Context, engine suite.Engine, p Pair) (r Result, ok bool) {
	r.Pair = p
	r.Sides.Native = SideOf(engine.Run(ctx, p.Native))
	if r.Sides.Native.Outcome.Decided() {
		p.Wasm.CPU = max(p.Wasm.CPU, sim.AgainCPU(r.Sides.Native.CPU))
	}
	r.Sides.Wasm = SideOf(engine.Run(ctx, p.Wasm))
	return r, ctx.Err() == nil
}
