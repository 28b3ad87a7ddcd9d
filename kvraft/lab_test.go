package kvraft_test

import (
	"testing"

	"raftlab/kvraft"
	"raftlab/labs/lab3"
	"raftlab/labs/porcupine"
	private "raftlab/labs/private"
	"raftlab/labs/rsm"
)

// Lab 3, all parts; go test -run Lab3/3A runs one. The unit tests beside this file are the
// service's own.
func TestLab3(t *testing.T) { lab3.Run(t, kvraft.Service, private.Cases("lab3")...) }

// Lab rsm: what the service is built on, by itself.
func TestRSM(t *testing.T) { rsm.Run(t, kvraft.Service) }

// Long histories under composed faults; go test -run Porcupine -porcupine.
func TestPorcupine(t *testing.T) { porcupine.Run(t, kvraft.Service) }
