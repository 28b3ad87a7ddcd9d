// Package kvraft is a fault-tolerant key/value service: a few servers, each with a copy of the
// data, kept the same by Raft. As long as a majority of them works and can talk, the service does;
// and to its clients it looks like one machine that never fails (linearizability, Raft paper §8).
//
//	clerk           clerk          Clerk: Get, Put, Append        VersionedClerk: Get, Put if version
//	    \          /    \
//	     v        v      v
//	 +--------+ +--------+ +--------+
//	 |KVServer| |KVServer| |KVServer|    handlers: Open, PutAppend, Put, Get
//	 | store  | | store  | | store  |    the data, a plain map
//	 |  rsm   | |  rsm   | |  rsm   |    replicated state machine: sessions, waiting, snapshots, reads
//	 |  raft  |-|  raft  |-|  raft  |    the log
//	 +--------+ +--------+ +--------+
//
// One server speaks both interfaces: the classic one, whose writes are executed exactly once
// because the server remembers each client ([Clerk]), and the versioned one, whose writes may be
// repeated because they name the version they expect ([VersionedClerk]). The comparison is worth a
// look.
//
// # Life of a write
//
//	clerk                     leader S1                                  S2            S3
//	  | PutAppend(x, 1;          |                                        |             |
//	  |   session 17, no. 4)     |                                        |             |
//	  |------------------------->| handler: Submit                        |             |
//	  |                          |   17:4 in the session table? no        |             |
//	  |                          |   waiter for id 3k9x                   |             |
//	  |                          |   Start("once 3k9x 17 4 put x 1")      |             |
//	  |                          |   at 21, term 3; stored                |             |
//	  |                          |--- AppendEntries 21 ------------------>| stored      |
//	  |                          |--- AppendEntries 21 -------------------------------->| stored
//	  |                          |<-- ok ---------------------------------|             |
//	  |                          | majority: 21 is committed              |             |
//	  |                          | applier: 17:4 is new                   |             |
//	  |                          |   store: x = 1, version 1              |             |
//	  |                          |   table: 17 -> (4, OK)                 |             |
//	  |                          |   id 3k9x: waiter woken                |             |
//	  |<-------- OK -------------|                                        |             |
//	  |                          |--- AppendEntries, commit 21 ---------->| applies 21  |
//
// Wherever this is cut off, the clerk hears nothing, or errUnknown, and sends the same once more,
// to the next server: with the same session and number. Should the first try have been applied,
// then that server's table has it, for tables are replicated with the data, and the answer is the
// first one's.
//
// # Life of a read, five ways
//
// A read has to see every write that was complete before it began. The question is how a server
// can know that it has them all, and Options.Reads chooses the answer:
//
//	log            S1   Start("read b02v") -> at 22 ~~~ a round, stored by a majority ~~~> applied 22 -> look
//
//	index          S1   leads; commitIndex 21 ~~~ a round of heartbeats: still the leader ~~> applied 21? -> look
//	               (S2, S3: ErrWrongLeader)
//
//	followerindex  S2   asks S1 -----------> S1: as above
//	               S2   <------------ 21 ---
//	               S2   waits until it has applied 21 ---------------------------------> look
//
//	lease          S1   leads; commitIndex 21; lease good until 12:00:00.3 -> applied 21? -> look
//	               (without a valid lease: as index)
//
//	local          Sn   look
//
//	path            messages  disk     served by  wrong if
//	log             a round   a write  leader     -
//	index           a round*  -        leader     -
//	followerindex   a round*  -        all        -           * shared by all reads of the time
//	lease           -         -        leader     clocks drift more than the stated bound
//	local           -         -        all        somebody else has written: it may be arbitrarily old
//
// The first needs an entry of its own because a leader cannot know by itself that it still leads: a
// deposed one that is cut off sees no difference. The others are different ways of making sure.
// They are in rsm's read.go and rounds.go, and in the Raft peer's readindex.go and lease.go.
//
// # When a server is behind
//
// A server that has more than 5000 entries committed and not applied refuses with
// ErrTooManyRequests, and clerks come back later. Otherwise requests would pile up that take
// longer and longer, until clerks give up on them and repeat them.
//
// # Where to find what
//
//   - server.go: KVServer and its handlers; copies.go: requests that the network delivers twice
//   - store.go, op.go: the data, and the operations on it
//   - clerk.go, versioned.go: the clients; courier.go: how they find a server that answers
//   - options.go: what can be chosen; [Service], for the labs
//   - rpc.go: requests and replies
//   - situations.go: what may happen to a server and a test should have seen
//   - rsm: everything that has to do with replication
package kvraft
