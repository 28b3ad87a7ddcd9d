package etcdraft_test

import (
	"testing"

	"raftlab/etcdraft"
	"raftlab/labs/lab2"
)

// Lab 2 on etcd's library, natively; go test ./etcdraft -run Lab2/2A runs one part.
func TestLab2(t *testing.T) { lab2.Run(t, etcdraft.Make) }
