package suite

import (
	"context"
	"sync"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// Engine executes one run, blocking until it is over. [sim.Pool] is one.
type Engine interface {
	Run(ctx context.Context, j sim.Job) sim.Result
}

// RunState says whether a run of the plan has a result that counts.
type RunState int

const (
	Waiting RunState = iota // never started: interrupted before its turn
	Running                 // never seen in the results of Execute
	Ran                     // it has a result
	Dropped                 // an earlier run of its group stopped the group
	Broken                  // interrupted while it was running
	Skipped                 // never started: too many runs before it were ungraded
)

// Finished is a run of the plan and what became of it.
type Finished struct {
	Run
	State  RunState
	Result sim.Result
}

// Hooks are how a caller follows and steers [Execute]. Each function may be nil; they are called
// one at a time.
type Hooks struct {
	// Stop says that after this result the rest of the run's group is of no interest.
	Stop func(Run, sim.Result) bool
	// Done is called after every run with a result that counts so far.
	Done func(Finished, Progress)
	// MaxUngraded is after how many ungraded runs no other is started: each takes as long as a run
	// may. 0 means that it does not matter.
	MaxUngraded int
	// Started is called before a run starts.
	Started func(Run)
}

// Progress is how far a plan has come.
type Progress struct {
	Done, Failed int     // failed are those with a judgement
	Total        int     // runs that are done or still to be done; shrinks when a group stops
	LeftCost     float64 // CPU seconds expected for what is still to be done
}

// CountSkipped is how many runs were not started because too many before them were ungraded.
func CountSkipped(finished []Finished) (n int) {
	for _, f := range finished {
		if f.State == Skipped {
			n++
		}
	}
	return n
}

// StopAtFailure is the usual [Hooks.Stop]: a group ends with the first run that does not pass.
func StopAtFailure(_ Run, r sim.Result) bool { return r.Verdict.Outcome != record.Pass }

// Execute starts the runs in their order, as many at a time as workers says, and returns one
// Finished for each, in the same order. When ctx ends it stops the runs that are going on and
// returns what is there. The result is the same for any number of workers: a run counts unless an
// earlier one of its group has stopped the group, however far it had come by then.
func Execute(ctx context.Context, engine Engine, workers int, runs []Run, hooks Hooks) []Finished {
	x := &execution{hooks: hooks, runs: make([]Finished, len(runs)), stoppedAt: map[string]int{},
		cancel: map[int]context.CancelFunc{}}
	for i, r := range runs {
		x.runs[i].Run = r
		x.count(&x.runs[i], +1)
	}
	var all sync.WaitGroup
	for range max(min(workers, len(runs)), 1) {
		all.Go(func() {
			for {
				i, runCtx := x.take(ctx)
				if i < 0 {
					return
				}
				x.put(ctx, i, engine.Run(runCtx, x.runs[i].Job))
			}
		})
	}
	all.Wait()
	return x.runs
}

// execution is the shared state of the goroutines of one Execute.
type execution struct {
	hooks Hooks

	mu        sync.Mutex
	runs      []Finished // Run itself never changes and may be read without mu
	next      int
	sums      Progress
	ungraded  int
	stoppedAt map[string]int             // group -> the first run, in the order of the plan, that stopped it
	cancel    map[int]context.CancelFunc // of runs that are going on
}

// take hands out the next run that is still wanted, or -1.
func (x *execution) take(ctx context.Context) (int, context.Context) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for ; x.next < len(x.runs) && ctx.Err() == nil; x.next++ {
		i := x.next
		if x.runs[i].State != Waiting {
			continue
		}
		x.next++
		x.move(&x.runs[i], Running)
		if x.hooks.Started != nil {
			x.hooks.Started(x.runs[i].Run)
		}
		runCtx, cancel := context.WithCancel(ctx)
		x.cancel[i] = cancel
		return i, runCtx
	}
	return -1, nil
}

// put files the result of run i.
func (x *execution) put(ctx context.Context, i int, r sim.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cancel[i]()
	delete(x.cancel, i)
	f := &x.runs[i]
	if f.State == Dropped {
		return
	}
	if ctx.Err() != nil && !r.Verdict.Outcome.Decided() {
		x.move(f, Broken)
		return
	}
	f.Result = r
	x.move(f, Ran)
	if x.hooks.Stop != nil && x.hooks.Stop(f.Run, r) {
		x.stopGroup(i)
	}
	if r.Verdict.Outcome == record.Ungraded {
		if x.ungraded++; x.ungraded == x.hooks.MaxUngraded {
			x.skipRest()
		}
	}
	if x.hooks.Done != nil {
		x.hooks.Done(*f, x.progress())
	}
}

// stopGroup drops what comes after run i in its group, also what already has a result.
func (x *execution) stopGroup(i int) {
	group := x.runs[i].Group
	if at, ok := x.stoppedAt[group]; ok && at < i {
		return
	}
	x.stoppedAt[group] = i
	for j := i + 1; j < len(x.runs); j++ {
		if x.runs[j].Group == group && x.runs[j].State != Skipped {
			if x.runs[j].State == Ran && x.runs[j].Result.Verdict.Outcome == record.Ungraded {
				x.ungraded-- // only runs that are in the results are a reason to start no other
			}
			x.move(&x.runs[j], Dropped)
			x.runs[j].Result = sim.Result{}
			if cancel := x.cancel[j]; cancel != nil {
				cancel()
			}
		}
	}
}

// skipRest starts no run any more. Those that are going on go on.
func (x *execution) skipRest() {
	for i := range x.runs {
		if x.runs[i].State == Waiting {
			x.move(&x.runs[i], Skipped)
		}
	}
}

// move changes the state of a run, and the sums with it: they are asked for after every run, of
// plans with a hundred thousand.
func (x *execution) move(f *Finished, to RunState) {
	x.count(f, -1)
	f.State = to
	x.count(f, +1)
}

// count adds a run to the sums (sign +1), or takes it away.
func (x *execution) count(f *Finished, sign int) {
	p := &x.sums
	switch f.State {
	case Dropped, Skipped:
		return
	case Ran:
		p.Done += sign
		if f.Result.Verdict.Outcome.Failed() {
			p.Failed += sign
		}
	case Running:
		p.LeftCost += float64(sign) * f.Cost / 2
	default:
		p.LeftCost += float64(sign) * f.Cost
	}
	p.Total += sign
}

func (x *execution) progress() Progress {
	p := x.sums
	if p.Done == p.Total {
		p.LeftCost = 0 // whatever adding and subtracting has left of it
	}
	return p
}
