//go:build !wasip1 && !raftlab_native

package backedge

// Count does nothing outside the engine.
func Count() {}

// Enter does nothing outside the engine.
func Enter() {}
