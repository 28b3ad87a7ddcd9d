//go:build !wasip1 && !raftlab_native

package labrpc

// descend does nothing where runs are not repeatable.
func descend(uint64) {}
