package porcupine

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Run runs the cases of the lab on a service:
//
//	func TestPorcupine(t *testing.T) { porcupine.Run(t, kvraft.Service) }
func Run[S kvapi.Service | func() kvapi.Service](t *testing.T, service S) {
	t.Helper()
	skipUnlessAsked(t)
	tester.Run(t, Lab(), tester.Making[kvapi.Service](service))
}

// RunShards runs the cases of lab porcupine-shards on a sharded service:
//
//	func TestPorcupine(t *testing.T) { porcupine.RunShards(t, shardkv.Service) }
func RunShards[S shardapi.Service | func() shardapi.Service](t *testing.T, service S) {
	t.Helper()
	skipUnlessAsked(t)
	tester.Run(t, ShardLab(), tester.Making[shardapi.Service](service))
}
