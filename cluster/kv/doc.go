// Package kv is the key/value service of the labs on a disk: any Raft peer below, a database (bbolt) that holds
// the data, and clients that may ask any member.
//
//	client            member that follows            member that leads
//	  |--KV.Do------------>| Server.Do                      |
//	  |                    |--KV.Local--------------------->| proposer: batches
//	  |                    |                                |    | Start         (the peer: its log, its disk)
//	  |                    |                                |    v
//	  |                    |                                | applier <- apply channel
//	  |                    |                                |    | one transaction
//	  |                    |                                |    v
//	  |<-------------------|<-------------------------------| store: data, sessions, applied index
//
// # Rules
//
//   - A log entry is a batch of operations. It is applied whole, within one transaction of the database, together
//     with its index. A crash leaves the database at some entry, never inside one; what is missing is in the peer's log.
//   - The database is committed every 200 ms, not for each entry: the log is what makes an answer durable.
//     Before the peer may drop log entries for a snapshot the database is committed past them.
//   - Sessions are in the same file. A client numbers its writes; one that is repeated is not applied again.
//   - A request that was passed on, and whose answer did not come, is never passed on again: its outcome is unknown,
//     and the client is told so. Only a client can repeat it, under its number.
//   - A new leader proposes a barrier. When that is applied it has seen all that its predecessors have answered, and
//     only then is the member ready.
//   - Reads go through the log, because every peer can do that.
//
// # What is where
//
//   - op.go: operations and batches as bytes; store.go, sessions.go: the database; snapshot.go: all of it as bytes
//   - server.go: [Server]; propose.go: batches on their way into the log; apply.go: and out of it
//   - route.go: passing on; client.go: [Client]
package kv
