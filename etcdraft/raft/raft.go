// Package raft stands in for raftlab/raft where the labs are to run on etcd's library: `raftlab
// test --impl etcdraft` puts it in that place.
package raft

import (
	"raftlab/etcdraft"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Make creates a peer; see [etcdraft.Make].
func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *etcdraft.Peer {
	return etcdraft.Make(peers, me, persister, applyCh)
}
