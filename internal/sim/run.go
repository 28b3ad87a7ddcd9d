package sim

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"raftlab/internal/record"
)

const (
	defaultMemory = 1 << 30  // bytes
	maxStack      = 64 << 10 // of the stacks in a verdict, in bytes
)

// program is a compiled binary, ready to be instantiated.
type program struct {
	runtime  wazero.Runtime
	module   wazero.CompiledModule
	cache    wazero.CompilationCache
	cacheDir string
	rest     rest
	seen     *seen
	virtual  atomic.Int64 // how far the run that goes on has come, in nanoseconds; for the guard
}

// loadProgram compiles the module at path, or takes the machine code from cacheDir. It uses up to
// workers processors.
func loadProgram(ctx context.Context, path, cacheDir string, workers int) (*program, error) {
	return loadSplit(ctx, path, cacheDir, workers, rare())
}

// loadSplit leaves the functions whose names isRare has to the rest.
func loadSplit(ctx context.Context, path, cacheDir string, workers int, isRare map[string]bool) (*program, error) {
	wasm, err := readBinary(path)
	if err != nil {
		return nil, fmt.Errorf("read the compiled test binary: %w", err)
	}
	dropDamaged(cacheDir)
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	if err != nil {
		return nil, fmt.Errorf("open the cache of compiled modules: %w", err)
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(cache).WithDebugInfoEnabled(false)
	p := &program{runtime: wazero.NewRuntimeWithConfig(ctx, config), cache: cache, cacheDir: cacheDir}
	_, err = wasi_snapshot_preview1.Instantiate(ctx, p.runtime)
	if err == nil {
		err = hostModule(ctx, p.runtime)
	}
	if dir := os.Getenv(seenEnv); err == nil && dir != "" {
		wasm, p.seen, err = marked(wasm, dir, contentID(wasm))
	}
	if err == nil {
		if p.rest.split = split(wasm, isRare); p.rest.split != nil {
			wasm = p.rest.split.main()
		}
		p.module, err = p.compile(ctx, wasm, workers)
	}
	if err != nil {
		p.close(ctx)
		return nil, fmt.Errorf("compile %s to machine code: %w", path, err)
	}
	return p, nil
}

// compile makes machine code of a module, or takes it from the cache. It uses up to workers
// processors.
func (p *program) compile(ctx context.Context, wasm []byte, workers int) (wazero.CompiledModule, error) {
	ctx = experimental.WithCompilationWorkers(ctx, workers)
	before := dirSize(p.cacheDir)
	module, err := p.runtime.CompileModule(ctx, wasm)
	if err != nil && before > 0 { // damaged in the middle
		eachNative(p.cacheDir, func(name, _ string) { os.Remove(name) })
		before = 0
		module, err = p.runtime.CompileModule(ctx, wasm)
	}
	if err == nil && dirSize(p.cacheDir) != before { // it was not there
		writeSums(p.cacheDir)
	}
	return module, err
}

func (p *program) close(ctx context.Context) {
	p.runtime.Close(ctx)
	p.cache.Close(ctx)
}

// run executes one job. Everything that the guest can observe is a function of the binary, the case
// and the seed.
func (p *program) run(ctx context.Context, j Job) (result Result) {
	began, cpu := time.Now(), processorTime()
	p.rest.spent.Store(0)
	defer func() {
		if r := recover(); r != nil { // of ours: what the guest does comes back as an error
			result.Verdict = frameworkError(fmt.Errorf("the engine's host panicked: %v", r))
		}
		result.Wall, result.CPU = time.Since(began), processorTime()-cpu-p.rest.cost()
	}()
	g, err := newGuest(j)
	if err != nil {
		return Result{Verdict: frameworkError(err)}
	}
	defer g.memory.Free()
	g.program, g.memory.last = p, p.seen.note
	var random [32]byte
	copy(random[:], seedBytes(j.Params, "random"))
	config := wazero.NewModuleConfig().WithName("").
		WithArgs("test", "-test.run=^"+j.Test+"$", "-test.timeout=0").
		WithStdout(g.output).WithStderr(g.output).
		WithRandSource(rand.NewChaCha8(random)).
		WithNanotime(g.clock.read, sys.ClockResolution(1)).
		WithWalltime(g.clock.readWall, sys.ClockResolution(1)).
		WithNanosleep(g.clock.sleep).WithOsyield(g.clock.yield)
	for _, kv := range guestEnv(j) {
		config = config.WithEnv(kv[0], kv[1])
	}
	ctx = experimental.WithMemoryAllocator(context.WithValue(ctx, guestKey{}, g), g.memory)
	instance, err := p.runtime.InstantiateModule(ctx, p.module, config)
	for _, module := range []api.Module{instance, g.rest} {
		if module != nil {
			module.Close(ctx)
		}
	}
	return g.result(err)
}

// newGuest prepares the host's side of a run.
func newGuest(j Job) (*guest, error) {
	params, err := json.Marshal(j.Params)
	if err != nil {
		return nil, err
	}
	entropy := seedBytes(j.Params, "clock")
	g := &guest{params: params, secret: j.Params.Secret, underTest: j.Binary.UnderTest, events: newEvents()}
	g.clock = newClock([2]uint64{binary.LittleEndian.Uint64(entropy), binary.LittleEndian.Uint64(entropy[8:])})
	g.clock.accused, g.clock.onIdle = func(why string) { g.accuse(0, why) }, g.idle
	g.output = &output{now: func() time.Duration { return g.clock.since(g.began) }}
	if j.Trace != "" {
		if g.events.file, err = createLimited(j.Trace); err != nil {
			return nil, fmt.Errorf("create the trace: %w", err)
		}
	}
	if j.Output != "" {
		if g.output.file, err = createLimited(j.Output); err != nil {
			return nil, fmt.Errorf("create the output file: %w", err)
		}
	}
	limit := j.MemoryLimit
	if limit == 0 {
		limit = defaultMemory
	}
	g.memory, err = newGuestMemory(limit)
	return g, err
}

// seedBytes derives 32 bytes for one purpose from the case and the seed.
func seedBytes(p record.Params, purpose string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d|%s", p.Case, p.Seed, purpose))
	return sum[:]
}

// guestEnv returns the guest's environment. What the engine needs comes last, and wins.
func guestEnv(j Job) [][2]string {
	limit := j.MemoryLimit
	if limit == 0 {
		limit = defaultMemory
	}
	var env [][2]string
	seen := map[string]bool{"GOGC": true, "GOMEMLIMIT": true}
	for i := len(j.Env) - 1; i >= 0; i-- {
		key, value, _ := strings.Cut(j.Env[i], "=")
		if key != "" && !seen[key] {
			seen[key] = true
			env = append(env, [2]string{key, value})
		}
	}
	return append(env, [2]string{"GOGC", "off"}, [2]string{"GOMEMLIMIT", fmt.Sprint(limit / 2)})
}

func frameworkError(err error) record.Verdict {
	return record.Verdict{Outcome: record.FrameworkError, Message: err.Error()}
}

// result says how the guest ended; err is what instantiating it returned.
func (g *guest) result(err error) Result {
	if g.verdict == nil {
		v := g.ending(err)
		g.verdict = &v
	}
	v := *g.verdict
	v.Stack = v.Stack[:min(len(v.Stack), maxStack)]
	v.Peaks.Rounds, v.Peaks.Calls, v.Peaks.Memory = g.most[0], g.most[1], g.memory.peak
	r := Result{Verdict: v, Hash: g.events.sum(v), Virtual: g.clock.virtual(), GCs: g.gcs, Idle: g.clock.idle}
	if v.Outcome != record.Pass {
		r.OutputTail, r.LastEvents = g.output.Tail(), g.events.tail()
	}
	if g.forced > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d garbage collections in the middle of work: printing more may change this run", g.forced))
	}
	if err := errors.Join(g.events.close(), g.output.file.Close()); err != nil {
		r.Unkept = err.Error()
		r.Notes = append(r.Notes, r.Unkept)
	}
	return r
}
