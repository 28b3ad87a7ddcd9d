package porcupine

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Run runs the cases of the lab on a service:
//
//	func TestPorcupine(t *testing.T) { porcupine.Run(t, kvraft.Service()) }
func Run(t *testing.T, service kvapi.Service) {
	t.Helper()
	skipUnlessAsked(t)
	tester.Run(t, Lab(), service)
}

// RunShards runs the cases of lab porcupine-shards on a sharded service:
//
//	func TestPorcupine(t *testing.T) { porcupine.RunShards(t, shardkv.Service()) }
func RunShards(t *testing.T, service shardapi.Service) {
	t.Helper()
	skipUnlessAsked(t)
	tester.Run(t, ShardLab(), service)
}
