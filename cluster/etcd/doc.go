// Package etcd serves etcd's API on a lab peer: etcdctl, clientv3 and everything built on them work
// on it.
//
//	client (gRPC)          member that follows                      member that leads
//	  |--Put-------------->| replica.Execute --------------------->| the peer's log, its disk
//	  |                    |                                       | machine.Apply: the answer
//	  |                    |<--------------------------------------|
//	  |<-------------------| when it has applied the entry, too
//	  |--Range------------>| replica.ReadBarrier (ReadIndex); then it reads its own store
//
// # Rules
//
//   - A member answers a write when it has applied it itself: its client then reads its own writes
//     here, in serializable reads too.
//   - A transaction that only reads does not go through the log.
//   - A new leader proposes a barrier with its term. Until it has applied that, it grants no more
//     time to leases.
//   - Errors have etcd's texts and codes, for clients know them by these.
//
// # What is where
//
//   - server.go: [Server]; log.go: writes and linearizable reads; leader.go: who leads
//   - kv.go, members.go, maintenance.go, ...: the gRPC services; listen.go, web.go: one port for
//     gRPC and HTTP
package etcd
