package sim

import (
	"context"
	"fmt"
)

// Health is what `raftlab doctor` shows about the engine.
type Health struct {
	GoVersion string   // of the toolchain that compiles guests, or ""
	GoRoot    string   // where it is
	Cache     string   // directory
	CacheSize int64    // bytes
	Overlay   []string // groups of edits of the Go runtime that match
	Workers   int      // what DefaultWorkers says
	Problems  []string // what is missing, and how to get it
}

// Doctor looks at the toolchain, the cache and the edits of the Go runtime. framework is the root
// of the checkout.
func Doctor(ctx context.Context, framework string) Health {
	h := Health{Workers: DefaultWorkers()}
	problem := func(err error) { h.Problems = append(h.Problems, err.Error()) }
	if tools, err := findToolchain(ctx, framework); err != nil {
		problem(err)
	} else {
		h.GoVersion, h.GoRoot = tools.version, tools.root
		_, applied, notes := runtimeOverlay(tools.root, wasmEngine)
		h.Overlay, h.Problems = applied, append(h.Problems, notes...)
	}
	store, err := openCache()
	if err != nil {
		problem(fmt.Errorf("%w (set RAFTLAB_CACHE to a directory that can be written)", err))
		return h
	}
	h.Cache, h.CacheSize = store.dir, dirSize(store.dir)
	return h
}
