package raft_test

import (
	"testing"

	"raftlab/labs/lab2"
	private "raftlab/labs/private"
	"raftlab/raft"
)

// Lab 2, all parts; go test -run Lab2/2A runs one. The unit tests beside this file are the peer's
// own.
func TestLab2(t *testing.T) { lab2.Run(t, raft.Make, private.Cases("lab2")...) }
