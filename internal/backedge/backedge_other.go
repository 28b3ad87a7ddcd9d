//go:build !wasip1 && !raftlab_native

package backedge

// Count does nothing outside the engine.
func Count() {}
