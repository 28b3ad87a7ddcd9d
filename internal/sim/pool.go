package sim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"raftlab/internal/record"
)

// DefaultCPU is how much processor time a run may take: some ten times what the longest case takes
// with the reference. It is only a guard: what a program can do to run on and on is counted, and
// ends the run at the same point on every machine.
const DefaultCPU = 20 * time.Second

// AgainCPU is how much processor time a run may take in the wasm engine that took native natively.
// It has come to its end there, so it will here: the guard only has to leave room for the slowest
// ratio that was seen, with much to spare.
func AgainCPU(native time.Duration) time.Duration { return DefaultCPU + 60*native }

// defaultWall is for machines so busy that a run does not even get DefaultCPU.
const defaultWall = 15 * time.Minute

// Pool runs jobs in worker processes: a guest that loops without a host call can only be stopped by
// killing the process around it, and one that makes the host run out of memory takes nothing else
// along.
//
//	Run ---.                  .--> worker: wazero, one instance after the other
//	Run ---+-- free workers --+--> worker
//	Run ---'   (JSON lines)
type Pool struct {
	slots chan *worker // as many as the pool has workers; nil: not started yet
	size  int

	closing context.Context
	close   context.CancelFunc
}

var errIsWorker = fmt.Errorf("sim: this process was started as a worker (%s is set); its program must call sim.WorkerMain first thing in main or TestMain", workerEnv)

// NewPool returns a pool of so many workers. Their processes start when they are needed.
func NewPool(workers int) (*Pool, error) {
	if workers < 1 {
		return nil, errors.New("sim: a pool needs at least one worker")
	}
	if os.Getenv(workerEnv) != "" { // or each worker would start workers, and so on
		return nil, errIsWorker
	}
	p := &Pool{slots: make(chan *worker, workers), size: workers}
	p.closing, p.close = context.WithCancel(context.Background())
	for range workers {
		p.slots <- nil
	}
	return p, nil
}

// Close ends all workers, those that are busy by killing them, and waits until they are gone.
func (p *Pool) Close() {
	p.close()
	for range p.size {
		if w := <-p.slots; w != nil {
			w.stop()
		}
	}
}

// Run runs j and blocks until it has ended, first until a worker is free. It is safe for concurrent
// use. A run whose worker died is tried once more on a new one; a run that took too much processor
// time is not, since it would do so again. When ctx ends, the run's worker is killed and the run is
// inconclusive.
func (p *Pool) Run(ctx context.Context, j Job) Result {
	if j.Binary == nil {
		return Result{Verdict: frameworkError(errors.New("sim: a job without a binary"))}
	}
	if j.CPU == 0 {
		j.CPU = DefaultCPU
	}
	if j.Wall == 0 {
		j.Wall = max(defaultWall, 10*j.CPU)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errors.New("the pool was closed")) })()
	r, died := p.once(ctx, j)
	if died && ctx.Err() == nil {
		r, _ = p.once(ctx, j)
		r.Retried = true
	}
	return r
}

// once runs j on the next free worker, and says whether that died of something else than the run's
// end.
func (p *Pool) once(ctx context.Context, j Job) (r Result, died bool) {
	var w *worker
	select {
	case w = <-p.slots:
	case <-ctx.Done():
		return interrupted(ctx), false
	}
	defer func() { p.slots <- w }()
	if ctx.Err() != nil {
		return interrupted(ctx), false
	}
	if j.Binary.Native {
		j.Binary.used()
		r = native(ctx, j)
		return r, r.Verdict.Outcome == record.Inconclusive && ctx.Err() == nil
	}
	if w == nil {
		var err error
		if w, err = startWorker(); err != nil {
			return Result{Verdict: frameworkError(err)}, false
		}
	}
	j.Binary.used()
	j.Params.Secret = newSecret()
	r, state := w.do(ctx, j)
	if state != usable {
		w.kill()
		w = nil
	}
	return r, state == dead
}

// newSecret returns a word that nobody can guess. It is not from the seed: it must not be part of
// what a run can observe, and nothing in a run depends on it.
func newSecret() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}
