//go:build !wasip1 && !raftlab_native

package process

import "raftlab/internal/record"

// Resalt does nothing where the Go runtime decides for itself.
func Resalt(record.Params) {}
