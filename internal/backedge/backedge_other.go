//go:build !wasip1

package backedge

// Count does nothing outside the engine.
func Count() {}
