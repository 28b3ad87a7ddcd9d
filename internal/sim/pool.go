package sim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"sync"
	"time"

	"raftlab/internal/record"
)

const defaultWall = 2 * time.Minute

// Pool runs jobs in worker processes: a guest that loops without a host call can only be stopped by
// killing the process around it, and one that makes the host run out of memory takes nothing else along.
//
//	Run ---.                  .--> worker: wazero, one instance after the other
//	Run ---+-- free workers --+--> worker
//	Run ---'   (JSON lines)
type Pool struct {
	slots chan *worker // as many as the pool has workers; nil: not started yet
	size  int

	// alone is held for reading by ordinary runs and for writing by the second try of a run that the wall
	// clock has killed, which is to have the machine for itself.
	alone sync.RWMutex

	closing context.Context
	close   context.CancelFunc
}

// NewPool returns a pool of so many workers. Their processes start when they are needed.
func NewPool(workers int) (*Pool, error) {
	if workers < 1 {
		return nil, errors.New("sim: a pool needs at least one worker")
	}
	if os.Getenv(workerEnv) != "" { // or each worker would start workers, and so on
		return nil, errors.New("sim: this process was started as a worker; its program must call sim.WorkerMain first thing in main or TestMain")
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

// Run runs j and blocks until it has ended, first until a worker is free. It is safe for concurrent use.
// A run that the wall clock killed is tried once more with nothing beside it. When ctx ends, the run's
// worker is killed and the run is inconclusive.
func (p *Pool) Run(ctx context.Context, j Job) Result {
	if j.Binary == nil {
		return Result{Verdict: frameworkError(errors.New("sim: a job without a binary"))}
	}
	if j.Wall == 0 {
		j.Wall = defaultWall
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errors.New("the pool was closed")) })()
	p.alone.RLock()
	r := p.once(ctx, j)
	p.alone.RUnlock()
	if r.Verdict.Outcome == record.Inconclusive && ctx.Err() == nil {
		p.alone.Lock()
		defer p.alone.Unlock()
		r = p.once(ctx, j)
		r.Retried = true
	}
	return r
}

// once runs j on the next free worker.
func (p *Pool) once(ctx context.Context, j Job) (r Result) {
	var w *worker
	select {
	case w = <-p.slots:
	case <-ctx.Done():
		return interrupted(ctx)
	}
	defer func() { p.slots <- w }()
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	if w == nil {
		var err error
		if w, err = startWorker(); err != nil {
			return Result{Verdict: frameworkError(err)}
		}
	}
	j.Binary.used()
	j.Params.Secret = newSecret()
	r, ok := w.do(ctx, j, j.Wall)
	if !ok {
		w.kill()
		w = nil
	}
	return r
}

// newSecret returns a word that nobody can guess. It is not from the seed: it must not be part of what a
// run can observe, and nothing in a run depends on it.
func newSecret() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}
