package experiment_test

import (
	"testing"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/compare/experiment/own"
	"raftlab/raft"
)

// All experiments on the reference, natively: they run, and measure what they promise.
func TestCompare(t *testing.T) { experiment.Run(t, own.On(raft.Make)) }
