package sim

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// rest is the second module of a program (split.go), of which there is machine code once a run has
// called something in it.
type rest struct {
	split   *splitter // nil if there is none
	module  wazero.CompiledModule
	loading atomic.Bool  // now
	spent   atomic.Int64 // processor time that it took in this run, in nanoseconds
}

// cost is the processor time that getting ready the rest took: it is not the run's.
func (r *rest) cost() time.Duration { return time.Duration(r.spent.Load()) }

// loadRest gives the guest, whose main module is m, the rest of its functions. A run cannot tell: no
// time passes in it, and the guard of processor time does not count what this takes.
func (g *guest) loadRest(m api.Module) {
	if g.program.rest.split == nil || g.rest != nil { // no stub asks then
		return
	}
	if err := g.program.loadRest(g, m); err != nil {
		v := frameworkError(fmt.Errorf("load the rest of the test binary: %w", err))
		v.Time = g.clock.since(g.began)
		g.end(v)
	}
}

func (p *program) loadRest(g *guest, m api.Module) (err error) {
	began := processorTime()
	p.rest.loading.Store(true)
	defer func() {
		p.rest.spent.Add(int64(processorTime() - began))
		p.rest.loading.Store(false)
	}()
	ctx := context.Background()
	if p.rest.module == nil {
		percent := debug.SetGCPercent(100) // the guest waits, so a collection need not: see [program.guarded]
		p.rest.module, err = p.compile(ctx, p.rest.split.rest(), 1)
		debug.SetGCPercent(percent)
		if err != nil {
			return err
		}
	}
	ctx = experimental.WithImportResolver(ctx, func(name string) api.Module {
		if name == mainModule {
			return m
		}
		return nil
	})
	g.rest, err = p.runtime.InstantiateModule(ctx, p.rest.module, wazero.NewModuleConfig().WithName(""))
	return err
}
