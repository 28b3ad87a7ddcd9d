//go:build !raftlab_native && !wasip1

package process

import (
	"testing"

	"raftlab/internal/record"
)

// Repeatable says that this binary was built with the overlay of the Go runtime.
const Repeatable = false

func runRepeatable(*testing.T, Case, record.Params, *childHost) {
	panic("process: this binary was not built for repeatable runs")
}
