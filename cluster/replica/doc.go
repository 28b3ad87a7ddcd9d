// Package replica puts a service on a Raft peer, anybody's, with a database on disk below it. It
// knows nothing of what the service does: operations and results are bytes, and the database is a
// [Machine].
//
//	service, member that follows               member that leads
//	  |-- Execute -->| [Server] --Member.Do--------->| proposer: batches
//	  |              |                               |    | Start         (the peer: its log, its disk)
//	  |              |                               |    v
//	  |              |                               | applier <- apply channel
//	  |              |                               |    v
//	  |<-------------|<------------------------------| [Machine]: Apply, Commit
//	  |
//	  |-- ReadBarrier --> ReadIndex at this member's peer, or a barrier through the log; then read here
//
// # Rules
//
//   - A log entry is a batch of operations, which is applied whole. The machine commits its index
//     together with its data, every 200 ms and not for each entry: the log is what makes an answer
//     durable.
//   - Before the peer may drop log entries for a snapshot the machine is committed past them.
//   - An operation that was passed on, and whose answer did not come, is never passed on again: its
//     outcome is unknown.
//   - A new leader proposes a barrier. When that is applied it has seen all that its predecessors
//     have answered, and only then is the member ready.
//   - Reads wait for [Server.ReadBarrier], at any member, and then look into the database of that
//     member.
//
// # Snapshots are files
//
// What the peer is given as a snapshot of index N is a manifest of 44 bytes; what it stands for is
// the database. A follower that is sent a manifest fetches the sender's database first, as it is
// then: at an index M that is N or more. The file is complete, checked and synced before the peer
// sees the message, and before the peer's storage takes the manifest ([Files]). When the peer
// delivers the snapshot, the file takes the database's place by a rename; entries up to M that the
// peer delivers after that are in it already. No snapshot is taken until the peer has delivered M.
//
//	arrives  incoming.part --sync, rename--> incoming-M-CRC.snap --the peer stores N, delivers N--> data.db
//
// A crash finds a part, which goes; or a file that is not needed yet, which stays until it is or
// until the database is past it; or the new database.
//
//   - server.go: [Server]; propose.go, apply.go: into the log and out of it; route.go: passing on;
//     read.go: reads
//   - files.go: [Files], snapshots that arrive and leave; manifest.go: what a peer is given in
//     their place
package replica
