package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"raftlab/internal/record"
)

// This file ends runs that compute for longer than a run may. Whatever a program can do to go on
// for ever is counted elsewhere (loop rounds, waits, goroutines, output, ...), so that it ends at
// the same point on every machine. What is left is code without loops of its own, such as a call of
// big.Int.Exp with huge numbers, and an engine that hangs. Processor time differs from machine to
// machine, so such an end is no verdict: the run is ungraded.

const (
	// glance is how often the guard looks at the processor time.
	glance = 50 * time.Millisecond
	// hostHeap is how large the host's own heap may become while a guest runs, in bytes, beside the
	// guest's memory. Its garbage is not collected before.
	hostHeap = 1 << 30
)

// personDecides is what has to be done about a run without a verdict.
const personDecides = "it has neither passed nor failed, and a person decides"

// guarded executes one job under a guard of processor time. If the guard strikes, it writes the
// result itself and ends the process: the guest cannot be stopped in any other way.
//
// Machine code made from WebAssembly has no points at which Go could interrupt it. A garbage
// collection of the host that wants to stop all goroutines would wait for the guest, and everybody
// for the collection: the guard, and the goroutine that sees the parent go. So none takes place
// during a run.
func (p *program) guarded(ctx context.Context, j Job, out *json.Encoder) Result {
	percent := debug.SetGCPercent(-1) // waits for a collection that is going on
	limit := debug.SetMemoryLimit(hostHeap + cmp.Or(j.MemoryLimit, defaultMemory))
	began, cpu := time.Now(), processorTime()
	p.virtual.Store(0)
	over := make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		ticks := time.NewTicker(glance)
		defer ticks.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticks.C:
			}
			used, limit := processorTime()-cpu-p.rest.cost(), allowance(j.CPU, time.Duration(p.virtual.Load()))
			if used > limit && !p.rest.loading.Load() {
				out.Encode(Result{CPU: used, Wall: time.Since(began), Verdict: tooMuchCPU(limit.Round(time.Second / 10))})
				os.Exit(0)
			}
		}
	}()
	r := p.run(ctx, j)
	close(over)
	<-gone // it may be about to end the process
	debug.SetMemoryLimit(limit)
	debug.SetGCPercent(percent)
	return r
}

// allowance is how much processor time a run may take that has come so far in virtual time. What
// computes for ever does not come far. A peer that writes and sends its whole log each time does,
// and takes up to a quarter of a second for a second of virtual time: a long case would come to an
// end too early.
func allowance(cpu, virtual time.Duration) time.Duration { return cpu + min(virtual/2, 2*cpu) }

func tooMuchCPU(limit time.Duration) record.Verdict {
	return record.Verdict{Outcome: record.Ungraded, Rule: "processor time", Message: fmt.Sprintf(
		"the run took more than %v of processor time, and nothing that is counted came to its limit: %s", limit, personDecides)}
}

// OutOfTime is the rule of a run on a machine so busy that it did not get the processor time that it
// may take. Another time it may come to its end.
const OutOfTime = "wall-clock time"

func tooLong(wall time.Duration) record.Verdict {
	return record.Verdict{Outcome: record.Ungraded, Rule: OutOfTime, Message: fmt.Sprintf(
		"not finished after %v of wall-clock time. This is no judgement on the code under test: %s", wall.Round(time.Second/10), personDecides)}
}
