package raft_test

import (
	"testing"

	"raftlab/raft"
	"raftlab/tester"
)

func TestMini(t *testing.T) { tester.Run(raft.Run) }
