package sim

import (
	"context"
	"errors"
)

// Binary compiles, or finds in the cache, what b describes.
func (b Build) Binary(ctx context.Context, progress func(string)) (*Binary, error) {
	return nil, errors.New("sim: not built yet")
}

func (e *RefusedError) Error() string { return "refused" }

// WorkerMain runs the process as a worker, if it was started as one; otherwise it returns at once.
func WorkerMain() {}

// Pool runs jobs in worker processes.
type Pool struct{}

// NewPool starts a pool.
func NewPool(workers int) (*Pool, error) { return &Pool{}, nil }

// Close ends all workers.
func (p *Pool) Close() {}

// Run runs j.
func (p *Pool) Run(ctx context.Context, j Job) Result { return Result{} }

// DefaultWorkers is how many runs go on at once by default.
func DefaultWorkers() int { return 2 }

// CacheDir is where binaries are kept.
func CacheDir() (string, error) { return "", nil }

// Health is what `raftlab doctor` shows about the engine.
type Health struct {
	GoVersion string // of the toolchain, empty if there is none
	GoRoot    string
	Cache     string   // directory
	CacheSize int64    // bytes
	Overlay   []string // edits of the Go runtime that match
	Problems  []string // what is missing, and how to get it
}

// Doctor looks at the toolchain, the cache and the overlay.
func Doctor(ctx context.Context, framework string) Health { return Health{} }
