//go:build !raftlab_native && !wasip1

package tester

import (
	"testing"

	"raftlab/internal/record"
)

const repeatable = false

func runRepeatable(*testing.T, Case, any, record.Params, *childHost) {
	panic("tester: this binary was not built for repeatable runs")
}
