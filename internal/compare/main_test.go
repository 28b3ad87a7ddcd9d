package compare

import (
	"testing"

	"raftlab/internal/sim"
)

// The engine starts its workers from the binary that it is part of: this one.
func TestMain(m *testing.M) {
	sim.WorkerMain() // does not return in a worker
	m.Run()
}
