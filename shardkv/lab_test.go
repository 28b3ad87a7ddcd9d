package shardkv_test

import (
	"testing"

	"raftlab/labs/lab4"
	"raftlab/labs/porcupine"
	private "raftlab/labs/private"
	"raftlab/labs/shardgrp"
	"raftlab/shardkv"
)

// Lab 4, all parts; go test -run Lab4/4A runs one. The unit tests beside this file are the
// service's own.
func TestLab4(t *testing.T) { lab4.Run(t, shardkv.Service, private.Cases("lab4")...) }

// Lab shardgrp: shards that are moved by their controllers, which this service's are not.
func TestShardgrp(t *testing.T) { shardgrp.Run(t, shardkv.Service) }

// Long histories under composed faults, while shards move; go test -run Porcupine -porcupine.
func TestPorcupine(t *testing.T) { porcupine.RunShards(t, shardkv.Service) }
