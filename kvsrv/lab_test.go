package kvsrv_test

import (
	"testing"

	"raftlab/kvsrv"
	"raftlab/labs/lab1"
	private "raftlab/labs/private"
)

// Lab 1, all parts; go test -run Lab1/1A runs one.
func TestLab1(t *testing.T) { lab1.Run(t, kvsrv.Service, private.Cases("lab1")...) }
